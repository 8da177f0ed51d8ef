"""The spec of a portrait animation."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from capabilities.common.face_spec import MOST_FACES, FaceSpec, agreed, rank_of
from engines.contract.faces import FaceChoice


class PortraitSpec(FaceSpec):
    """One portrait animation.

    Args:
        portrait: path or output id of a picture.
        driving_video: path or output id of a video; the result has its sound.
        driving_face_number: the face in that video, 1 for the largest; 0 uses `driving_face`.
        driving_face: the same counted from 0, as in the first version of the API.
    """

    portrait: str = Field(max_length=4_000)
    driving_video: str = Field(max_length=4_000)
    driving_face_number: int = Field(0, ge=0, le=MOST_FACES)
    driving_face: int = Field(0, ge=0, le=MOST_FACES - 1)

    @model_validator(mode="after")
    def _one_leader(self) -> Self:
        agreed("driving_face_number", self.driving_face_number, "driving_face", self.driving_face)
        return self

    @property
    def driving_choice(self) -> FaceChoice:
        return FaceChoice(rank_of(self.driving_face_number, self.driving_face))
