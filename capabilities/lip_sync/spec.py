"""The spec of a lip-sync."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from capabilities.common.face_spec import FaceSpec


class LipSyncSpec(FaceSpec):
    """One lip-sync.

    Args:
        face: path or output id of a picture or a video.
        audio: path or output id of the speech; "" to synthesise `text`.
        text, voice: as in a voiceover.
        transcript: of `audio`, if known; improves English.
        language: of `audio`, "" if unknown.
        fps: frames per second of a still; a video keeps its own.
        length: whether the result is as long as the sound, or as the video.
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
    narration: dict[str, Any] = Field({})
