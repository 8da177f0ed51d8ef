"""The spec of a job of a template."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class CharacterSwapSpec(BaseModel):
    """One job of a template, or of the built-in swap.

    Args:
        template: id of a template, or of the built-in one.
        reference_image, driving_video: an uploaded file or an output of the library; the inputs of these names.
        inputs: further ones, by the keys of the template's manifest.
        options: values of the template's parameters, and points by the keys of their inputs.
        trim_start, trim_end: the used part of the driving video in seconds; an end of 0 is the file's.
        title: of the result.
        parent: the output that this one is based on, "" for none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    template: str = Field(max_length=100)
    reference_image: str = Field("", max_length=4_000)
    driving_video: str = Field("", max_length=4_000)
    inputs: dict[str, str] = Field({}, max_length=20)
    options: dict[str, Any] = {}
    trim_start: float = Field(0.0, ge=0, le=86_400)
    trim_end: float = Field(0.0, ge=0, le=86_400)
    title: str = Field("", max_length=200)
    parent: str = Field("", max_length=200)

    @property
    def files(self) -> dict[str, str]:
        """Every given file, by the key of its input."""
        named = {"reference_image": self.reference_image, "driving_video": self.driving_video, **self.inputs}
        return {key: value for key, value in named.items() if value}
