"""The spec of a clip: a prompt or a list of shots, an engine, a size, a voice, music, captions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from capabilities.common.seed import LARGEST_SEED

LONGEST_PROMPT = 60_000
"""Characters; words are counted by the capability, which says how many are too many."""
MOST_SHOTS = 200

Captions = Literal["burned", "soft", "off"]
Joining = Literal["crossfade", "cut"]


class ShotSpec(BaseModel):
    """One shot.

    Args:
        prompt: description of the picture.
        say: text that is spoken, in the script language of a voiceover.
        seconds: minimum length; None for the speech's length, or the default one without speech.
        frames: frames, instead of seconds.
        camera: camera move in a few words, "" for the engine's choice.
        image: an uploaded picture or an output of the library that it shows or begins with.
        seed: None for the clip's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    prompt: str = Field("", max_length=LONGEST_PROMPT)
    say: str = Field("", max_length=20_000)
    seconds: Annotated[float, Field(ge=0.2, le=600)] | None = None
    frames: int | None = None
    camera: str = Field("", max_length=100)
    image: str = Field("", max_length=4_000)
    seed: int | None = Field(None, ge=0, le=LARGEST_SEED)


class VideoSpec(BaseModel):
    """One clip from text.

    Args:
        prompt: description of the picture, instead of `shots`; an engine that burns captions (the animatic) reads it as a script
            with a shot for each sentence, others take each line as a shot.
        engine: id of a video engine, or "auto".
        options: of that engine.
        size: the id of one of the engine's sizes, or "1280x720"; "" for the engine's first.
        fps: frames per second; 0 for the engine's default.
        frames: frames of each shot without a length of its own.
        narration: whether the shots' texts are spoken; None if there is any text.
        voice, speakers, language: as for a voiceover.
        music: an uploaded sound or an output, lowered under the speech.
        captions: "burned" into the frames, "soft" as a track in the file and as separate files, or "off".
        parent: the output that this one is based on, "" for none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    prompt: str = Field("", max_length=LONGEST_PROMPT)
    negative: str = Field("", max_length=4_000)
    shots: list[ShotSpec] = Field([], max_length=MOST_SHOTS)
    engine: str = Field("auto", max_length=100)
    options: dict[str, Any] = {}
    size: str = Field("", max_length=40)
    fps: Annotated[float, Field(ge=0, le=60)] = 0
    frames: int | None = None
    seconds: Annotated[float, Field(ge=0.2, le=600)] | None = None
    seed: int | None = Field(None, ge=0, le=LARGEST_SEED)
    narration: bool | None = None
    voice: str = Field("", max_length=200)
    speakers: dict[str, str] = {}
    language: str = Field("auto", max_length=35)
    music: str = Field("", max_length=4_000)
    music_level: Annotated[float, Field(ge=-40, le=0)] = -12
    captions: Captions = "burned"
    join: Joining = "crossfade"
    quality: Annotated[int, Field(ge=1, le=100)] = 80
    title: str = Field("", max_length=200)
    parent: str = Field("", max_length=200)


class ImageVideoSpec(VideoSpec):
    """One clip that begins with, or shows, a picture: `image` is an uploaded file or an output."""

    image: str = Field("", max_length=4_000)
