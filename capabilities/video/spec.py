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
        prompt: what is to be seen.
        say: what is spoken over it, in the script language of a voiceover.
        seconds: how long it lasts at least; None takes the speech's length, or the usual one without speech.
        frames: pictures, instead of seconds.
        camera: its move in a word or a few, "" for the engine's choice.
        image: an uploaded picture or an output of the library that it shows or begins with.
        seed: None takes the clip's.
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
    """One clip from words.

    Args:
        prompt: what is to be seen; an engine that burns captions itself (the animatic) reads it as a script, a shot for each
            sentence, others take each line for a shot. Stands in for `shots`.
        engine: id of a video engine, or "auto".
        options: of that engine.
        size: the id of one of the engine's sizes, or "1280x720"; "" takes the engine's first.
        fps: pictures a second; 0 takes the engine's usual.
        frames: pictures of each shot that has no length of its own.
        narration: whether what the shots say is spoken; None speaks it where there is something to say.
        voice, speakers, language: as for a voiceover.
        music: an uploaded sound or an output, led under the speech.
        captions: "burned" into the pictures, "soft" as a track in the file and as files beside it, or "off".
        parent: the output that this one was made from, "" for none.
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
