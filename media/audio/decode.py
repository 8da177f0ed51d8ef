"""Decoding sound from any file with a sound track: WAV, MP3, M4A, FLAC, Ogg, Opus, WebM, and video."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from media.audio.audio import Audio, Samples, concatenate
from media.audio.mixing.downmix import Downmix
from media.containers import declared_end, open_media
from media.errors import MediaError

_ESTIMATED = frozenset({"mp3", "aac", "ac3", "eac3", "amr", "mpeg", "mpegts"})
"""Formats whose declared length may be an estimate, so that a shorter sound is no sign of damage."""

IN_STEP = 0.02
"""Seconds by which sound and picture may differ before it is mended: half a picture, less than is visible."""
_HOLE, _LONGEST_SILENCE = 0.1, 3600.0
"""Seconds of a pause in the recording, in which a file stores nothing: less is a rounded clock, more is damage."""
_SILENT_BLOCK = 1 << 16
_PLANES_OF_A_FRAME = 8
"""AV_NUM_DATA_POINTERS of FFmpeg."""


@dataclass(frozen=True)
class MediaInfo:
    """The properties that a file declares.

    Args:
        duration: seconds of the sound, in a video from its first picture on; 0.0 if there is nothing to play.
        rate: of the sound in hertz, 0 without sound.
        channels: stored in the file, 0 without sound.
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
    """Read what a media file contains, without decoding it.

    Raises:
        MediaError: missing, empty, unreadable or not a media file.
    """
    path = Path(path)
    with open_media(path) as container:
        sound = _sound_stream(container)
        pictures = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
        codec = next((one.codec_context.name for one in (sound, *pictures) if one is not None and one.codec_context), "")
        return MediaInfo(
            duration=_beside_pictures(container, sound) or _counted_seconds(container),
            rate=sound.codec_context.sample_rate if sound else 0,
            channels=sound.codec_context.channels if sound else 0,
            has_audio=sound is not None,
            has_video=bool(pictures),
            codec=codec,
        )


def decode_audio(path: Path | str, *, longest_seconds: float | None = None) -> Audio:
    """Decode the whole sound of a file at its own rate, mono or stereo; surround is mixed down (see
    media.audio.mixing.downmix).

    A truncated file gives what is there, if that is at least half of the length that it declares (FLAC, M4A and WebM declare it;
    for a truncated WAV, MP3 or Ogg file the original length is unknown).

    Raises:
        MediaError: the file is missing, empty, damaged or no media file, has no sound or sound of zero length, or is longer than
            `longest_seconds`.
    """
    path = Path(path)
    blocks: list[Audio] = []
    seconds = 0.0
    for block in iterate_audio(path, block_seconds=10.0):
        blocks.append(block)
        seconds += block.duration
        if longest_seconds is not None and seconds > longest_seconds + 0.005:
            length = max(seconds, probe(path).duration)
            raise MediaError("sound.too-long", file=path.name, seconds=length, longest=longest_seconds)
    return concatenate(blocks)


def iterate_audio(path: Path | str, block_seconds: float = 1.0) -> Iterator[Audio]:
    """Decode the sound of a file in blocks of `block_seconds` (the last is shorter), with at most one block in memory.

    Mono and stereo are unchanged, surround is mixed down to stereo. The sound of a video is synchronised with the pictures: time
    0 is that of the first picture, sound that begins later begins with silence, and earlier sound is left out.

    Raises:
        MediaError: as decode_audio; damage may be found only after good blocks were yielded.
    """
    path = Path(path)
    with open_media(path) as container:
        sound = _sound_stream(container)
        if sound is None:
            raise MediaError("sound.video-without" if container.streams.video else "sound.none-in-file", file=path.name)
        decoding = _Decoding(container, sound, _first_picture(container))
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


def _sound_stream(container: InputContainer) -> AudioStream | None:
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return streams[0] if streams else None


def _first_picture(container: InputContainer) -> Fraction | None:
    """Return when the first picture is shown, by the file's clock; None for sound alone."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.start_time is not None and stream.time_base:
            return stream.start_time * stream.time_base
    return None


def _beside_pictures(container: InputContainer, sound: AudioStream | None) -> float:
    """Return the declared length of a sound from its first picture on, 0.0 if none is declared."""
    seconds, picture = _declared_seconds(container, sound), _first_picture(container)
    if not seconds or sound is None or picture is None or not sound.time_base:
        return seconds
    if sound.duration:
        begin = float((sound.start_time or 0) * sound.time_base)
    elif (end := declared_end(sound)) is not None:
        return max(0.0, end - float(picture))
    else:
        begin = (container.start_time or 0) / av.time_base
    late = begin - float(picture)
    return max(0.0, seconds + late) if abs(late) >= IN_STEP else seconds


def _declared_seconds(container: InputContainer, sound: AudioStream | None) -> float:
    """Return the length that the file's own headers declare, 0.0 if they do not."""
    if sound is not None and sound.duration and sound.time_base:
        return float(sound.duration * sound.time_base)
    return container.duration / av.time_base if container.duration and container.duration > 0 else 0.0


def _counted_seconds(container: InputContainer) -> float:
    """Return the end of the last packet, for live recordings (a browser's WebM) that declare no length."""
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
    """One pass over a sound stream: what was decoded, and how much could not be.

    Args:
        picture: when the first picture is shown, by the file's clock; None leaves the sound where it begins.
    """

    container: InputContainer
    stream: AudioStream
    picture: Fraction | None
    rate: int = 0
    frames: int = 0
    good_packets: int = 0
    broken_packets: int = 0
    _first: av.AudioFrame | None = field(default=None, repr=False)
    _unified: tuple[str, av.AudioResampler] | None = field(default=None, repr=False)
    _packing: av.AudioResampler | None = field(default=None, repr=False)
    _at: int = 0
    _early: bool = False

    def samples(self) -> Iterator[Samples]:
        """Float samples [frames, one or two channels], all at the rate of the first frame, in step with the pictures."""
        mixing: Downmix | None = None
        for samples in self._stored():
            if mixing is None and self._first is not None:
                mixing = Downmix([channel.name for channel in self._first.layout.channels], self.rate)
            yield samples if mixing is None else mixing.process(samples)
        if mixing is not None and self._first is not None:
            nothing = np.zeros((0, self._first.layout.nb_channels), np.float32)
            yield mixing.process(nothing, last=True)

    def _stored(self) -> Iterator[Samples]:
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
                yield from self._in_step(frame)

    def _in_step(self, frame: av.AudioFrame) -> Iterator[Samples]:
        """Return a frame's samples at their time: after silence for a gap in the timestamps, without samples of the past."""
        time = None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
        for samples in self._like_the_first(frame):
            self.frames += samples.shape[0]
            if self.picture is not None and time is not None:
                late, time = float(time - self.picture) - self._at / self.rate, None
                if not self._at and late < 0 and (self._early or late <= -IN_STEP):
                    self._early = True
                    samples = samples[round(-late * self.rate) :]
                elif (_HOLE if self._at else IN_STEP) <= late < _LONGEST_SILENCE:
                    yield from _silence(round(late * self.rate), samples.shape[1])
                    self._at += round(late * self.rate)
            self._at += samples.shape[0]
            if samples.shape[0]:
                yield samples

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
            for packed in self._in_one_plane(one):
                yield _as_float(packed)

    def _in_one_plane(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        """Return the frame, or with more than eight planes the same frame with its channels interleaved.

        PyAV counts planes up to an empty one. After the eighth there is none: it reads the next bytes of the frame as planes,
        which ends the process (av.audio.frame.AudioFrame.planes).
        """
        if not frame.format.is_planar or frame.layout.nb_channels < _PLANES_OF_A_FRAME:
            return [frame]
        if self._packing is None:
            self._packing = av.AudioResampler("flt", frame.layout.name, frame.sample_rate)
        return self._packing.resample(frame)

    def check(self, name: str, declared: float) -> None:
        """Raise MediaError if too little of the file could be decoded."""
        seconds = self.frames / self.rate if self.rate else 0.0
        if self.broken_packets > max(1, self.good_packets) or (not self.frames and self.broken_packets):
            raise MediaError("media.file-damaged", file=name, wanted="sound")
        if not self.frames:
            raise MediaError("sound.zero-long", file=name)
        exact = self.broken_packets or _ESTIMATED.isdisjoint(self.container.format.name.split(","))
        if exact and math.isfinite(declared) and seconds < declared / 2:
            raise MediaError("sound.cut-short", file=name, seconds=seconds, declared=declared)


def _silence(frames: int, channels: int) -> Iterator[Samples]:
    while frames > 0:
        part = min(frames, _SILENT_BLOCK)
        yield np.zeros((part, channels), np.float32)
        frames -= part


def _as_float(frame: av.AudioFrame) -> Samples:
    """Return samples [frames, channels] in -1..1 for any sample format; integers are divided by their full scale."""
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if values.dtype == np.uint8:
        return ((values.astype(np.float32) - 128) / 128).astype(np.float32)
    if values.dtype.kind == "i":
        return (values / 2.0 ** (8 * values.dtype.itemsize - 1)).astype(np.float32)
    return values.astype(np.float32)
