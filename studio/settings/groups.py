"""The groups of settings: each value with what is allowed for it."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class SettingsGroup(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _address_or_none(value: str, example: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s?#]*)?", value):
        raise ValueError(f"it should be an address such as {example}")
    return value.rstrip("/")


class ServerSettings(SettingsGroup):
    host: str = "127.0.0.1"
    port: int = Field(7860, ge=1, le=65535)
    max_upload_mb: int = Field(500, ge=1, le=100_000)
    allowed_hosts: tuple[str, ...] = ()
    token: str = ""
    https: bool = False
    root_path: str = ""
    trusted_proxies: tuple[str, ...] = ()
    realtime_origins: tuple[Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?$")], ...] = ()

    @field_validator("token")
    @classmethod
    def _worth_guessing_at(cls, value: str) -> str:
        if value and not re.fullmatch(r"[\x21-\x7e]{16,256}", value):
            raise ValueError("it should be 16 to 256 letters, digits and signs without a space")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one)
            except ValueError:
                raise ValueError("each should be an address or a network, such as 127.0.0.1 or 10.0.0.0/8") from None
        return value

    @field_validator("root_path")
    @classmethod
    def _path(cls, value: str) -> str:
        if (value := value.rstrip("/")) and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", value):
            raise ValueError("it should be a path such as /greenroom")
        return value


class DataSettings(SettingsGroup):
    folder: Path = Path("data")
    weights: tuple[Path, ...] = ()


class MemorySettings(SettingsGroup):
    hard_limit: float = Field(0.80, gt=0, le=1)
    admit_limit: float = Field(0.85, gt=0, le=1)
    kill_limit: float = Field(0.92, gt=0, le=1)
    reserve_heavy_gib: float = Field(16, ge=0)
    reserve_medium_gib: float = Field(10, ge=0)
    reserve_light_gib: float = Field(2, ge=0)
    sample_seconds: float = Field(1.0, ge=0.05, le=60)
    return_tolerance_gib: float = Field(0.3, ge=0)
    wait_seconds: float = Field(1800, ge=0)
    pause_above_celsius: float = Field(88, ge=0, le=150)
    resume_below_celsius: float = Field(80, ge=0, le=150)


class WorkerSettings(SettingsGroup):
    idle_heavy_seconds: float = Field(300, ge=0)
    idle_medium_seconds: float = Field(900, ge=0)
    idle_light_seconds: float = Field(0, ge=0)
    start_seconds: float = Field(120, ge=1)
    cancel_grace_seconds: float = Field(1.0, ge=0, le=10)
    heartbeat_seconds: float = Field(15, ge=1)


class LaneSettings(SettingsGroup):
    cpu_jobs: int = Field(2, ge=1, le=64)


class JobSettings(SettingsGroup):
    keep_days: float = Field(90, ge=0)
    keep_count: int = Field(20_000, ge=100)


class VoiceoverSettings(SettingsGroup):
    paragraph_pause: float = Field(0.8, ge=0, le=10)
    sentence_pause: float = Field(0.45, ge=0, le=10)
    clause_pause: float = Field(0.28, ge=0, le=10)
    comma_pause: float = Field(0.16, ge=0, le=10)
    speaker_pause: float = Field(0.5, ge=0, le=10)
    scene_pause: float = Field(1.2, ge=0, le=30)
    chapter_pause: float = Field(1.6, ge=0, le=30)
    subtitle_line: int = Field(0, ge=0, le=120)
    subtitle_lines: int = Field(2, ge=1, le=4)
    subtitle_speed: float = Field(0, ge=0, le=100)
    speak_chapters: bool = False
    loudness: Literal[-14, -16, -19, -23] = -16
    true_peak: float = Field(-1.0, ge=-9, le=0)
    retries: int = Field(2, ge=0, le=10)
    check: Literal["off", "flag", "repair"] = "flag"
    check_tries: int = Field(2, ge=1, le=10)
    keep_takes: bool = True
    likeness_floor: float | None = Field(None, ge=0, le=1)
    likeness_floors: dict[str, float] = {}
    longest_chunk: int = Field(300, ge=40, le=5_000)

    @field_validator("loudness", mode="before")
    @classmethod
    def _from_a_variable(cls, value: Any) -> Any:
        """A choice of numbers compares by type, and an environment variable brings text."""
        return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdigit() else value


class VoiceSettings(SettingsGroup):
    shortest_seconds: float = Field(3, ge=0.5, le=30)
    longest_seconds: float = Field(30, ge=3, le=600)


class LibrarySettings(SettingsGroup):
    quota_gib: float = Field(50, gt=0)
    retention_days: float = Field(0, ge=0)
    segment_cache_gib: float = Field(10, gt=0)


class EngineSettings(SettingsGroup):
    default_speech: str = "auto"
    fish_url: str = ""
    extra: tuple[str, ...] = ()

    @field_validator("fish_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _address_or_none(value, "http://127.0.0.1:8080")

    @field_validator("extra")
    @classmethod
    def _module_and_class(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            module, _, name = value.partition(":")
            if not (module and name.isidentifier()):
                raise ValueError(f'"{value}" is not of the form "module:Class"')
        return values


class ComfyUISettings(SettingsGroup):
    url: str = ""
    path: Path | None = None
    python: Path | None = None
    arguments: tuple[str, ...] = ()
    model_roots: str = ""
    max_upload_mb: int = Field(2048, ge=1, le=100_000)
    start_seconds: float = Field(300, ge=5)
    silence_seconds: float = Field(180, ge=1)
    run_hours: float = Field(12, gt=0, le=1000)

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _address_or_none(value, "http://127.0.0.1:8188")


class EnvironmentSettings(SettingsGroup):
    install_on_gpu: bool = True


class WeightSettings(SettingsGroup):
    offline: Literal["auto"] | bool = "auto"
    token_file: Path | None = None


class LanguageSettings(SettingsGroup):
    url: str = ""
    model: str = Field("", max_length=300)
    api_key: str = Field("", pattern=r"^[\x21-\x7e]{0,1000}$")
    answer_seconds: float = Field(300, ge=1, le=3600)

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _address_or_none(value, "http://127.0.0.1:11434/v1")


class PageSettings(SettingsGroup):
    first_run: bool = True
