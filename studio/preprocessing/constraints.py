"""The constraints of a workflow on a picture or a video, as values that a manifest can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from studio.validation import validated


class Constraints(BaseModel):
    """Limits of one input; 0 means no limit.

    Args:
        multiple: width and height become multiples of this.
        max_width, max_height: of a landscape picture; swapped for a portrait one.
        width, height: exact size instead: filled, and cropped evenly.
        fps: frames per second.
        frames_multiple: the number of frames becomes n × this + 1 ("4n+1" is 4).
        max_frames: maximum of frames, from the beginning of the used part.
        max_mb: the largest file that the server accepts.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    multiple: int = Field(2, ge=1, le=256)
    max_width: int = Field(0, ge=0, le=8192)
    max_height: int = Field(0, ge=0, le=8192)
    width: int = Field(0, ge=0, le=8192)
    height: int = Field(0, ge=0, le=8192)
    fps: float = Field(0.0, ge=0, le=120)
    frames_multiple: int = Field(0, ge=0, le=64)
    max_frames: int = Field(0, ge=0, le=1_000_000)
    max_mb: float = Field(0.0, ge=0)

    def size_for(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of a picture of `width` by `height` pixels after preparation: never larger, unless a size is exact."""
        step = self.multiple
        if self.width and self.height:
            return _stepped(self.width, step), _stepped(self.height, step)
        long, short = max(self.max_width, self.max_height), min(self.max_width, self.max_height)
        most_wide, most_high = (long, short) if width >= height else (short, long)
        scale = min(1.0, most_wide / width if most_wide else 1.0, most_high / height if most_high else 1.0)
        return _stepped(width * scale, step), _stepped(height * scale, step)

    def count_for(self, frames: int) -> int:
        """Return how many of `frames` frames are used."""
        count = min(frames, self.max_frames) if self.max_frames else frames
        if self.frames_multiple:
            count = (count - 1) // self.frames_multiple * self.frames_multiple + 1
        return max(1, count)


def constraints_of(given: Constraints | Mapping[str, Any] | BaseModel | None) -> Constraints:
    """Constraints out of whatever holds them: a mapping, another model with fields of the same names, or nothing.

    Raises:
        InvalidInput: a value that no limit can have, naming it.
    """
    if isinstance(given, Constraints):
        return given
    if isinstance(given, BaseModel):
        given = given.model_dump(exclude_none=True)
    return validated(Constraints, {key: value for key, value in (given or {}).items() if value is not None}, "constraint")


def _stepped(length: float, step: int) -> int:
    return max(step, int(length + 1e-6) // step * step)
