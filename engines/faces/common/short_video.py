"""The option for a video that is shorter than its speech, which every engine for talking videos has."""

from __future__ import annotations

from typing import Any, Literal

from engines.contract import option

ShortVideo = Literal["hold", "loop", "pingpong"]


def short_video_option() -> Any:
    """Return the option's field. The job extends the video; engines use it as it is."""
    return option(
        "hold",
        "Short video",
        "A video shorter than the speech holds its last picture, begins again (loop), or runs back and forth (pingpong).",
        common=True,
        only_for="lip_sync",
    )
