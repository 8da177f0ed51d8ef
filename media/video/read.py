"""Reading videos as a stream of RGB frames with bounded memory: upright, at a constant rate."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from media.containers import declared_end, open_media
from media.errors import MediaError
from media.video.animations import Animation, animation_pictures, read_animation
from media.video.deinterlacing import deinterlaced
from media.video.picture_formats import UNREADABLE
from media.video.tone_mapping import HDR_CURVES
from media.video.upright import shown_size, upright

Picture = NDArray[np.uint8]
"""RGB, [height, width, 3]."""

LARGEST_SIDE = 8192
FASTEST, SLOWEST = Fraction(120), Fraction(1)
USUAL_RATE = Fraction(25)

_BACK = (0.0, 10.0, 120.0, float("inf"))
"""Seconds before a wanted picture that are sought one after the other: transport streams have no index, and seeking in them may
arrive after the picture."""

_Shown = tuple[float, Callable[[], Picture]]
"""When a stored picture appears, and what makes it: one that is not requested is not converted."""


@dataclass(frozen=True)
class VideoInfo:
    """The properties that a video file declares of its pictures.

    Args:
        width, height: as displayed: after the file's rotation, with square pixels.
        fps: pictures a second; the average if the rate varies.
        duration: seconds, of the pictures.
        hdr: high dynamic range (PQ or HLG), which reading maps to standard range.
    """

    width: int
    height: int
    fps: Fraction
    duration: float
    hdr: bool
    has_audio: bool
    codec: str

    @property
    def frames(self) -> int:
        """Number of pictures at the constant rate `fps`, at least one."""
        return max(1, round(self.duration * self.fps))


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture and the time at which it is shown, in seconds from the first."""

    picture: Picture
    time: float


def probe_video(path: Path | str) -> VideoInfo:
    """Read the properties of a video; its first picture is decoded, so that a file that passes can be read.

    Raises:
        MediaError: the file is missing, damaged, no video, or too large in width or height.
    """
    path = Path(path)
    animation = read_animation(path)
    if animation is not None:
        return _info_of(animation, path)
    with open_media(path, "video") as container:
        stream = _pictures_of(container, path)
        try:
            first = next(container.decode(stream), None)
        except av.error.FFmpegError:
            first = None
        if first is None:
            raise MediaError("video.unreadable", file=path.name)
        width, height = shown_size(first, stream.sample_aspect_ratio)
        _check_size(width, height, path)
        return VideoInfo(
            width=width,
            height=height,
            fps=_rate_of(stream),
            duration=_seconds_of(container, stream, path),
            hdr=int(first.color_trc) in HDR_CURVES,
            has_audio=any(one.codec_context is not None for one in container.streams.audio),
            codec=stream.codec_context.name,
        )


def read_frames(path: Path | str, fps: Fraction | None = None, first: int = 0, count: int | None = None) -> Iterator[Frame]:
    """Yield the pictures of a video, one in memory at a time.

    With `fps` they have that constant rate: picture k is the one shown at k/fps, so a varying rate keeps its timing. The last one
    is repeated up to `count`; without `count` reading ends with the file. Without `fps` each stored picture is yielded once.

    Args:
        first: the number of the first picture to yield; only with `fps`.

    Raises:
        MediaError: as probe_video; damage may be found only after good pictures were yielded.
    """
    path = Path(path)
    start = float(first / fps) if fps is not None else 0.0
    animation = read_animation(path)
    if animation is not None:
        yield from _at_rate(_animated(animation, path, start), fps, first, count)
        return
    yield from _at_rate(_shown(path, start), fps, first, count)


def _at_rate(shown: Iterator[_Shown], fps: Fraction | None, first: int, count: int | None) -> Iterator[Frame]:
    if fps is None:
        yield from (Frame(show(), time) for time, show in shown)
    else:
        yield from _at_constant_rate(shown, fps, first, count)


def _at_constant_rate(shown: Iterator[_Shown], fps: Fraction, first: int, count: int | None) -> Iterator[Frame]:
    at, end = first, None if count is None else first + count
    before: Callable[[], Picture] | None = None
    picture: Picture | None = None
    for time, show in shown:
        # A picture shown up to half a tick late still belongs to its tick: stored times are rounded.
        while before is not None and (end is None or at < end) and at / fps < time - 0.5 / float(fps):
            picture = before() if picture is None else picture
            yield Frame(picture, float(at / fps))
            at += 1
        before, picture = show, None
        if end is not None and at >= end:
            return
    if before is None:
        return
    picture = before()
    last = at + 1 if end is None else end
    while at < last:
        yield Frame(picture, float(at / fps))
        at += 1


def _shown(path: Path, start: float) -> Iterator[_Shown]:
    """Yield pictures in order with their times from the first one's; starting with the last one at or before `start`."""
    for back in _BACK:
        with open_media(path, "video") as container:
            pictures = _from(container, path, max(0.0, start - back))
            first = next(pictures, None)
            if first is not None and (first[0] <= start or start <= back):
                yield from _from_last_before(start, chain([first], pictures))
                return


def _from_last_before(start: float, shown: Iterable[_Shown]) -> Iterator[_Shown]:
    held: _Shown | None = None
    for time, show in shown:
        if time > start and held is not None:
            yield held
            held = None
        if time < start:
            held = time, show
        else:
            held = None
            yield time, show
    if held is not None:
        yield held


def _from(container: InputContainer, path: Path, start: float) -> Iterator[_Shown]:
    """Yield pictures with their times, starting where seeking `start` arrives; none if it finds none."""
    stream = _pictures_of(container, path)
    stream.thread_type = "AUTO"
    base = stream.time_base or Fraction(1, 1000)
    origin = float((stream.start_time or 0) * base)
    aspect = stream.sample_aspect_ratio
    stored = stream.codec_context.width, stream.codec_context.height
    if start > 0:
        try:
            container.seek(max(0, (stream.start_time or 0) + int(start / base)), stream=stream, backward=True)
        except av.error.FFmpegError:
            return
    for frame in deinterlaced(_decoded(container, stream, path, whole=start <= 0), stream):
        time = 0.0 if frame.pts is None else float(frame.pts * (frame.time_base or base)) - origin
        yield time, partial(upright, frame, aspect, stored)


def _decoded(container: InputContainer, stream: VideoStream, path: Path, *, whole: bool) -> Iterator[VideoFrame]:
    """Yield the frames of a stream, skipping damaged ones. If it is read as a `whole` it must have at least one."""
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
            decoded = [frame for frame in packet.decode() if isinstance(frame, VideoFrame)]
        except av.error.FFmpegError:
            broken += 1
            continue
        good += len(decoded)
        yield from decoded
    if broken > good or (whole and not good):
        raise MediaError("video.damaged", file=path.name)


def _animated(animation: Animation, path: Path, start: float) -> Iterator[_Shown]:
    """Yield the pictures of an animation, one cycle; starting with the last one at or before `start`."""
    first = max(0, bisect_right(animation.starts, start) - 1)
    try:
        for number, picture in enumerate(animation_pictures(path)):
            if number >= first:
                yield animation.starts[number], partial(_itself, picture)
    except UNREADABLE:
        raise MediaError("video.damaged", file=path.name) from None


def _itself(picture: Picture) -> Picture:
    return picture


def _info_of(animation: Animation, path: Path) -> VideoInfo:
    width, height = animation.size
    _check_size(width, height, path)
    rate = Fraction(len(animation.starts) / animation.seconds).limit_denominator(100)
    fps = min(FASTEST, max(SLOWEST, rate))
    return VideoInfo(width, height, fps, animation.seconds, hdr=False, has_audio=False, codec=animation.codec)


def _check_size(width: int, height: int, path: Path) -> None:
    if max(width, height) > LARGEST_SIDE:
        raise MediaError("picture.too-large", file=path.name, width=width, height=height, largest=LARGEST_SIDE)


def _pictures_of(container: InputContainer, path: Path) -> VideoStream:
    streams = [one for one in container.streams.video if one.codec_context and not one.disposition & Disposition.attached_pic]
    if not streams:
        raise MediaError("video.sound-alone" if container.streams.audio else "video.no-pictures", file=path.name)
    return streams[0]


def _rate_of(stream: VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    if not rate or rate <= 0:
        return USUAL_RATE
    return min(FASTEST, max(SLOWEST, Fraction(rate).limit_denominator(1001)))


def _seconds_of(container: InputContainer, stream: VideoStream, path: Path) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    begin = float((stream.start_time or 0) * (stream.time_base or 0))
    end = declared_end(stream)
    if end is None and container.duration and container.duration > 0:
        end = container.duration / av.time_base
    return end - begin if end is not None and end > begin else _counted_seconds(path)


def _counted_seconds(path: Path) -> float:
    """Return the end of the last packet, for live recordings (a browser's WebM) that declare no length."""
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
