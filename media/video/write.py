"""Writing MP4 files: H.264 pictures and AAC sound in sync, with constant memory. The file is complete or not written."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from media.audio.audio import Audio
from media.audio.mixing.downmix import as_stereo
from media.audio.resample import StreamResampler
from media.containers import open_media
from media.errors import MediaError
from media.refusals import refusal
from media.text.cues import Cue
from media.video.read import Picture
from media.video.subtitle_track import SubtitleTrack

QUICK = "subme=1"
"""For x264, where pictures move evenly, as painted ones do, or dissolve: two thirds of the time for a sixth more bytes."""
REPEATABLE = "cpu-independent=1"
"""For x264: the same pictures give the same bytes, in every run and on every processor. Its SIMD code for the macroblock tree
reads uninitialised memory, so that small pictures differ from run to run; the C code costs hardly any time."""
SOUND_RATE = 48_000
_BT709 = 1


def crf_of(quality: int) -> int:
    """Return x264's rate factor for a quality of 1 to 100; 80 is hardly distinguishable from the original."""
    return round(40 - 0.27 * min(100, max(1, quality)))


class VideoWriter:
    """Writes pictures of one size at one constant rate into an H.264 file. Used as a context manager.

    Pictures go to a hidden file beside the target; leaving without an error renames it. Odd sides are completed by repeating the
    last row or column, because H.264 stores colour at half the size. Decoding can begin at each of `keyframes`, so that
    `join_video` can copy from there. The same pictures with the same settings give the same bytes.

    Args:
        x264: further settings in x264's syntax ("subme=1"); where files are joined, only those that do not change the header.

    Raises:
        MediaError: no picture was written, one of another size, or the file cannot be written.
    """

    def __init__(
        self,
        path: Path | str,
        size: tuple[int, int],
        fps: Fraction,
        quality: int = 80,
        threads: int = 1,
        keyframes: Collection[int] = (),
        x264: str = "",
    ) -> None:
        self.path = Path(path)
        self._keyframes = frozenset(keyframes)
        self._size, self._fps = size, fps
        self._staged = _staged(self.path)
        self._container = _opened(self._staged, self.path)
        self._stream: Any = self._container.add_stream("libx264", rate=fps)
        self._stream.width, self._stream.height = (side + side % 2 for side in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = 1 / fps
        context = self._stream.codec_context
        context.time_base = 1 / fps
        context.thread_count = threads
        context.color_range, context.colorspace = ColorRange.MPEG, _BT709
        context.color_primaries, context.color_trc = _BT709, _BT709
        further = ":".join(filter(None, (REPEATABLE, x264)))
        self._stream.options = {
            "crf": str(crf_of(quality)), "preset": "veryfast", "forced-idr": "1", "x264-params": further,
        }  # fmt: skip
        self._reformatter = VideoReformatter()  # reused, because making one costs as much as using it
        self.frames = 0

    def __enter__(self) -> VideoWriter:
        return self

    def write(self, picture: Picture) -> None:
        """Add the next picture."""
        if picture.shape != (self._size[1], self._size[0], 3):
            raise MediaError("video.picture-does-not-fit", width=picture.shape[1], height=picture.shape[0])
        odd = (picture.shape[0] % 2, picture.shape[1] % 2)
        if any(odd):
            picture = np.pad(picture, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
        seen = VideoFrame.from_numpy_buffer(np.ascontiguousarray(picture), format="rgb24")  # a view, not a copy
        self._encode(self._reformatter.reformat(seen, format="yuv420p", dst_colorspace=Colorspace.ITU709, threads=1))

    def write_planes(self, planes: NDArray[np.uint8]) -> None:
        """Add the next picture in the file's colour format, [height * 3 / 2, width] of an even size; must not be changed
        afterwards."""
        if planes.shape != (self._size[1] * 3 // 2, self._size[0]):
            raise MediaError("video.other-size")
        self._encode(VideoFrame.from_numpy_buffer(planes, format="yuv420p"))

    def _encode(self, frame: VideoFrame) -> None:
        frame.pts, frame.time_base = self.frames, 1 / self._fps
        if self.frames in self._keyframes:
            frame.pict_type = PictureType.I
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.error.FFmpegError, OSError) as error:
            raise _unwritable(self.path, error) from error
        self.frames += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                if not self.frames:
                    raise MediaError("video.nothing-to-write")
                self._container.mux(self._stream.encode(None))
                self._container.close()
                _finished(self._staged, self.path)
        except (av.error.FFmpegError, OSError) as problem:
            raise _unwritable(self.path, problem) from problem
        finally:
            self._container.close()
            self._staged.unlink(missing_ok=True)


@dataclass(frozen=True)
class Excerpt:
    """Pictures [first, last) of a file that VideoWriter made with a keyframe at `first` and, unless it is the end, at `last`."""

    path: Path
    first: int
    last: int


def join_video(
    path: Path | str,
    parts: Sequence[Path | Excerpt],
    fps: Fraction,
    sound: Iterator[Audio] | None = None,
    tags: dict[str, str] | None = None,
    subtitles: Sequence[Cue] = (),
) -> int:
    """Join parts that VideoWriter made alike into one file with sound; pictures are copied, not encoded again.

    Args:
        sound: blocks of one rate and channel count, from the first picture on; read as the pictures are copied.
        subtitles: cues in order, for a track that players can switch on; () makes none.

    Returns:
        The number of pictures.

    Raises:
        MediaError: a part is missing or damaged, or the file cannot be written.
    """
    staged = _staged(path := Path(path))
    container = _opened(staged, path)
    try:
        with container:
            with open_media(_file_of(parts[0])) as first:
                stream = container.add_stream_from_template(first.streams.video[0])
            stream.time_base = 1 / fps
            container.metadata.update(tags or {})
            tracks = _tracks_beside(container, sound, subtitles)
            written = 0
            for part in parts:
                written += _copied(container, stream, part, written, fps, tracks)
            for track in tracks:
                track.finish()
        _finished(staged, path)
    except (av.error.FFmpegError, OSError) as error:
        raise _unwritable(path, error) from error
    finally:
        staged.unlink(missing_ok=True)
    return written


def _tracks_beside(
    container: OutputContainer, sound: Iterator[Audio] | None, subtitles: Sequence[Cue]
) -> list[_SoundTrack | SubtitleTrack]:
    tracks: list[_SoundTrack | SubtitleTrack] = [_SoundTrack(container, sound)] if sound is not None else []
    return [*tracks, SubtitleTrack(container, subtitles)] if subtitles else tracks


def count_pictures(path: Path) -> int:
    """Return the number of pictures stored in a file; 0 if it cannot be read."""
    try:
        with open_media(path) as container:
            return sum(1 for packet in container.demux(video=0) if packet.size)
    except (MediaError, av.error.FFmpegError, IndexError, ValueError):
        return 0


def _file_of(part: Path | Excerpt) -> Path:
    return part.path if isinstance(part, Excerpt) else part


def _copied(
    container: OutputContainer,
    stream: Any,
    part: Path | Excerpt,
    first: int,
    fps: Fraction,
    tracks: Sequence[_SoundTrack | SubtitleTrack],
) -> int:
    count = 0
    begin, end = (part.first, part.last) if isinstance(part, Excerpt) else (0, None)
    with open_media(_file_of(part)) as source:
        pictures = source.streams.video[0]
        tick = pictures.time_base or Fraction(1, 90_000)
        shift = round((first - begin) / fps / tick)
        for packet in source.demux(pictures):
            if packet.dts is None or packet.pts is None:
                continue
            number = round(packet.pts * tick * fps)
            if number < begin or (end is not None and number >= end):
                continue
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = stream
            container.mux(packet)
            count += 1
            for track in tracks:
                track.up_to(float((first + count) / fps))
    return count


class _SoundTrack:
    """AAC sound, written together with the pictures so that neither waits for the other in memory."""

    def __init__(self, container: OutputContainer, sound: Iterator[Audio]) -> None:
        self._container, self._sound = container, sound
        self._first = next(sound, None)
        self._channels = channels = min(2, self._first.channels) if self._first else 1
        self._layout = "mono" if channels == 1 else "stereo"
        self._stream: Any = container.add_stream("aac", rate=SOUND_RATE, layout=self._layout)
        self._stream.bit_rate = 96_000 * channels
        self._resampler = StreamResampler(self._first.rate, SOUND_RATE, channels) if self._first else None
        self._written = 0

    def up_to(self, seconds: float) -> None:
        while self._first is not None and self._written < seconds * SOUND_RATE:
            self._write(self._first)
            self._first = next(self._sound, None)

    def finish(self) -> None:
        self.up_to(float("inf"))
        if self._resampler is not None:
            self._encode(self._resampler.process(np.zeros((0, self._channels), np.float32), last=True))
        self._container.mux(self._stream.encode(None))

    def _write(self, block: Audio) -> None:
        if self._resampler is not None:
            two = as_stereo(block.samples) if self._layout == "stereo" else block.mono().samples
            self._encode(self._resampler.process(two))

    def _encode(self, samples: Any) -> None:
        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(np.clip(samples.T, -1, 1)), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, self._written, Fraction(1, SOUND_RATE)
        self._container.mux(self._stream.encode(frame))
        self._written += len(samples)


def _staged(path: Path) -> Path:
    return path.with_name(f".{uuid.uuid4().hex}.part.mp4")


def _opened(staged: Path, path: Path) -> OutputContainer:
    try:
        return av.open(f"file:{staged.absolute()}", "w", format="mp4", options={"movflags": "+faststart+use_metadata_tags"})
    except (av.error.FFmpegError, OSError) as error:
        raise _unwritable(path, error) from error


def _finished(staged: Path, path: Path) -> None:
    with staged.open("rb") as file:
        os.fsync(file.fileno())
    staged.replace(path)


def _unwritable(path: Path, error: Exception) -> MediaError:
    return MediaError("media.not-written", retryable=True, file=path.name, cause=refusal(error))
