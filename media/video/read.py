"""Reading moving pictures as a bounded stream of RGB frames, upright, at a constant rate, whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from media.audio.decode import open_media
from media.errors import MediaError
from media.video.tone_mapping import HDR_CURVES, tone_mapped

Picture = NDArray[np.uint8]
"""RGB, [height, width, 3]."""

LARGEST_SIDE = 8192
FASTEST, SLOWEST = Fraction(120), Fraction(1)
USUAL_RATE = Fraction(25)

_EXPORT_AGAIN = "Export or download it again."
_USE_VIDEO = "Use an MP4, MOV, WebM, MKV or AVI file with a picture track."


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says about its pictures.

    Args:
        width, height: upright, after the file's rotation.
        fps: pictures a second; the average where the rate varies.
        duration: seconds, of the pictures.
        rotation: degrees counter-clockwise that the stored pictures are turned by for showing, a multiple of 90.
        hdr: high dynamic range (PQ or HLG), which reading maps to the usual range.
    """

    width: int
    height: int
    fps: Fraction
    duration: float
    rotation: int
    hdr: bool
    has_audio: bool
    codec: str

    @property
    def frames(self) -> int:
        """Pictures at the constant rate `fps`, at least one."""
        return max(1, round(self.duration * self.fps))


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture and the time at which it is shown, in seconds from the first."""

    picture: Picture
    time: float


def probe_video(path: Path | str) -> VideoInfo:
    """What a video holds; its first picture is decoded, so a file that passes can be read.

    Raises:
        MediaError: in words, for a file that is missing, damaged, no video, or too large in width or height.
    """
    path = Path(path)
    with open_media(path) as container:
        stream = _pictures_of(container, path)
        try:
            first = next(container.decode(stream), None)
        except av.error.FFmpegError:
            first = None
        if first is None:
            raise MediaError(f"The pictures in {path.name} cannot be read.", _EXPORT_AGAIN)
        turned = round(first.rotation / 90) * 90 % 360
        width, height = (first.height, first.width) if turned in (90, 270) else (first.width, first.height)
        if max(width, height) > LARGEST_SIDE:
            raise MediaError(
                f"{path.name} is {width} × {height} pixels; {LARGEST_SIDE} on the longer side is the most.", "Make it smaller."
            )
        return VideoInfo(
            width=width,
            height=height,
            fps=_rate_of(stream),
            duration=_seconds_of(container, stream, path),
            rotation=turned,
            hdr=int(first.color_trc) in HDR_CURVES,
            has_audio=bool(container.streams.audio),
            codec=stream.codec_context.name,
        )


def read_frames(path: Path | str, fps: Fraction | None = None, first: int = 0, count: int | None = None) -> Iterator[Frame]:
    """The pictures of a video, one in memory at a time.

    With `fps` they come at that constant rate: picture k is the one shown at k/fps, so a varying rate keeps its timing. The last
    one is repeated up to `count`; without `count` reading ends with the file. Without `fps` each stored picture comes once.

    Args:
        first: the number of the first picture wanted; only with `fps`.

    Raises:
        MediaError: as probe_video; damage may show only after good pictures were given.
    """
    path = Path(path)
    with open_media(path) as container:
        stream = _pictures_of(container, path)
        stream.thread_type = "AUTO"
        if fps is None:
            yield from (Frame(_upright(frame), time) for time, frame in _shown(container, stream, path, 0.0))
            return
        yield from _at_constant_rate(_shown(container, stream, path, float(first / fps)), fps, first, count)


def _at_constant_rate(shown: Iterator[tuple[float, VideoFrame]], fps: Fraction, first: int, count: int | None) -> Iterator[Frame]:
    at, end = first, None if count is None else first + count
    before: VideoFrame | None = None
    picture: Picture | None = None
    for time, frame in shown:
        # A picture shown up to half a tick late still belongs to its tick: stored times are rounded.
        while before is not None and (end is None or at < end) and at / fps < time - 0.5 / float(fps):
            picture = _upright(before) if picture is None else picture
            yield Frame(picture, float(at / fps))
            at += 1
        before, picture = frame, None
        if end is not None and at >= end:
            return
    if before is None:
        return
    picture = _upright(before)
    last = at + 1 if end is None else end
    while at < last:
        yield Frame(picture, float(at / fps))
        at += 1


def _shown(container: InputContainer, stream: VideoStream, path: Path, start: float) -> Iterator[tuple[float, VideoFrame]]:
    """Pictures in order with their times from the first one's; from the last one at or before `start` on."""
    base = stream.time_base or Fraction(1, 1000)
    origin = stream.start_time or 0
    if start > 0:
        container.seek(max(0, origin + int(start / base)), stream=stream, backward=True)
    held: tuple[float, VideoFrame] | None = None
    good = broken = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            packet, broken = None, broken + 1
        if packet is None:
            break
        try:
            decoded = packet.decode()
        except av.error.FFmpegError:
            broken += 1
            continue
        for frame in decoded:
            good += 1
            time = float(((frame.pts if frame.pts is not None else origin) - origin) * base)
            if time > start and held is not None:
                yield held
                held = None
            if time < start:
                held = (time, frame)
            else:
                held = None
                yield time, frame
    if held is not None:
        yield held
    if not good or broken > good:
        raise MediaError(f"The pictures in {path.name} are damaged.", _EXPORT_AGAIN)


def _pictures_of(container: InputContainer, path: Path) -> VideoStream:
    streams = [one for one in container.streams.video if one.codec_context and not one.disposition & Disposition.attached_pic]
    if not streams:
        holds = "holds sound and no pictures" if container.streams.audio else "holds no pictures"
        raise MediaError(f"{path.name} {holds}.", _USE_VIDEO)
    return streams[0]


def _rate_of(stream: VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    if not rate or rate <= 0:
        return USUAL_RATE
    return min(FASTEST, max(SLOWEST, Fraction(rate).limit_denominator(1001)))


def _seconds_of(container: InputContainer, stream: VideoStream, path: Path) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and container.duration > 0:
        return container.duration / av.time_base
    return _counted_seconds(path)


def _counted_seconds(path: Path) -> float:
    """The end of the last packet, for live recordings (a browser's WebM) that declare no length."""
    begin, end = None, 0.0
    with open_media(path) as container:
        try:
            for packet in container.demux(_pictures_of(container, path)):
                if packet.pts is not None and packet.time_base:
                    time = float(packet.pts * packet.time_base)
                    begin = time if begin is None else min(begin, time)
                    end = max(end, time + float((packet.duration or 0) * packet.time_base))
        except av.error.FFmpegError:
            pass
    return max(0.0, end - (begin or 0.0))


def _upright(frame: VideoFrame) -> Picture:
    if int(frame.color_trc) in HDR_CURVES:
        picture = tone_mapped(frame)
    else:
        matrix = Colorspace.ITU709 if frame.colorspace == 1 or (frame.colorspace == 2 and frame.height >= 720) else None
        plain = frame.reformat(format="rgb24", src_colorspace=matrix) if matrix else frame.reformat(format="rgb24")
        picture = np.asarray(plain.to_ndarray(), np.uint8)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture
