"""The form of the Voiceover tab: its components, and a job's spec out of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import gradio as gr

from capabilities.voiceover.capability import Voiceover
from engines.contract import EngineKind
from media.audio.encode import AUDIO_FORMATS
from studio.changes.stamps import Topic
from studio.errors import GreenroomError
from studio.services import Services
from studio.settings import VoiceoverSettings
from tabs.common.counts import counts_line
from tabs.common.html import html_piece
from tabs.common.kept_form import named_options
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.lists.voice_choices import (
    AUTO,
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
from tabs.common.wiring import Updates, Values, voice_url, whole_number

MOST_SPEAKERS = 60
"""Rows of the cast; who speaks beyond them is given a voice in the script, as in Anna (voice=flite/slt)."""

JUST_TEXT = "/text"
"""What a row of the cast holds for a label that is no speaker; no voice is named so."""

CHECKS = {"off": "Off", "flag": "Mark doubtful sentences", "repair": "Make doubtful sentences again"}
_AS_SET = "As set ({}), where the voice can go wrong"
PAUSES = {
    "sentence_pause": "after a sentence", "clause_pause": "at a semicolon or dash where a long sentence is parted",
    "comma_pause": "at a comma where one is parted", "paragraph_pause": "between paragraphs",
    "speaker_pause": "between speakers", "scene_pause": "at a scene break", "chapter_pause": "around a chapter title",
}  # fmt: skip
NARRATION_ALONE = ("speakers", "just_text", "paragraph_pause", "speaker_pause", "scene_pause", "chapter_pause", "speak_chapters")
"""Fields of a spec that a batch of single lines has no use for."""

LOUDNESS = {-14: "−14 LUFS, loud", -16: "−16 LUFS, spoken web", -19: "−19 LUFS, mono podcast", -23: "−23 LUFS, broadcast"}
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
        self._studio, self._narrations = studio, narrations
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
        self.speakers = gr.State([])
        self.wishes = gr.BrowserState({}, storage_key="greenroom.cast", secret=secret)
        """The voice that a person gave each speaker by name, whatever script the name stands in."""
        with gr.Accordion("Cast", open=True, visible=False, elem_id="cast") as self.cast, gr.Row():
            self.roles = [
                LiveDropdown([("As above", "")], value="", label=f"Speaker {n}", visible=False, min_width=180)
                for n in range(1, MOST_SPEAKERS + 1)
            ]
        speaking = [engine for engine in studio.catalog.of(EngineKind.SPEECH) if engine.Options.model_fields]
        self.options: list[OptionControls] = [build_controls(engine, visible=False) for engine in speaking]
        self._build_sound(studio.settings.voiceover)

    def _build_sound(self, usual: VoiceoverSettings) -> None:
        formats = [(made.title, name) for name, made in AUDIO_FORMATS.items()]
        levels = [(text, level) for level, text in LOUDNESS.items()]
        shown: dict[str, Any] = {"min_width": 160, "interactive": True}
        with gr.Accordion("Sound and file", open=False, elem_id="sound"):
            with gr.Row():
                self.format = gr.Dropdown(formats, value="wav", label="File format", **shown)
                self.loudness = gr.Dropdown(levels, value=usual.loudness, label="Loudness", **shown)
            with gr.Row():
                self.title = gr.Textbox(label="Title", placeholder="Taken from the script", max_length=120, **shown)
                self.language = gr.Textbox(
                    "auto", label="Language", info="auto, or a tag such as en, de, pt-BR", max_length=12, **shown
                )
            with gr.Row(elem_id="pauses"):
                self.pauses = {
                    name: gr.Slider(0, 5, getattr(usual, name), step=0.01, label=f"Pause {where} (s)", **shown)
                    for name, where in PAUSES.items()
                }
            with gr.Row(elem_id="subtitle-limits"):
                self.subtitles = {
                    "subtitle_line": gr.Slider(
                        0, 80, usual.subtitle_line, step=1, label="Subtitles: columns of a line (0: by script)", **shown
                    ),
                    "subtitle_speed": gr.Slider(
                        0, 40, usual.subtitle_speed, step=1, label="Subtitles: columns a second (0: by script)", **shown
                    ),
                }
            with gr.Row():
                # No gr.Number: an empty one shows 0, and sends it.
                self.seed = gr.Textbox(
                    label="Seed", info="Another number gives another reading.", placeholder="The studio's", max_length=10, **shown
                )
            self.speak_chapters = gr.Checkbox(
                usual.speak_chapters, label="Read chapter titles aloud", interactive=True, elem_id="speak-chapters"
            )
            self.check = gr.Dropdown(
                [(_AS_SET.format(CHECKS[usual.check]), ""), *((text, mode) for mode, text in CHECKS.items())],
                value="", label="Check of every take", elem_id="check", interactive=True,
                info="Each take is heard back and held against its text and its voice.",
            )  # fmt: skip

    @property
    def numbers(self) -> dict[str, gr.Slider]:
        """The pauses and the limits of subtitles, by the names of their fields."""
        return {**self.pauses, **self.subtitles}

    @property
    def inputs(self) -> set[Any]:
        """The components that `spec` reads and `restored` sets."""
        return {
            self.voice, self.engine, self.format, self.loudness, self.title, self.language, *self.numbers.values(), self.seed,
            self.check, self.speak_chapters, self.replace_unsayable, self.speakers, *self.roles, *all_components(self.options),
        }  # fmt: skip

    @property
    def shown(self) -> set[Any]:
        """Those of `inputs` that a person sees and changes."""
        return self.inputs - {self.speakers}

    @property
    def kept(self) -> dict[str, Any]:
        """What is entered here and shall be there again after a reload, by fixed names; the cast is `wishes`."""
        names = ("voice", "engine", "format", "loudness", "title", "language", "seed", "check", "speak_chapters")
        return {**{name: getattr(self, name) for name in names}, **self.numbers, **named_options(self.options)}

    @property
    def narration_alone(self) -> list[Any]:
        """What a batch of single lines has no use for."""
        return [*(self.pauses[name] for name in NARRATION_ALONE if name in self.pauses), self.speak_chapters]

    def spec(self, values: Values) -> dict[str, Any]:
        """Fields of a voiceover job from the values of `inputs`; all but its script.

        Raises:
            InvalidInput: the seed is no number.
        """
        engine, seed = values[self.engine], values[self.seed] or ""
        cast = {name: values[role] or "" for name, role in zip(values[self.speakers] or [], self.roles, strict=False)}
        spec = {
            "voice": values[self.voice] or "", "engine": engine, "options": chosen_options(self.options, engine, values),
            "format": values[self.format], "loudness": values[self.loudness], "title": values[self.title] or "",
            "language": (values[self.language] or "auto").strip(),
            **{name: values[slider] for name, slider in self.numbers.items()},
            "speakers": {name: voice for name, voice in cast.items() if voice != JUST_TEXT},
            "just_text": [name for name, voice in cast.items() if voice == JUST_TEXT],
            "replace_unsayable": bool(values[self.replace_unsayable]),
            "speak_chapters": bool(values[self.speak_chapters]),
        }  # fmt: skip
        if values[self.check]:
            spec["check"] = values[self.check]
        return spec if not seed.strip() else {**spec, "seed": whole_number(seed, "seed")}

    def restored(self, spec: Mapping[str, Any], cast: Mapping[str, str], names: Sequence[str]) -> Updates:
        """Updates for `inputs` and `wishes` that bring a recipe's spec back.

        Args:
            cast: its speakers, each with a voice. names: the speakers of the script that stands in the box now.
        """
        engine = spec.get("engine", AUTO)
        voice = renamed_or_same(self._studio, spec.get("voice", ""))
        return {
            self.voice: self.voice_update(engine, voice),
            self.engine: engine,
            self.format: spec.get("format", "wav"),
            self.loudness: spec.get("loudness", gr.skip()),
            self.title: spec.get("title", ""),
            self.language: spec.get("language", "auto"),
            **{slider: gr.skip() if spec.get(name) is None else spec[name] for name, slider in self.numbers.items()},
            self.seed: "" if spec.get("seed") is None else str(spec["seed"]),
            self.check: spec.get("check") or "",
            self.speak_chapters: spec.get("speak_chapters", gr.skip()),
            self.replace_unsayable: bool(spec.get("replace_unsayable")),
            self.wishes: dict(cast),
            **{
                role: self._role_update(engine, cast[name]) for name, role in zip(names, self.roles, strict=False) if name in cast
            },
            **restored_values(self.options, engine, spec.get("options", {})),
        }

    def _role_update(self, engine: str, voice: str, **more: Any) -> Any:
        if voice == JUST_TEXT:
            return gr.update(choices=_role_choices(self.voice_choices(engine)), value=voice, **more)
        voice = renamed_or_same(self._studio, voice)
        return gr.update(choices=_role_choices(self.voice_choices(engine, voice)), value=voice, **more)

    def roles_for(
        self,
        names: Sequence[str],
        text: Sequence[str],
        engine_id: str,
        language: str,
        wishes: Mapping[str, str],
        *,
        narrated: bool,
    ) -> Updates:
        """Updates for the role pickers of a script's speakers, each with the voice that was wished for it or a proposed one of
        its own; the others are hidden.

        Args:
            names, text: labels that are speakers, and labels that may be and are text until somebody says otherwise.
            narrated: the script has a narrator beside them, whose voice is then none of theirs.
        """
        voices = self.proposed_voices(engine_id, language)
        proposed = cycle(voices[1:] if narrated and len(voices) > 1 else voices)
        chosen = [wishes[name] if name in wishes else next(proposed) for name in names]
        chosen += [wishes.get(name, JUST_TEXT) for name in text]
        rows = list(zip([*names, *text], chosen, strict=True))[:MOST_SPEAKERS]
        shown = [self._role_update(engine_id, voice, visible=True, label=name) for name, voice in rows]
        hidden = [gr.update(visible=False)] * (MOST_SPEAKERS - len(shown))
        return dict(zip(self.roles, [*shown, *hidden], strict=True))

    def wished(self, values: Values) -> dict[str, str]:
        """`wishes` with the voices that stand in the role pickers now."""
        shown = zip(values[self.speakers] or [], self.roles, strict=False)
        known = values[self.wishes] if isinstance(values[self.wishes], dict) else {}
        return {**known, **{name: values[role] or "" for name, role in shown}}

    def voice_choices(self, engine_id: str, chosen: str = "") -> Choices:
        """Saved voices and the presets of the chosen engine (of every engine under "auto"), those that can speak now first."""
        return voice_choices(self._studio, "Automatic: the clearest", engine_id, chosen)

    def voice_update(self, engine_id: str, voice: str, **more: Any) -> Any:
        """The list of voices as it is now, with `voice` chosen in it."""
        choices = self.voice_choices(engine_id, voice)
        return gr.update(choices=choices, value=voice, info=count_told(choices) or "", **more)

    def hear(self, voice: str | None) -> str:
        """The button under the list that plays the chosen voice, or why it cannot be heard."""
        if not voice:
            return ""
        why, engine = cannot_be_heard(self._studio, voice), voice.partition("/")[0] if "/" in voice else ""
        told = render("voiceover/hear_voice.html", url=voice_url(voice), voice=voice, why=why)
        known = engine in {one.card.id for one in self._studio.catalog.all()}
        return told + (setup_offer(self._studio, engine) if why and known else "")

    @property
    def live(self) -> list[LiveList]:
        """Everything here that is chosen from what the studio has, and how far what was chosen is."""
        shown = [self.voice, self.engine, self.speakers, *self.roles]
        changed = [self.voice, self.engine, *self.roles]
        told = [self.hear_piece, self.engine_note]
        return [
            LiveList((Topic.VOICES, Topic.ENGINES), shown, changed, self._refreshed),
            LiveList((Topic.VOICES, Topic.ENGINES, Topic.JOBS), (self.voice, self.engine), told, self._told),
        ]

    def _told(self, values: Values) -> Updates:
        voice = renamed_or_same(self._studio, values[self.voice] or "")
        return {self.hear_piece: self.hear(voice), self.engine_note: self.engine_text(values[self.engine])}

    def _refreshed(self, values: Values) -> Updates:
        engine = values[self.engine]
        voice = renamed_or_same(self._studio, values[self.voice] or "")
        held = {self.voice: voice}
        for role, _ in zip(self.roles, values[self.speakers] or [], strict=False):
            named = values[role] or ""
            held[role] = named if named == JUST_TEXT else renamed_or_same(self._studio, named)
        updates: Updates = {}
        for picker, chosen in held.items():
            choices = self.voice_choices(engine, "" if chosen == JUST_TEXT else chosen)
            listed = choices if picker is self.voice else _role_choices(choices)
            updates[picker] = live_update(listed, values[picker], chosen)
        return {**updates, self.engine: gr.update(choices=self.engine_choices())}

    def proposed_voices(self, engine_id: str, language: str) -> list[str]:
        """Voices to tell a script's speakers apart with, one after the other; the first is the narrator's own. Where the engine
        is left open, those of every ready engine follow its own."""
        try:
            casting = self._narrations.resolver.cast("", engine_id, language)
        except GreenroomError:
            return [""]
        engine, own = casting.engine_cls, casting.voice.preset
        ready = (
            [one.card.id for one in self._studio.engines.statuses(EngineKind.SPEECH) if one.ready] if engine_id == AUTO else []
        )
        others = [self._studio.catalog.get(one) for one in ready if one != engine.card.id]
        found = [
            f"{one.card.id}/{voice.id}"
            for one in (engine, *others)
            for voice in one.preset_voices(self._studio.site)
            if voice.language.split("-")[0] == language and (one, voice.id) != (engine, own)
        ]
        return ["", *found]

    def engine_choices(self) -> list[tuple[str, str]]:
        rows = self._studio.engines.statuses(EngineKind.SPEECH)
        return [
            ("Automatic", AUTO),
            *((row.card.title if row.ready else f"{row.card.title} · {NOT_READY}", row.card.id) for row in rows),
        ]

    def engine_text(self, engine_id: str) -> str:
        """What the chosen engine is, whether it is ready, and what its results may be used for."""
        if engine_id == AUTO:
            return counts_line(["Picks the clearest ready engine for the script's language."])
        row = self._studio.engines.status(engine_id)
        use = f" {licence_of_use(row.card)}"
        state = "" if row.ready else f" {row.readiness} {row.next_step}"
        told = counts_line([row.card.summary + use + state, " ".join(what_an_engine_needs(row.card))])
        return told + setup_offer(self._studio, engine_id)


def _role_choices(choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("Just text: read aloud", JUST_TEXT), ("A speaker, as chosen above", ""), *choices[1:]]
