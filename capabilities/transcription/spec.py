"""What a transcription is asked for with."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from capabilities.transcription.run import AUTO


class TranscriptionSpec(BaseModel):
    """One sound to be written down.

    Args:
        audio: path of a file among the uploads, the outputs or the voices; or an output's id.
        engine: an engine's id or "auto".
        language: BCP-47 tag of what is spoken, or "auto".
        options: of the engine; none with "auto".
        chosen: why the engine was taken; filled in.
        name: the file's name as the person knows it, "" for the path's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    audio: str = Field(min_length=1, max_length=4_000)
    engine: str = Field(AUTO, max_length=100)
    language: str = Field(AUTO, max_length=35)
    options: dict[str, Any] = {}
    chosen: str = ""
    name: str = Field("", max_length=200)
