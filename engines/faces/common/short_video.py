"""What a video shows that is shorter than the speech for it: an option that every engine has whose videos speak."""

from __future__ import annotations

from typing import Any, Literal

from engines.contract import option

ShortVideo = Literal["hold", "loop", "pingpong"]


def short_video_option() -> Any:
    """The option's field; whoever runs the job makes the video longer, an engine takes it as it comes."""
    return option(
        "hold",
        "Short video",
        "A video shorter than the speech holds its last picture, begins again (loop), or runs back and forth (pingpong).",
        common=True,
        only_for="lip_sync",
    )
