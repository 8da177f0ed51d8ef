"""The spec of a transcription."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from capabilities.transcription.run import AUTO


class TranscriptionSpec(BaseModel):
    """One sound to transcribe.

    Args:
        audio: path of a file among the uploads, the outputs or the voices; or an output's id.
        engine: an engine's id or "auto".
        language: BCP-47 tag of the speech, or "auto".
        options: of the engine; none with "auto".
        chosen: reason for the choice of the engine; filled in.
        name: the file's display name, "" for the path's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    audio: str = Field(min_length=1, max_length=4_000)
    engine: str = Field(AUTO, max_length=100)
    language: str = Field(AUTO, max_length=35)
    options: dict[str, Any] = {}
    chosen: str = ""
    name: str = Field("", max_length=200)
