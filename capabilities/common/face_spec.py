"""What lip-sync and portrait animation are asked for with."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from capabilities.voiceover.spec import LARGEST_SEED
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


class LipSyncSpec(FaceSpec):
    """One face that speaks.

    Args:
        face: path or output id of a picture or a video.
        audio: path or output id of the speech; "" when `text` is to be spoken first.
        text, voice: what to say and in which voice, as a voiceover takes them.
        transcript: what is said in `audio`, where it is known; helps with English.
        language: of `audio`, "" when unknown.
        fps: pictures a second of a still; a video keeps its own.
        length: the result lasts as long as the sound, or as the picture's video.
        narration: the prepared voiceover of `text`; filled in when the job is queued.
    """

    face: str = Field(max_length=4_000)
    audio: str = Field("", max_length=4_000)
    text: str = Field("", max_length=100_000)
    voice: str = Field("", max_length=200)
    transcript: str = Field("", max_length=100_000)
    language: str = Field("", max_length=35)
    fps: float = Field(25.0, ge=5, le=60)
    length: Literal["sound", "picture"] = "sound"
    narration: dict[str, Any] = {}


class PortraitSpec(FaceSpec):
    """A portrait that follows a performance.

    Args:
        portrait: path or output id of a picture.
        driving_video: path or output id of a video; its sound goes into the result.
    """

    portrait: str = Field(max_length=4_000)
    driving_video: str = Field(max_length=4_000)
    driving_face: int = Field(0, ge=0, le=63)
