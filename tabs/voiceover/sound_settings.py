"""Settings of sound and file: format, loudness, language, pauses, subtitles, seed and check of takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from media.audio.encode import AUDIO_FORMATS
from studio.changes.stamps import Topic
from studio.services import Services
from studio.settings import VoiceoverSettings
from tabs.common.lists.live_lists import LiveList
from tabs.common.wiring import Updates, Values, whole_number

CHECKS = {"off": "Off", "flag": "Mark doubtful sentences", "repair": "Make doubtful sentences again"}
_AS_SET = "As set ({}), where the voice can go wrong"
PAUSES = {
    "sentence_pause": "after a sentence", "clause_pause": "at a semicolon or dash where a long sentence is parted",
    "comma_pause": "at a comma where one is parted", "paragraph_pause": "between paragraphs",
    "speaker_pause": "between speakers", "scene_pause": "at a scene break", "chapter_pause": "around a chapter title",
}  # fmt: skip
NARRATION_ALONE = (
    "speakers", "just_text", "paragraph_pause", "speaker_pause", "scene_pause", "chapter_pause", "speak_chapters", "verse",
)  # fmt: skip
"""Fields of a spec that a batch of single lines does not use."""

LOUDNESS = {-14: "−14 LUFS, loud", -16: "−16 LUFS, spoken web", -19: "−19 LUFS, mono podcast", -23: "−23 LUFS, broadcast"}


_SHOWN: dict[str, Any] = {"min_width": 160, "interactive": True}


def _pauses(usual: VoiceoverSettings) -> dict[str, gr.Slider]:
    return {
        name: gr.Slider(0, 5, getattr(usual, name), step=0.01, label=f"Pause {where} (s)", **_SHOWN)
        for name, where in PAUSES.items()
    }


def _subtitle_limits(usual: VoiceoverSettings) -> dict[str, gr.Slider]:
    return {
        "subtitle_line": gr.Slider(
            0, 80, usual.subtitle_line, step=1, label="Subtitles: columns of a line (0: by script)", **_SHOWN
        ),
        "subtitle_speed": gr.Slider(
            0, 40, usual.subtitle_speed, step=1, label="Subtitles: columns a second (0: by script)", **_SHOWN
        ),
    }


def _checks(usual: VoiceoverSettings) -> list[tuple[str, str]]:
    return [(_AS_SET.format(CHECKS[usual.check]), ""), *((text, mode) for mode, text in CHECKS.items())]


class SoundSettings:
    """The folding part of the form below voice and engine.

    Its values begin with those of the settings, and follow them where nobody has chosen another.
    """

    def __init__(self, studio: Services) -> None:
        self._studio, usual = studio, studio.settings.voiceover
        self._were = [studio.settings.without_choices.voiceover, usual]
        """The settings that a form may have begun with."""
        formats = [(made.title, name) for name, made in AUDIO_FORMATS.items()]
        levels = [(text, level) for level, text in LOUDNESS.items()]
        with gr.Accordion("Sound and file", open=False, elem_id="sound"):
            with gr.Row():
                self.format = gr.Dropdown(formats, value="wav", label="File format", **_SHOWN)
                self.loudness = gr.Dropdown(levels, value=usual.loudness, label="Loudness", **_SHOWN)
            with gr.Row():
                self.title = gr.Textbox(label="Title", placeholder="Taken from the script", max_length=120, **_SHOWN)
                self.language = gr.Textbox(
                    "auto", label="Language", info="auto, or a tag such as en, de, pt-BR", max_length=12, **_SHOWN
                )
            with gr.Row(elem_id="pauses"):
                self.pauses = _pauses(usual)
            with gr.Row(elem_id="subtitle-limits"):
                self.subtitles = _subtitle_limits(usual)
            with gr.Row():
                # No gr.Number: an empty one shows 0, and sends it.
                self.seed = gr.Textbox(
                    label="Seed",
                    info="Another number gives another reading.",
                    placeholder="The studio's",
                    max_length=10,
                    **_SHOWN,
                )
            self.verse = gr.Checkbox(
                False, label="Verse: the end of every line is heard", interactive=True, elem_id="verse",
                info="A line ends as at a semicolon, a stanza as a paragraph.",
            )  # fmt: skip
            self.speak_chapters = gr.Checkbox(
                usual.speak_chapters, label="Read chapter titles aloud", interactive=True, elem_id="speak-chapters"
            )
            self.check = gr.Dropdown(
                _checks(usual),
                value="", label="Check of every take", elem_id="check", interactive=True,
                info="Each take is heard back and held against its text and its voice.",
            )  # fmt: skip

    @property
    def numbers(self) -> dict[str, gr.Slider]:
        """The pauses and the limits of subtitles, by the names of their fields."""
        return {**self.pauses, **self.subtitles}

    @property
    def live(self) -> LiveList:
        """What follows the settings."""
        return LiveList((Topic.SETTINGS,), self._following.values(), [*self._following.values(), self.check], self._followed)

    @property
    def _following(self) -> dict[str, Any]:
        return {"loudness": self.loudness, "speak_chapters": self.speak_chapters, **self.numbers}

    def _followed(self, values: Values) -> Updates:
        usual = self._studio.settings.voiceover
        updates: Updates = {self.check: gr.update(choices=_checks(usual))}
        for name, component in self._following.items():
            now = getattr(usual, name)
            if values[component] != now and any(values[component] == getattr(before, name) for before in self._were):
                updates[component] = gr.update(value=now)
        if usual not in self._were:
            self._were.append(usual)
        return updates

    @property
    def kept(self) -> dict[str, Any]:
        """The components by the names under which the browser keeps their values."""
        names = ("format", "loudness", "title", "language", "seed", "check", "speak_chapters", "verse")
        return {**{name: getattr(self, name) for name in names}, **self.numbers}

    @property
    def inputs(self) -> set[Any]:
        """The components that `spec` reads and `restored` sets."""
        return set(self.kept.values())

    @property
    def narration_alone(self) -> list[Any]:
        """The components that a batch of single lines does not use."""
        return [*(self.pauses[name] for name in NARRATION_ALONE if name in self.pauses), self.speak_chapters, self.verse]

    def spec(self, values: Values) -> dict[str, Any]:
        """Return fields of a voiceover job from the values of `inputs`.

        Raises:
            InvalidInput: the seed is no number.
        """
        seed = values[self.seed] or ""
        spec = {
            "format": values[self.format], "loudness": values[self.loudness], "title": values[self.title] or "",
            "language": (values[self.language] or "auto").strip(),
            **{name: values[slider] for name, slider in self.numbers.items()},
            "speak_chapters": bool(values[self.speak_chapters]),
            "verse": bool(values[self.verse]),
        }  # fmt: skip
        if values[self.check]:
            spec["check"] = values[self.check]
        return spec if not seed.strip() else {**spec, "seed": whole_number(seed, "seed")}

    def restored(self, spec: Mapping[str, Any]) -> Updates:
        """Return updates for `inputs` that restore a recipe's spec."""
        return {
            self.format: spec.get("format", "wav"),
            self.loudness: spec.get("loudness", gr.skip()),
            self.title: spec.get("title", ""),
            self.language: spec.get("language", "auto"),
            **{slider: gr.skip() if spec.get(name) is None else spec[name] for name, slider in self.numbers.items()},
            self.seed: "" if spec.get("seed") is None else str(spec["seed"]),
            self.check: spec.get("check") or "",
            self.speak_chapters: spec.get("speak_chapters", gr.skip()),
            self.verse: bool(spec.get("verse")),
        }
