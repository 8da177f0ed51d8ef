"""Reading sound out of any file that holds some: WAV, MP3, M4A, FLAC, Ogg, Opus, WebM, and video with a sound track.

Only container formats that carry their own data are opened. Playlists and other files that point elsewhere are
not: an uploaded one could make the decoder read other files of this machine or call out of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from media.audio.audio import Audio, Samples, concatenate
from media.errors import MediaError

_CONTAINERS = (
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,amr,amrnb,amrwb,ape,tta,wv,mpc,mpc8,dts,tak,voc,ogg,oga,ogv,"
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,mpegvideo,nut,mxf"
)
"""Demuxers that may be used, by libavformat's names."""

_ESTIMATED = frozenset({"mp3", "aac", "ac3", "eac3", "amr", "mpeg", "mpegts"})
"""Formats whose declared length may be an estimate, so that a shorter sound is no sign of damage."""

_USUAL_FORMATS = "Use a WAV, MP3, M4A, FLAC, Ogg, Opus or WebM file, or a video with sound."
_EXPORT_AGAIN = "Export or download it again."


@dataclass(frozen=True)
class MediaInfo:
    """What a file says about itself.

    Args:
        duration: seconds; 0.0 when the file holds nothing to play.
        rate: of the sound in hertz, 0 without sound.
        channels: of the sound, 0 without sound.
        has_video: moving pictures; a cover picture does not count.
        codec: of the sound, else of the video; libavcodec's name.
    """

    duration: float
    rate: int
    channels: int
    has_audio: bool
    has_video: bool
    codec: str


def probe(path: Path | str) -> MediaInfo:
    """What a media file holds, without decoding it.

    Raises:
        MediaError: missing, empty, unreadable or not a media file.
    """
    path = Path(path)
    with open_media(path) as container:
        sound = _sound_stream(container)
        pictures = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
        codec = next((one.codec_context.name for one in (sound, *pictures) if one is not None and one.codec_context), "")
        return MediaInfo(
            duration=_declared_seconds(container, sound) or _counted_seconds(container),
            rate=sound.codec_context.sample_rate if sound else 0,
            channels=sound.codec_context.channels if sound else 0,
            has_audio=sound is not None,
            has_video=bool(pictures),
            codec=codec,
        )


def decode_audio(path: Path | str, *, longest_seconds: float | None = None) -> Audio:
    """The whole sound of a file at its own rate and with its own channels.

    A file that breaks off gives what is there, when that is at least half of the length it declares (FLAC, M4A and
    WebM do; of a WAV, MP3 or Ogg file that ends early nothing tells how long it was).

    Raises:
        MediaError: in words, for a file that is missing, empty, damaged or no media file, has no sound or sound of
            zero length, or is longer than `longest_seconds`.
    """
    path = Path(path)
    blocks: list[Audio] = []
    seconds = 0.0
    for block in iterate_audio(path, block_seconds=10.0):
        blocks.append(block)
        seconds += block.duration
        if longest_seconds is not None and seconds > longest_seconds + 0.005:
            length = max(seconds, probe(path).duration)
            raise MediaError(
                f"{path.name} is too long: {length:.1f} s, where {longest_seconds:g} s is the most.", "Cut it shorter."
            )
    return concatenate(blocks)


def iterate_audio(path: Path | str, block_seconds: float = 1.0) -> Iterator[Audio]:
    """The sound of a file in blocks of `block_seconds` (the last is shorter), never more than a block in memory.

    Raises:
        MediaError: as decode_audio does; damage may show only after good blocks were given.
    """
    path = Path(path)
    with open_media(path) as container:
        sound = _sound_stream(container)
        if sound is None:
            kind = "is a video without sound" if container.streams.video else "holds no sound"
            raise MediaError(f"{path.name} {kind}.", _USUAL_FORMATS)
        decoding = _Decoding(container, sound)
        waiting: list[Samples] = []
        frames = 0
        for samples in decoding.samples():
            waiting.append(samples)
            frames += samples.shape[0]
            block_frames = max(1, round(block_seconds * decoding.rate))
            if frames >= block_frames:
                joined = np.concatenate(waiting)
                whole = frames - frames % block_frames
                for first in range(0, whole, block_frames):
                    yield Audio(joined[first : first + block_frames], decoding.rate)
                waiting, frames = [joined[whole:].copy()], frames - whole
        decoding.check(path.name, _declared_seconds(container, sound))
        if frames:
            yield Audio(np.concatenate(waiting), decoding.rate)


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    if not path.is_file():
        raise MediaError(f"{path.name or 'The file'} does not exist or is not a file.", "Check its name.")
    try:
        if path.stat().st_size == 0:
            raise MediaError(f"{path.name} is empty.", _EXPORT_AGAIN)
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        container = av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")
    except PermissionError:
        raise MediaError(f"{path.name} may not be read.", "Check the file's permissions.") from None
    except (av.error.FFmpegError, OSError, ValueError):
        raise MediaError(f"{path.name} is damaged or not a media file.", _USUAL_FORMATS) from None
    with container:
        yield container


def _sound_stream(container: InputContainer) -> AudioStream | None:
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return streams[0] if streams else None


def _declared_seconds(container: InputContainer, sound: AudioStream | None) -> float:
    """The length that the file's own headers give, 0.0 when they do not."""
    if sound is not None and sound.duration and sound.time_base:
        return float(sound.duration * sound.time_base)
    return container.duration / av.time_base if container.duration and container.duration > 0 else 0.0


def _counted_seconds(container: InputContainer) -> float:
    """The end of the last packet, for live recordings (a browser's WebM) that declare no length."""
    end = 0.0
    try:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except av.error.FFmpegError:
        pass
    return end


@dataclass
class _Decoding:
    """One pass over a sound stream: what was decoded, and how much could not be."""

    container: InputContainer
    stream: AudioStream
    rate: int = 0
    frames: int = 0
    good_packets: int = 0
    broken_packets: int = 0
    _first: av.AudioFrame | None = field(default=None, repr=False)
    _unified: tuple[str, av.AudioResampler] | None = field(default=None, repr=False)

    def samples(self) -> Iterator[Samples]:
        """Float samples [frames, channels], all at the rate and channel count of the first frame."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                self.broken_packets += 1
                return
            if packet is None:
                return
            try:
                decoded = [frame for frame in packet.decode() if isinstance(frame, av.AudioFrame)]
            except av.error.FFmpegError:
                self.broken_packets += 1
                continue
            self.good_packets += 1
            for frame in decoded:
                yield from self._like_the_first(frame)

    def _like_the_first(self, frame: av.AudioFrame) -> Iterator[Samples]:
        if self._first is None:
            self._first, self.rate = frame, frame.sample_rate
        first, frames = self._first, [frame]
        if (frame.sample_rate, frame.layout.name) != (first.sample_rate, first.layout.name):
            kind = f"{frame.format.name} {frame.layout.name} {frame.sample_rate}"
            if self._unified is None or self._unified[0] != kind:
                self._unified = (kind, av.AudioResampler("fltp", first.layout.name, first.sample_rate))
            frames = self._unified[1].resample(frame)
        for one in frames:
            samples = _as_float(one)
            self.frames += samples.shape[0]
            yield samples

    def check(self, name: str, declared: float) -> None:
        """Raise MediaError when too little of the file could be decoded."""
        seconds = self.frames / self.rate if self.rate else 0.0
        if self.broken_packets > max(1, self.good_packets) or (not self.frames and self.broken_packets):
            raise MediaError(f"{name} is damaged or not a media file.", _USUAL_FORMATS)
        if not self.frames:
            raise MediaError(f"The sound in {name} is zero seconds long.", _EXPORT_AGAIN)
        exact = self.broken_packets or _ESTIMATED.isdisjoint(self.container.format.name.split(","))
        if exact and math.isfinite(declared) and seconds < declared / 2:
            raise MediaError(f"{name} breaks off after {seconds:.1f} s of {declared:.1f} s.", _EXPORT_AGAIN)


def _as_float(frame: av.AudioFrame) -> Samples:
    """Samples [frames, channels] in -1..1 for any sample format; integers are divided by their full scale."""
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if values.dtype == np.uint8:
        return ((values.astype(np.float32) - 128) / 128).astype(np.float32)
    if values.dtype.kind == "i":
        return (values / 2.0 ** (8 * values.dtype.itemsize - 1)).astype(np.float32)
    return values.astype(np.float32)
