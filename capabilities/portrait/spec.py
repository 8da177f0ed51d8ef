"""The spec of a portrait animation."""

from __future__ import annotations

from pydantic import Field

from capabilities.common.face_spec import FaceSpec


class PortraitSpec(FaceSpec):
    """A portrait that follows a performance.

    Args:
        portrait: path or output id of a picture.
        driving_video: path or output id of a video; its sound goes into the result.
    """

    portrait: str = Field(max_length=4_000)
    driving_video: str = Field(max_length=4_000)
    driving_face: int = Field(0, ge=0, le=63)
