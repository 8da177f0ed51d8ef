"""Past conversations of the Conversation tab: play, read turn by turn, export, delete, save as outputs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import gradio as gr

from capabilities.conversation.account.into_studio import TurnTaker
from capabilities.conversation.account.model import Stage
from capabilities.conversation.past import PastKind, PastTalk, PastTalks
from capabilities.voiceover.capability import Voiceover
from studio.changes.stamps import Topic
from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.formats import clock, many
from tabs.common.html import html_piece
from tabs.common.lists.live_lists import LiveList
from tabs.common.notices.notices import notice
from tabs.common.notices.undo import deleted_conversation
from tabs.common.templating import render
from tabs.common.wiring import QUIET, Updates, clicked, problem, with_error_toast

MOST_SHOWN = 100
STAGES = {
    Stage.VAD: "pause noticed",
    Stage.TURN: "turn over",
    Stage.ASR: "words known",
    Stage.FIRST_TOKEN: "answer begun",
    Stage.FIRST_SOUND: "sound sent",
    Stage.HEARD: "heard",
}


@dataclass(frozen=True)
class _TalkRow:
    """One row of the list; addresses are relative to the page, `play` is "" without a recording."""

    talk: PastTalk
    facts: str
    play: str
    download: str


def past_list(talks: list[PastTalk]) -> str:
    """Return the HTML of the list."""
    rows = [_row(one) for one in talks[:MOST_SHOWN]]
    return render("conversation/past_list.html", rows=rows, total=len(talks), now=time.time())


def _row(talk: PastTalk) -> _TalkRow:
    if talk.kind is PastKind.REHEARSAL:
        return _TalkRow(talk, talk.first, "", _address(talk.id, "script", download=True))
    facts = [clock(talk.duration), many(talk.turns, "turn")]
    if talk.cuts:
        facts.append(f"{many(talk.cuts, 'reply', 'replies')} interrupted")
    if talk.unfinished:
        facts.append("the studio was ended in the middle of it")
    play = _address(talk.id, "wav") if talk.duration and not talk.live else ""
    return _TalkRow(talk, " · ".join(facts), play, _address(talk.id, "zip", download=True))


def _address(talk: str, form: str, *, download: bool = False) -> str:
    return f"media/conversations/{quote(talk, safe='')}?format={form}{'&download=true' if download else ''}"


def _turn_address(talk: str, turn: str) -> str:
    return f"media/conversations/{quote(talk, safe='')}/turns/{quote(turn, safe='')}"


class PastPanel:
    """The list below the stage, with one conversation opened."""

    def __init__(self, studio: Services) -> None:
        self._studio, self._talks = studio, PastTalks(studio)
        self._turns = TurnTaker(studio, self._talks.accounts)
        self.list = html_piece(self._drawn(), elem_id="past-talks")
        self.opened = html_piece(elem_id="past-talk", live=True)
        with gr.Group(visible=False, elem_id="turn-voice") as self.keeping:
            with gr.Row():
                self.name = gr.Textbox(label="Name of the voice", max_length=100, elem_id="turn-voice-name", min_width=140)
                self.consent = gr.Textbox(
                    label="Who agreed, how and when", max_length=500, elem_id="turn-voice-consent", min_width=220,
                    info="Without that no voice is taken from what a person said.",
                )  # fmt: skip
            self.keep = gr.Button("Save this voice", variant="primary", elem_id="turn-voice-save")
        self.trouble = html_piece(elem_id="turn-voice-trouble", live=True)
        self._talk, self._turn = gr.State(""), gr.State("")

    @property
    def live(self) -> LiveList:
        """The list, which changes when a conversation ends or by another page."""
        topics = (Topic.CONVERSATIONS, Topic.OUTPUTS)
        return LiveList(topics, (), (self.list,), lambda values: {self.list: self._drawn()})

    def wire(self) -> None:
        outputs = [self.list, self.opened, self.keeping, self.trouble, self._talk, self._turn]
        self.list.click(self._list_clicked, self._talk, outputs, **QUIET)
        self.opened.click(self._turn_clicked, self._talk, outputs, **QUIET)
        saving = [self._talk, self._turn, self.name, self.consent]
        saved = [self.keeping, self.trouble, self.name, self.consent]
        gr.on([self.keep.click, self.name.submit, self.consent.submit], self._voice_saved, saving, saved, **QUIET)

    def _drawn(self) -> str:
        return past_list(self._talks.all())

    @with_error_toast
    def _list_clicked(self, opened: str, event: gr.EventData) -> Updates:
        data = clicked(event)
        act, talk = data.get("act"), data.get("talk", "")
        if act == "open-talk":
            return {self.opened: self._one(talk), self._talk: talk, **self._no_voice()}
        if act != "delete-talk":
            return {self.trouble: gr.skip()}
        deleted_conversation(talk, self._talks.delete(talk))
        gone: Updates = {self.opened: "", self._talk: "", **self._no_voice()} if talk == opened else {}
        return {self.list: self._drawn(), **gone}

    @with_error_toast
    def _turn_clicked(self, talk: str, event: gr.EventData) -> Updates:
        data = clicked(event)
        act, turn = data.get("act"), data.get("turn", "")
        if act == "close-talk":
            return {self.opened: "", self._talk: "", **self._no_voice()}
        if act == "keep-turn":
            notice(f"{self._turns.keep_sound(talk, turn).title} is among the results; Lip-sync takes it from there.")
        elif act == "speak-turn":
            job = self._studio.jobs.submit(Voiceover.kind, self._turns.to_speak(talk, turn))
            notice(f"{job.title} is being spoken; the Voiceover tab shows it.")
        elif act == "voice-of-turn":
            return {self.keeping: gr.update(visible=True), self.trouble: "", self._turn: turn}
        return {self.trouble: gr.skip()}

    def _no_voice(self) -> Updates:
        return {self.keeping: gr.update(visible=False), self.trouble: "", self._turn: ""}

    def _voice_saved(self, talk: str, turn: str, name: str, consent: str) -> Updates:
        try:
            voice = self._turns.keep_voice(talk, turn, name or "", consent or "")
        except GreenroomError as error:
            return {self.trouble: problem(error)}
        notice(f"{voice.name} is saved.")
        return {self.keeping: gr.update(visible=False), self.trouble: "", self.name: "", self.consent: ""}

    def _one(self, talk: str) -> str:
        fields = self._talks.fields(talk)
        rehearsal = fields["kind"] == PastKind.REHEARSAL
        forms = ("script", "json") if rehearsal else ("script", "srt", "wav", "json", "zip")
        return render(
            "conversation/past_talk.html",
            talk=fields,
            rehearsal=rehearsal,
            turns=[{**turn, "play": _turn_address(talk, turn["id"]), "times": _times(turn)} for turn in fields["turns"]],
            forms=[(form, _address(talk, form, download=True)) for form in forms],
            latency=[(STAGES[Stage(name)], spread) for name, spread in fields.get("latency", {}).items()],
        )  # fmt: skip


def _times(turn: dict[str, Any]) -> list[tuple[str, float]]:
    """Return the duration of each stage of an answer by itself, in seconds."""
    found: list[tuple[str, float]] = []
    before = 0.0
    for name, at in sorted(turn.get("waterfall", {}).items(), key=lambda one: one[1]):
        found.append((STAGES[Stage(name)], round(max(0.0, at - before), 3)))
        before = at
    return found
