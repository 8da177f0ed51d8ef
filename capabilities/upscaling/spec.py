"""The spec of an upscale."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

AUTO = "auto"


class UpscaleSpec(BaseModel):
    """One video to upscale.

    Args:
        video: an uploaded file or an output of the library.
        engine: id of an upscaling engine, or "auto".
        options: of that engine; each has `scale`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    video: str = Field("", max_length=4_000)
    engine: str = Field(AUTO, max_length=100)
    options: dict[str, Any] = {}
    quality: Annotated[int, Field(ge=1, le=100)] = 85
    title: str = Field("", max_length=200)
