"""Settings that people change in the page or by a call, and the settings as they count now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from studio.errors import SettingsError
from studio.preferences.checks import check_on_this_machine
from studio.preferences.local_settings import LocalSettings, fixed_by_variables
from studio.settings import SECRETS, Settings

log = logging.getLogger(__name__)


class Effect(StrEnum):
    """From when on a changed setting counts."""

    NOW = "now"
    RESTART = "after a restart"


class Source(StrEnum):
    """Where the value of a setting comes from."""

    SETTINGS_FILE = "settings.yaml"
    PAGE = "settings.local.yaml"
    VARIABLE = "a variable of the environment"


_PAUSES = ("sentence", "clause", "comma", "paragraph", "speaker", "scene", "chapter")

CHANGEABLE: Mapping[str, Effect] = {
    "comfyui.url": Effect.NOW,
    "comfyui.model_roots": Effect.NOW,
    "engines.default_speech": Effect.NOW,
    "engines.fish_url": Effect.RESTART,
    "voiceover.loudness": Effect.NOW,
    **{f"voiceover.{name}_pause": Effect.NOW for name in _PAUSES},
    "voiceover.speak_chapters": Effect.NOW,
    "voiceover.check": Effect.NOW,
    "workers.idle_heavy_seconds": Effect.NOW,
    "workers.idle_medium_seconds": Effect.NOW,
    "workers.idle_light_seconds": Effect.NOW,
    "library.quota_gib": Effect.NOW,
    "library.retention_days": Effect.NOW,
    "data.weights": Effect.RESTART,
    "server.token": Effect.RESTART,
    "page.first_run": Effect.NOW,
}
"""What may be changed while the studio runs, as `group.name`, in the order in which it is shown. The language server has a call
of its own (`studio.language`), because a key belongs to one server. Which program is run (`comfyui.path`) is not among them, so
that nobody who only reaches the page can have one started; it is changed in settings.yaml, like everything else."""


@dataclass(frozen=True)
class SettingState:
    """One setting as it stands.

    Args:
        name: `group.name`. value: as JSON; None for a secret. usual: what counts when the choice is taken back, as JSON; None for
            a secret.
        is_set: whether there is a value, which of a secret is all that is told.
        waits: the value was changed since the start and counts after the next one.
    """

    name: str
    value: Any
    usual: Any
    source: Source
    effect: Effect
    is_set: bool
    waits: bool

    @property
    def secret(self) -> bool:
        return self.name in SECRETS


class Preferences:
    """The settings of a studio as they count now. Any thread may call anything.

    Args:
        settings: of the start. folder: the data folder. speech_engines: the ids that there are.
    """

    def __init__(self, settings: Settings, folder: Path, speech_engines: Callable[[], Collection[str]] = tuple) -> None:
        self._speech_engines = speech_engines
        self.local = LocalSettings(folder)
        self._started, self._now = settings, settings
        self._lock = threading.Lock()
        self._adopting: list[Callable[[Settings], None]] = []
        self.local.on_written = self._adopt

    @property
    def now(self) -> Settings:
        return self._now

    def on_change(self, adopt: Callable[[Settings], None]) -> None:
        """Call `adopt` with the new settings whenever some have changed."""
        self._adopting.append(adopt)

    def choose(self, values: Mapping[str, Any]) -> None:
        """Change settings, by `group.name`; None goes back to what settings.yaml says. All are changed, or none.

        Raises:
            SettingsError: no such setting, one that is not changed in the page or that a variable gives, or a value that is not
            allowed. OSError: the disk.
        """
        choice: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            group, _, key = name.partition(".")
            if name not in CHANGEABLE:
                known = group in Settings.model_fields and key in type(getattr(self._now, group)).model_fields
                raise SettingsError("settings.not-in-page", setting=name) if known else _unknown(name)
            if key in fixed_by_variables(group):
                raise SettingsError("settings.fixed-by-variable", setting=name)
            if value is not None:
                check_on_this_machine(name, value, self._speech_engines())
            choice.setdefault(group, {})[key] = value
        usual = self._started.without_choices
        self.local.choose_all({group: getattr(usual, group) for group in choice}, choice)

    def states(self) -> tuple[SettingState, ...]:
        """Every setting that can be changed, in order.

        Raises:
            SettingsError: a person has written something wrong into the file since.
        """
        now, usual = self._now.model_dump(mode="json"), self._started.without_choices.model_dump(mode="json")
        started, chosen = self._started.model_dump(mode="json"), self.local.names()
        return tuple(_state(name, effect, now, usual, started, chosen) for name, effect in CHANGEABLE.items())

    @property
    def waiting(self) -> bool:
        """Whether something counts only after the next start."""
        return any(
            effect is Effect.RESTART and _value(self._now, name) != _value(self._started, name)
            for name, effect in CHANGEABLE.items()
        )

    def _adopt(self) -> None:
        with self._lock:
            self._now = self.local.all_over(self._started.without_choices)
            for adopt in self._adopting:
                try:
                    adopt(self._now)
                except Exception:  # one part that cannot follow must not keep the others from it
                    log.exception("A changed setting could not be taken over")


def _state(
    name: str, effect: Effect, now: dict[str, Any], usual: dict[str, Any], started: dict[str, Any], chosen: frozenset[str]
) -> SettingState:
    group, _, key = name.partition(".")
    fixed = key in fixed_by_variables(group)
    value, secret = now[group][key], name in SECRETS
    return SettingState(
        name=name,
        value=None if secret else value,
        usual=None if secret else usual[group][key],
        source=Source.VARIABLE if fixed else Source.PAGE if name in chosen else Source.SETTINGS_FILE,
        effect=effect,
        is_set=value not in ("", None, []),
        waits=effect is Effect.RESTART and value != started[group][key],
    )


def _value(settings: Settings, name: str) -> Any:
    group, _, key = name.partition(".")
    return getattr(getattr(settings, group), key)


def _unknown(name: str) -> SettingsError:
    return SettingsError("settings.unknown", setting=name, known=sorted(CHANGEABLE))
