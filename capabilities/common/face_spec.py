"""The specs of lip-sync and portrait animation."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from capabilities.common.seed import LARGEST_SEED
from engines.contract.faces import FaceChoice
from studio.errors import InvalidInput

AUTO = "auto"
MOST_FACES = 64


class FaceSpec(BaseModel):
    """Fields that both kinds of job share.

    Args:
        options: of the engine.
        face_number: the face of the picture, 1 for the largest; 0 uses `face_index`.
        face_index: the same counted from 0, as in the first version of the API; 0 if left out.
        face_x, face_y: a point on the face instead, in fractions of width and height; -1 for none.
        seconds: length of a preview, from the beginning; 0 for all.
        quality: of the file, 1 to 100.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    engine: str = Field(AUTO, max_length=100)
    options: dict[str, Any] = {}
    face_number: int = Field(0, ge=0, le=MOST_FACES)
    face_index: int = Field(0, ge=0, le=MOST_FACES - 1)
    face_x: float = Field(-1.0, ge=-1, le=1)
    face_y: float = Field(-1.0, ge=-1, le=1)
    seconds: float = Field(0.0, ge=0, le=36_000)
    quality: int = Field(80, ge=1, le=100)
    seed: int = Field(0, ge=0, le=LARGEST_SEED)
    title: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _one_face(self) -> Self:
        agreed("face_number", self.face_number, "face_index", self.face_index)
        return self

    @property
    def choice(self) -> FaceChoice:
        return FaceChoice(rank_of(self.face_number, self.face_index), self.face_x, self.face_y)


def agreed(number_name: str, number: int, index_name: str, index: int) -> None:
    """Check that a face's number and its index do not name different faces.

    Raises:
        InvalidInput: both are given and differ.
    """
    if number and index and number - 1 != index:
        raise InvalidInput(
            "face.numbers-disagree", number_name=number_name, number=number, index_name=index_name, index=index, same=index + 1
        )


def rank_of(number: int, index: int) -> int:
    """Return the rank of a face, 0 for the largest, from a spec's number (counted from 1), else from its index."""
    return number - 1 if number else index
