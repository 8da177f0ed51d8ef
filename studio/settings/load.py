"""All settings: settings.yaml, over it what was chosen in the page, over that GREENROOM_… variables; unknown or wrong ones are
refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict, YamlConfigSettingsSource
from pydantic_settings import PydanticBaseSettingsSource as _Source
from pydantic_settings import SettingsError as UnreadableVariableError

from studio.errors import SettingsError
from studio.settings.groups import (
    ComfyUISettings,
    DataSettings,
    EngineSettings,
    EnvironmentSettings,
    JobSettings,
    LaneSettings,
    LanguageSettings,
    LibrarySettings,
    MemorySettings,
    PageSettings,
    ServerSettings,
    VoiceoverSettings,
    VoiceSettings,
    WeightSettings,
    WorkerSettings,
)
from studio.settings_file import read_settings_file

HOME = Path(__file__).resolve().parents[2]
"""The studio's own folder, which contains app.py."""

LOCAL_FILE = "settings.local.yaml"
"""What was chosen in the page, in the data folder."""

LONGEST_SHOWN_VALUE = 100
SECRETS = frozenset({"server.token", "language.api_key"})
"""Settings whose values are never shown, not even wrong ones."""

_NOTHING: Mapping[str, Any] = {}
_chosen_in_page = ContextVar("what settings.local.yaml holds", default=_NOTHING)


class _SettingsFile(YamlConfigSettingsSource):
    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return read_settings_file(file_path)


class Settings(BaseSettings):
    """All settings. Frozen; what may be changed while the studio runs is changed in `studio.preferences`."""

    model_config = SettingsConfigDict(
        env_prefix="GREENROOM_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
        yaml_file=HOME / "settings.yaml",
    )

    server: ServerSettings = ServerSettings()
    data: DataSettings = DataSettings()
    memory: MemorySettings = MemorySettings()
    workers: WorkerSettings = WorkerSettings()
    lanes: LaneSettings = LaneSettings()
    jobs: JobSettings = JobSettings()
    voiceover: VoiceoverSettings = VoiceoverSettings()
    voices: VoiceSettings = VoiceSettings()
    library: LibrarySettings = LibrarySettings()
    engines: EngineSettings = EngineSettings()
    comfyui: ComfyUISettings = ComfyUISettings()
    environments: EnvironmentSettings = EnvironmentSettings()
    weights: WeightSettings = WeightSettings()
    language: LanguageSettings = LanguageSettings()
    page: PageSettings = PageSettings()

    _without_choices: Settings | None = PrivateAttr(None)

    @property
    def without_choices(self) -> Settings:
        """The same without what was chosen in the page."""
        return self._without_choices or self

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: _Source, env_settings: _Source, dotenv_settings: _Source,
        file_secret_settings: _Source,
    ) -> tuple[_Source, ...]:  # fmt: skip
        chosen = InitSettingsSource(settings_cls, dict(_chosen_in_page.get()))
        return init_settings, env_settings, chosen, _SettingsFile(settings_cls)

    @property
    def data_folder(self) -> Path:
        folder = self.data.folder.expanduser()
        return folder if folder.is_absolute() else HOME / folder


def load_settings(**overrides: Any) -> Settings:
    """Return the settings of this start: settings.yaml, then what was chosen in the page (settings.local.yaml), then
    GREENROOM_… variables, then `overrides` (the command line's).

    Raises:
        SettingsError: one sentence with the key, its value and what is allowed.
    """
    _refuse_unknown_variables()
    plain = _validated(overrides, _NOTHING)
    chosen = read_chosen(plain.data_folder / LOCAL_FILE)
    if not chosen:
        return plain
    try:
        settings = _validated(overrides, chosen)
    except SettingsError as error:
        raise SettingsError("settings.local-wrong", file=LOCAL_FILE, problem=error.message) from None
    settings._without_choices = plain
    return settings


def read_chosen(path: Path) -> dict[str, dict[str, Any]]:
    """What was chosen in the page, by group; {} without the file.

    Raises:
        SettingsError: it is no such file, or it names the data folder, in which it lies.
    """
    if not os.access(path.parent, os.X_OK):  # a data folder that cannot be is told by who opens it
        return {}
    chosen = {group: values for group, values in read_settings_file(path).items() if values is not None}
    for group, values in chosen.items():
        if group not in Settings.model_fields:
            raise SettingsError("settings.unknown", setting=group, known=sorted(Settings.model_fields))
        if not isinstance(values, dict):
            rule = "it should be a group of settings"
            raise SettingsError("settings.value-wrong", setting=group, given=type(values).__name__, rule=rule)
    if "folder" in chosen.get("data", {}):
        raise SettingsError("settings.folder-in-local", file=path.name)
    return chosen


def _validated(overrides: Mapping[str, Any], chosen: Mapping[str, Any]) -> Settings:
    token = _chosen_in_page.set(chosen)
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise explained(error) from None
    except UnreadableVariableError as error:
        raise SettingsError("settings.variable-unreadable", problem=error) from None
    except RecursionError:
        raise SettingsError("settings.variable-nested") from None
    finally:
        _chosen_in_page.reset(token)


def _refuse_unknown_variables() -> None:
    """Refuse misspelt environment variables, which pydantic-settings would ignore."""
    prefix = "GREENROOM_"
    for variable in os.environ:
        if variable.startswith(prefix):
            group, _, key = variable.removeprefix(prefix).lower().partition("__")
            field = Settings.model_fields.get(group)
            known = field.annotation.model_fields if field is not None else {}  # type: ignore[union-attr]
            if field is None or (key and key not in known):
                allowed = ", ".join(sorted(known if field is not None else Settings.model_fields))
                raise SettingsError("settings.variable-unknown", variable=variable, known=allowed)


def explained(error: ValidationError, *within: str) -> SettingsError:
    """Return the first validation error in a sentence that never shows a secret. `within`: the path to the validated group."""
    first = error.errors()[0]
    place = (*within, *(str(part) for part in first["loc"]))
    where, shown = ".".join(place), repr(first["input"])
    if first["type"] == "extra_forbidden":
        group = Settings.model_fields.get(place[0])
        known = group.annotation.model_fields if group and len(place) > 1 else Settings.model_fields  # type: ignore[union-attr]
        return SettingsError("settings.unknown", setting=where, known=sorted(known))
    if where in SECRETS or any(secret.startswith(f"{where}.") for secret in SECRETS):
        return SettingsError("settings.secret-wrong", setting=where, rule=first["msg"])
    given = shown if len(shown) <= LONGEST_SHOWN_VALUE else f"{shown[:LONGEST_SHOWN_VALUE]}…"
    return SettingsError("settings.value-wrong", setting=where, given=given, rule=first["msg"])
