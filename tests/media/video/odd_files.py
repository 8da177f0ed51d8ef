"""Small films that are stored in odd ways, written by libav alone and not by this program's writer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Audio

_ONE = 1 << 16


def film(
    path: Path,
    pictures: Sequence[NDArray[np.uint8]],
    fps: int = 25,
    sound: Audio | None = None,
    layout: str = "mono",
    late: float = 0.0,
    aspect: Fraction | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> Path:
    """Pictures and sound as a film.

    Args:
        late: seconds by which the sound begins after the picture; below 0 the picture is the late one.
        aspect: width by height of a pixel. options: of the pictures' encoder.
    """
    with av.open(str(path), "w") as target:
        shown: Any = target.add_stream(codec, rate=fps)
        shown.height, shown.width = pictures[0].shape[:2]
        shown.pix_fmt, shown.options = "yuv420p", options or ({"crf": "12"} if codec == "libx264" else {})
        if aspect is not None:
            shown.codec_context.sample_aspect_ratio = aspect
        track: Any = target.add_stream("aac", rate=sound.rate, layout=layout) if sound is not None else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number + round(max(0.0, -late) * fps), Fraction(1, fps)
            target.mux(shown.encode(frame))
        target.mux(shown.encode(None))
        if sound is not None:
            heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.samples.T), format="fltp", layout=layout)
            heard.sample_rate, heard.time_base = sound.rate, Fraction(1, sound.rate)
            heard.pts = round(max(0.0, late) * sound.rate)
            target.mux(track.encode(heard))
            target.mux(track.encode(None))
    return path


def with_matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """The same MP4 file with a display matrix of these signs (ISO 14496-12, track header)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    matrix = [a * _ONE, b * _ONE, 0, c * _ONE, d * _ONE, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    told = path.with_name(f"{path.stem}-shown.mp4")
    told.write_bytes(data)
    return told
