"""The specs of lip-sync and portrait animation."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from capabilities.common.seed import LARGEST_SEED
from engines.contract.faces import FaceChoice

AUTO = "auto"


class FaceSpec(BaseModel):
    """Fields that both kinds of job share.

    Args:
        options: of the engine.
        face_index: which face of the picture, the largest is 0.
        face_x, face_y: instead of it, a point on the face, in fractions of width and height; -1 for none.
        seconds: only so much from the beginning, for a preview; 0 for all.
        quality: of the file, 1 to 100.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    engine: str = Field(AUTO, max_length=100)
    options: dict[str, Any] = {}
    face_index: int = Field(0, ge=0, le=63)
    face_x: float = Field(-1.0, ge=-1, le=1)
    face_y: float = Field(-1.0, ge=-1, le=1)
    seconds: float = Field(0.0, ge=0, le=36_000)
    quality: int = Field(80, ge=1, le=100)
    seed: int = Field(0, ge=0, le=LARGEST_SEED)
    title: str = Field("", max_length=200)

    @property
    def choice(self) -> FaceChoice:
        return FaceChoice(self.face_index, self.face_x, self.face_y)
