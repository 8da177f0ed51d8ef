"""Crossfades between clips, blended in the colour format of the files, without colour conversion."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av.error
import numpy as np
from numpy.typing import NDArray

from media.containers import open_media
from media.errors import MediaError
from media.video.write import QUICK, Excerpt, VideoWriter

Planes = NDArray[np.uint8]
"""Brightness and both colours (yuv420p), [height * 3 / 2, width]."""


def write_crossfade(path: Path, going: Excerpt, coming: Excerpt, fps: Fraction, size: tuple[int, int], quality: int) -> None:
    """Write as many pictures as each of the two excerpts has, from almost all of the first to almost all of the second.

    Args:
        going, coming: of files that VideoWriter made in this size and rate, with a keyframe where each begins.

    Raises:
        MediaError: a file is missing, damaged or too short, or the new one cannot be written.
    """
    import cv2

    count = going.last - going.first
    with VideoWriter(path, size, fps, quality, x264=QUICK) as writer:
        for number, (one, other) in enumerate(zip(_planes(going, fps), _planes(coming, fps), strict=True), 1):
            share = number / (count + 1)
            writer.write_planes(np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8))


def _planes(excerpt: Excerpt, fps: Fraction) -> Iterator[Planes]:
    left = excerpt.last - excerpt.first
    try:
        with open_media(excerpt.path) as container:
            stream = container.streams.video[0]
            tick = stream.time_base or Fraction(1, 90_000)
            container.seek(round(excerpt.first / fps / tick), stream=stream)
            for frame in container.decode(stream):
                if left and frame.pts is not None and round(frame.pts * tick * fps) >= excerpt.first:
                    left -= 1
                    yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
                if not left:
                    return
    except (av.error.FFmpegError, IndexError) as error:
        raise MediaError("picture.made-file-damaged", file=excerpt.path.name) from error
    raise MediaError("picture.file-shorter", file=excerpt.path.name)
