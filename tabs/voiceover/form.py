"""The form of the Voiceover tab: its components, and the conversion of their values into a job's spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from capabilities.voiceover.capability import Voiceover
from engines.contract import EngineKind, SpeechTraits
from engines.speech.defaults import best_measured, by_cloning_order
from engines.speech.former import FORMER_ENGINES, present_options
from studio.changes.stamps import Topic
from studio.services import Services
from tabs.common.counts import counts_line
from tabs.common.html import html_piece
from tabs.common.kept_form import named_options
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.lists.voice_choices import (
    AUTO,
    AUTOMATIC_VOICE,
    NOT_READY,
    Choices,
    cannot_be_heard,
    count_told,
    live_update,
    renamed_or_same,
    voice_choices,
)
from tabs.common.option_controls import OptionControls, all_components, build_controls, chosen_options, restored_values
from tabs.common.readiness.engine_needs import licence_of_use, what_an_engine_needs
from tabs.common.readiness.setup_offer import setup_offer
from tabs.common.templating import render
from tabs.common.wiring import Updates, Values, voice_url
from tabs.voiceover.cast_pickers import CastPickers
from tabs.voiceover.pronunciations_panel import PronunciationsPanel
from tabs.voiceover.sound_settings import SoundSettings

EXAMPLE = """# The Green Room

Narrator: It was ten minutes to curtain, and nobody could find the lamp.

Ada: It was here a moment ago. I am quite sure of it.

Ben: You said that about the piano.

[pause 0.8s]

Narrator: Then the stage manager sat down, and the chair lit up.

Ada: There. I told you it was here.

Ben: I will never doubt you again."""


class VoiceoverForm:
    """Voice, engine, options, sound and cast; the script box itself stands in the tab above it."""

    def __init__(self, studio: Services, narrations: Voiceover, secret: str) -> None:
        self._studio = studio
        with gr.Row():
            with gr.Column(min_width=220):
                voices = self.voice_choices(AUTO)
                self.voice = LiveDropdown(voices, value="", label="Voice", elem_id="voice", info=count_told(voices))
                self.hear_piece = html_piece(elem_id="hear")
            with gr.Column(min_width=220):
                self.engine = LiveDropdown(self.engine_choices(), value=AUTO, label="Engine", elem_id="engine")
        self.engine_note = html_piece(self.engine_text(AUTO), elem_id="engine-note")
        self.replace_unsayable = gr.Checkbox(
            False, label="Say in Latin letters, or leave out, what the voice cannot say", visible=False, interactive=True,
            elem_id="replace-unsayable",
        )  # fmt: skip
        self.cast = CastPickers(studio, narrations, secret)
        speaking = [engine for engine in studio.catalog.of(EngineKind.SPEECH) if engine.Options.model_fields]
        self.options: list[OptionControls] = [build_controls(engine, visible=False) for engine in speaking]
        self.sound = SoundSettings(studio)
        self.pronunciations = PronunciationsPanel(studio, self.voice)

    @property
    def inputs(self) -> set[Any]:
        """The components that `spec` reads and `restored` sets."""
        own = {self.voice, self.engine, self.replace_unsayable, *all_components(self.options)}
        return own | self.sound.inputs | self.cast.inputs

    @property
    def shown(self) -> set[Any]:
        """The visible components of `inputs`."""
        return self.inputs - {self.cast.speakers, self.cast.more.chosen}

    @property
    def kept(self) -> dict[str, Any]:
        """The components whose values the browser keeps, by fixed names; `CastPickers.wishes` holds the cast."""
        return {"voice": self.voice, "engine": self.engine, **self.sound.kept, **named_options(self.options)}

    def spec(self, values: Values) -> dict[str, Any]:
        """Return the fields of a voiceover job without the script, from the values of `inputs`.

        Raises:
            InvalidInput: the seed is no number.
        """
        engine = values[self.engine]
        return {
            "voice": values[self.voice] or "", "engine": engine, "options": chosen_options(self.options, engine, values),
            "replace_unsayable": bool(values[self.replace_unsayable]),
            **self.cast.spec(values), **self.sound.spec(values),
        }  # fmt: skip

    def restored(self, spec: Mapping[str, Any], cast: Mapping[str, str], names: Sequence[str]) -> Updates:
        """Return updates for `inputs` and the chosen voices that restore a recipe's spec.

        Args:
            cast: its speakers, each with a voice.
            names: the speakers of the script that stands in the box now.
        """
        engine, options = spec.get("engine", AUTO), spec.get("options", {})
        voice = renamed_or_same(self._studio, spec.get("voice", ""))
        if engine in FORMER_ENGINES:
            engine = voice.partition("/")[0] if "/" in voice else AUTO
            options = present_options(options, engine)
        return {
            self.voice: self.voice_update(engine, voice),
            self.engine: engine,
            self.replace_unsayable: bool(spec.get("replace_unsayable")),
            **self.sound.restored(spec),
            **self.cast.restored(engine, cast, names),
            **restored_values(self.options, engine, options),
        }

    def voice_choices(self, engine_id: str, chosen: str = "") -> Choices:
        """Return saved voices and the presets of the chosen engine (of all engines for "auto"), those that can speak now
        first."""
        return voice_choices(self._studio, AUTOMATIC_VOICE, engine_id, chosen)

    def voice_update(self, engine_id: str, voice: str, **more: Any) -> Any:
        """Return an update with the present list of voices, with `voice` chosen."""
        choices = self.voice_choices(engine_id, voice)
        return gr.update(choices=choices, value=voice, info=count_told(choices) or "", **more)

    def hear(self, voice: str | None) -> str:
        """Return the HTML of the button that plays the chosen voice, or of the reason why it has no sample."""
        if not voice:
            return ""
        why, engine = cannot_be_heard(self._studio, voice), voice.partition("/")[0] if "/" in voice else ""
        told = render("voiceover/hear_voice.html", url=voice_url(voice), voice=voice, why=why)
        known = engine in {one.card.id for one in self._studio.catalog.all()}
        return told + (setup_offer(self._studio, engine) if why and known else "")

    @property
    def live(self) -> list[LiveList]:
        """The lists of this form, and the notes on the chosen voice and engine."""
        chosen = [self.voice, self.engine, *self.cast.pickers]
        told = [self.hear_piece, self.engine_note]
        return [
            LiveList(
                (Topic.VOICES, Topic.ENGINES),
                [*chosen, self.cast.speakers],
                [*chosen, self.cast.more.voices],
                self._refreshed,
            ),
            LiveList((Topic.VOICES, Topic.ENGINES, Topic.JOBS), (self.voice, self.engine, *told), told, self._told),
            self.pronunciations.live,
            self.sound.live,
        ]

    def _told(self, values: Values) -> Updates:
        """Return the notes that have changed.

        Unchanged notes are not sent, because the user may have chosen another engine or voice since the request, and an old note
        would replace the one of that choice.
        """
        voice = renamed_or_same(self._studio, values[self.voice] or "")
        now = {self.hear_piece: self.hear(voice), self.engine_note: self.engine_text(values[self.engine])}
        return {piece: html for piece, html in now.items() if html != values[piece]}

    def _refreshed(self, values: Values) -> Updates:
        engine = values[self.engine]
        voice = renamed_or_same(self._studio, values[self.voice] or "")
        return {
            self.voice: live_update(self.voice_choices(engine, voice), values[self.voice], voice),
            **self.cast.refreshed(values, engine),
            self.engine: gr.update(choices=self.engine_choices()),
        }

    def engine_choices(self) -> list[tuple[str, str]]:
        rows = self._studio.engines.statuses(EngineKind.SPEECH)
        return [
            ("Automatic", AUTO),
            *((row.card.title if row.ready else f"{row.card.title} · {NOT_READY}", row.card.id) for row in rows),
        ]

    def _automatic_told(self) -> str:
        """Return which engine reads English by default, the measurement behind it, and which one speaks in saved voices."""
        rows = self._studio.engines.statuses(EngineKind.SPEECH)
        clones = [row.card for row in rows if row.ready and row.card.traits_of(SpeechTraits).clones]
        cloner = min(clones, key=lambda card: by_cloning_order(card.id), default=None)
        saved = "" if cloner is None else f" Saved voices are spoken by {cloner.title}, where it knows the language."
        found = best_measured("en", [row.card.id for row in rows if row.ready])
        if found is None:
            return f"Picks an engine that is ready for the script's language.{saved}"
        title = self._studio.catalog.get(found.engine_id).card.title
        voice = next((one.title for row in rows for one in row.preset_voices() if f"{row.card.id}/{one.id}" == found.name), "")
        return (
            f"Picks by measurement. English is read by {title}'s {voice}: judged {found.naturalness:.1f} of 5 for naturalness, "
            f"{found.errors:.0f} % of its words misheard by Whisper, {found.cost:.2f} s of one core for a second of speech."
            f"{saved}"
        )

    def engine_text(self, engine_id: str) -> str:
        """Return the HTML of the note on the chosen engine: summary, readiness and licence."""
        if engine_id == AUTO:
            return counts_line([self._automatic_told()])
        row = self._studio.engines.status(engine_id)
        use = f" {licence_of_use(row.card)}"
        state = "" if row.ready else f" {row.readiness} {row.next_step}"
        told = counts_line([row.card.summary + use + state, " ".join(what_an_engine_needs(row.card))])
        return told + setup_offer(self._studio, engine_id)
