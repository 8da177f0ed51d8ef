"""Conversation with a language model: choice of model, recogniser and voice, and what is missing for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from capabilities.common.memory_fit import memory_fit
from capabilities.conversation.session.parts.choice import choose_recogniser, choose_voice, ready_recognisers
from capabilities.conversation.session.persona import DEFAULT
from capabilities.conversation.session.settings import SessionSettings
from engines.contract import Engine, EngineOptions
from studio.changes.stamps import Topic
from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.lists.voice_choices import AUTO, AUTOMATIC_VOICE, renamed_or_same, voice_choices
from tabs.common.readiness.setup_offer import problem_with_offer, setup_offer
from tabs.common.templating import render
from tabs.common.wiring import QUIET, Updates, with_error_toast

LONGEST_PERSONA = 4_000
ECHO = [("The browser takes it out", "cancelling"), ("I wear headphones", "headphones"), ("Never both at once", "half duplex")]
LANGUAGES = [
    ("English", "en"), ("Deutsch", "de"), ("Français", "fr"), ("Español", "es"), ("Italiano", "it"), ("Português", "pt"),
    ("Nederlands", "nl"), ("Polski", "pl"), ("Русский", "ru"), ("Türkçe", "tr"), ("日本語", "ja"), ("中文", "zh"),
]  # fmt: skip


@dataclass(frozen=True)
class PartShown:
    """One part of a conversation in a line: its name, or why it is unavailable, with the HTML of the button that sets it up."""

    name: str
    sentence: str
    ready: bool
    fit: str = ""
    fits: bool = True
    offer: str = ""


class TalkPanel:
    """Draws the form and the stage. The conversation itself runs over a WebSocket (api/http/conversation)."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=5, min_width=340):
                self.persona = gr.Textbox(
                    label="With whom", lines=3, max_lines=10, max_length=LONGEST_PERSONA, placeholder=DEFAULT,
                    elem_id="talk-persona",
                    info="Who the other one is and how they talk. Empty: a friendly companion.",
                )  # fmt: skip
                self.voice = LiveDropdown(self._voices(""), value="", label="Their voice", elem_id="talk-voice")
                with gr.Row():
                    self.language = gr.Dropdown(LANGUAGES, value="en", label="Language", elem_id="talk-language")
                    self.ear = LiveDropdown(self._ears(), value=AUTO, label="Who listens", elem_id="talk-ear")
                self.echo = gr.Radio(
                    ECHO, value="cancelling", label="The studio's own voice in your microphone", elem_id="talk-echo",
                    info="“Never both at once” does not listen while it speaks; press “Be quiet” to interrupt.",
                )  # fmt: skip
                self.ready = html_piece(self._readiness, elem_id="talk-ready", live=True)
            with gr.Column(scale=6, min_width=340):
                self.stage = html_piece(render("conversation/talk.html"), elem_id="talk", on_draw="greenroom.talkStage(element)")

    @property
    def fields(self) -> list[Any]:
        return [self.persona, self.voice, self.language, self.ear, self.echo]

    @property
    def kept(self) -> dict[str, Any]:
        """The components whose values the browser keeps."""
        return {
            "persona": self.persona, "voice": self.voice, "language": self.language, "ear": self.ear, "echo": self.echo,
        }  # fmt: skip

    def wire(self) -> None:
        """Connect every event."""
        gr.on([one.change for one in self.fields], self._shown, self.fields, self.ready, **QUIET)

    @property
    def live(self) -> list[LiveList]:
        """The lists of voices and engines."""
        return [LiveList((Topic.VOICES, Topic.ENGINES), self.fields, (self.voice, self.ear, self.ready), self._refreshed)]

    @property
    def mind_ready(self) -> bool:
        return self._studio.language.status().ready

    def _refreshed(self, values: Any) -> Updates:
        persona, voice, language, ear, echo = (values[one] for one in self.fields)
        present = renamed_or_same(self._studio, voice or "")
        return {
            self.voice: gr.update(choices=self._voices(present), value=present),
            self.ear: gr.update(choices=self._ears()),
            self.ready: self._readiness(persona, present, language, ear, echo),
        }

    def _voices(self, chosen: str) -> list[tuple[str, str]]:
        return voice_choices(self._studio, AUTOMATIC_VOICE, AUTO, chosen)

    def _ears(self) -> list[tuple[str, str]]:
        return [("Automatic", AUTO), *ready_recognisers(self._studio)]

    @with_error_toast
    def _shown(self, persona: str, voice: str, language: str, ear: str, echo: str) -> str:
        return self._readiness(persona, voice, language, ear, echo)

    def _readiness(
        self, persona: str = "", voice: str = "", language: str = "en", ear: str = AUTO, echo: Any = "cancelling"
    ) -> str:
        settings = SessionSettings(
            persona=(persona or "")[:LONGEST_PERSONA], language=language or "en", ear=ear or AUTO, voice=voice or "", echo=echo
        )
        parts = [self._mind(), self._ear(settings), self._voice(settings)]
        wanted = {name: getattr(settings, name) for name in ("persona", "language", "ear", "voice", "echo")}
        listens = parts[1].ready
        drawn = render(
            "conversation/talk_ready.html",
            parts=parts,
            settings=json.dumps({**wanted, "listen": listens}, ensure_ascii=False),
            key="/".join(part.sentence for part in parts),
            can=parts[0].ready and parts[2].ready,
        )
        return drawn + "".join(part.offer for part in parts)

    def _mind(self) -> PartShown:
        status = self._studio.language.status()
        said = f"{status.sentence} {status.next_step}".strip()
        offer = setup_offer(self._studio, status.set_up) if not status.ready and status.set_up else ""
        fit, fits = "", True
        if status.ready and status.engine:
            engine = self._studio.catalog.get(status.engine)
            fits, fit = memory_fit(self._studio, engine)
        return PartShown("Thinks:", said, status.ready, fit, fits, offer)

    def _ear(self, settings: SessionSettings) -> PartShown:
        try:
            choice = choose_recogniser(self._studio, settings)
        except GreenroomError as error:
            return PartShown("Listens:", "nobody; you can write.", False, offer=problem_with_offer(self._studio, error))
        return self._fitting("Listens:", choice.engine.card.title, choice.engine, choice.options)

    def _voice(self, settings: SessionSettings) -> PartShown:
        try:
            casting = choose_voice(self._studio, settings)
        except GreenroomError as error:
            return PartShown("Speaks:", "nobody.", False, offer=problem_with_offer(self._studio, error))
        said = f"{casting.voice_label or 'the voice of the language'}, by {casting.engine_cls.card.title}"
        return self._fitting("Speaks:", said, casting.engine_cls, None)

    def _fitting(self, name: str, said: str, engine: type[Engine], options: EngineOptions | None) -> PartShown:
        fits, fit = memory_fit(self._studio, engine, options)
        return PartShown(name, f"{said}.", True, fit, fits)
