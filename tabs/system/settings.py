"""The settings that people change in the page: fields that are saved one by one, each with its own error beside it.

Fields are saved by the public call `update_settings` (static/scripts/settings.js); what is drawn here follows what is saved, in
every open page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engines.contract import EngineKind
from studio.errors import InvalidInput, SettingsError
from studio.language.status import NONE
from studio.preferences.preferences import SettingState, Source
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.notices.notices import notice
from tabs.common.templating import render
from tabs.common.wiring import clicked

Choices = tuple[tuple[str, str], ...]

LOUDNESS: Choices = (
    ("-14", "−14 LUFS, loud"), ("-16", "−16 LUFS, spoken web"), ("-19", "−19 LUFS, mono podcast"), ("-23", "−23 LUFS, broadcast"),
)  # fmt: skip
CHECKS: Choices = (("off", "Off"), ("flag", "Mark doubtful sentences"), ("repair", "Make doubtful sentences again"))


@dataclass(frozen=True)
class SettingField:
    """How a setting is shown.

    Args:
        kind: "text", "path", "lines", "secret", "number", "choice" or "truth", which decides what is sent.
        unit: stands behind a number. step, most: of a number.
    """

    name: str
    label: str
    help: str = ""
    kind: str = "text"
    placeholder: str = ""
    unit: str = ""
    step: str = "any"
    most: str = ""
    choices: Choices = ()


@dataclass(frozen=True)
class FieldGroup:
    key: str
    title: str
    about: str
    fields: tuple[SettingField, ...]


def _pause(name: str, label: str, most: str = "10") -> SettingField:
    return SettingField(f"voiceover.{name}_pause", label, kind="number", unit="s", step="0.01", most=most)


def _idle(tier: str, label: str, help_: str = "") -> SettingField:
    return SettingField(f"workers.idle_{tier}_seconds", label, help_, "number", unit="s", step="1")


_COMFYUI = FieldGroup(
    "comfyui",
    "ComfyUI",
    "Character swaps and other workflows run there. Pictures and videos are sent to the address, and nowhere else.",
    (
        SettingField(
            "comfyui.url",
            "Address",
            "A server that you run. Empty: none, or the installation that settings.yaml names.",
            placeholder="http://127.0.0.1:8188",
        ),
        SettingField("comfyui.model_roots", "Folders with its models", "Parted by commas; only read, to tell what is there."),
    ),
)
_SPEECH = FieldGroup(
    "speech",
    "Speech",
    "",
    (
        SettingField("engines.default_speech", "Engine that speaks when none is chosen", "", "choice"),
        SettingField(
            "voiceover.check", "Check of every take", "Each take is heard back and held against its text.", "choice",
            choices=CHECKS,
        ),
        SettingField(
            "engines.fish_url", "Address of a Fish Speech server", "Texts and clips are sent there.",
            placeholder="http://127.0.0.1:8080",
        ),
    ),
)  # fmt: skip
_SOUND = FieldGroup(
    "sound",
    "Sound of a narration",
    "What a new form begins with. What was chosen in a form already stays there.",
    (
        SettingField("voiceover.loudness", "Loudness", "", "choice", choices=LOUDNESS),
        _pause("sentence", "Pause after a sentence"),
        _pause("clause", "Pause at a semicolon or dash"),
        _pause("comma", "Pause at a comma"),
        _pause("paragraph", "Pause between paragraphs"),
        _pause("speaker", "Pause between speakers"),
        _pause("scene", "Pause at a scene break", "30"),
        _pause("chapter", "Pause around a chapter title", "30"),
        SettingField("voiceover.speak_chapters", "Read chapter titles aloud", "", "truth"),
    ),
)
_MEMORY = FieldGroup(
    "memory",
    "Memory",
    "How long an unused engine stays loaded; 0 keeps it. Single engines are set under Engines.",
    (
        _idle("heavy", "Large engines", "Video, faces, large voices, and the models of ComfyUI."),
        _idle("medium", "Middle-sized engines"),
        _idle("light", "Small engines"),
    ),
)
_FILES = FieldGroup(
    "files",
    "Results and folders",
    "",
    (
        SettingField(
            "library.quota_gib", "Room for results", "Beyond it the oldest go; starred ones stay.", "number", unit="GiB", step="1"
        ),
        SettingField("library.retention_days", "Keep results for", "0: until you delete them.", "number", unit="days", step="1"),
        SettingField("data.weights", "Further folders with weights", "One a line; looked at after the studio's own.", "lines"),
    ),
)
_ACCESS = FieldGroup(
    "access",
    "Access",
    "",
    (
        SettingField(
            "server.token",
            "Access token",
            "16 characters or more. With one the door is locked on this machine too. It is never shown again.",
            "secret",
        ),
        SettingField("page.first_run", "Show the card “This machine can”", "", "truth"),
    ),
)
GROUPS = (_COMFYUI, _SPEECH, _SOUND, _MEMORY, _FILES, _ACCESS)


@dataclass(frozen=True)
class SettingRow:
    """A setting as it is drawn."""

    field: SettingField
    state: SettingState
    choices: Choices

    @property
    def id(self) -> str:
        return "set-" + self.field.name.replace(".", "-").replace("_", "-")

    @property
    def value(self) -> str:
        value = self.state.value
        if value is None:
            return ""
        return "\n".join(value) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else str(value)

    @property
    def usual(self) -> str:
        """What counts when the choice is taken back, in words."""
        value = self.state.usual
        if self.state.secret or value in ("", None, []):
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        words = dict(self.choices).get(str(value), "")
        return words or (
            f"{value:g}" if isinstance(value, float) else ", ".join(value) if isinstance(value, list) else str(value)
        )

    @property
    def fixed(self) -> bool:
        return self.state.source is Source.VARIABLE

    @property
    def chosen(self) -> bool:
        return self.state.source is Source.PAGE


class SettingsSection:
    """One drawn piece."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.piece = html_piece(
            elem_id="settings",
            value="greenroom.keepSettings(greenroom.newest('settings', value))",
            on_load="greenroom.wireSettings(element, trigger); ",
            on_draw="greenroom.settingsDrawn(element)",
        )
        self.asked: list[Any] = []

    def draw(self) -> list[str]:
        studio = self._studio
        try:
            states = studio.preferences.states()
        except SettingsError as error:  # a person is writing in the file
            return [render("common/problem.html", reason=error.reason, hint=error.hint)]
        language = studio.language.status()
        speech = sorted((one.card.title, one.card.id) for one in studio.catalog.all() if one.card.capability is EngineKind.SPEECH)
        engines = (("auto", "Automatic: the clearest for the language"), *((id_, title) for title, id_ in speech))
        answers = language.sentence if language.source != NONE else "No language model answers."
        return [settings_panel(states, engines, answers, waits=studio.preferences.waiting and studio.restart.possible)]

    def clicked(self, event: gr.EventData) -> None:
        """
        Raises:
            InvalidInput: a job has not ended, or the button is unknown.
        """
        act = clicked(event).get("act")
        if act != "restart":
            raise InvalidInput("page.button-unknown")
        self._studio.restart.ask()
        notice("The studio starts again; the page finds it by itself.")


def settings_panel(states: Sequence[SettingState], engines: Choices, answers: str, *, waits: bool) -> str:
    """Return the HTML of all groups.

    Args:
        engines: the speech engines to choose from. answers: which language model does, a sentence. waits: whether a restart is
            offered.
    """
    by_name = {one.name: one for one in states}
    groups = [
        (
            group,
            [
                SettingRow(field, by_name[field.name], engines if field.name == "engines.default_speech" else field.choices)
                for field in group.fields
            ],
        )
        for group in GROUPS
    ]
    return render("system/settings.html", groups=groups, answers=answers, waits=waits)
