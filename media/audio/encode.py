"""Writing sound files: a stream of blocks into any of the formats below, with tags and chapters. The file is complete or not
written.

Lossless formats store 16-bit PCM: every player, browser and speech library reads it, and its quantisation noise at -98 dBFS is
some 80 dB below a programme at -16 LUFS, far below that of any recording or synthetic voice. Nothing that depends on the date or
on random numbers is written: the same blocks give the same file.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np

from media.audio.audio import Audio, Samples
from media.audio.encoders import AudioEncoder, AvEncoder, VorbisEncoder, add_wav_chapters
from media.audio.resample import StreamResampler
from media.audio.tags import TAGS, Chapter, checked_chapters, read_chapters, read_tags
from media.errors import MediaError
from media.refusals import refusal

__all__ = ["AUDIO_FORMATS", "TAGS", "AudioFormat", "AudioWriter", "Chapter", "read_chapters", "read_tags", "write_audio"]


@dataclass(frozen=True)
class AudioFormat:
    """A format of sound files.

    Args:
        extension: with the dot.
        title: for people.
        mime: media type for HTTP.
        lossy: whether decoding gives other samples than were written.
        codec: libavcodec's name of the encoder; "" if libsndfile writes it.
        container: libavformat's name.
        rates: the rates that it supports, () for all; others are resampled to the next higher (or the highest) one.
        most_channels: more are refused.
    """

    extension: str
    title: str
    mime: str
    lossy: bool
    codec: str
    container: str
    rates: tuple[int, ...] = ()
    most_channels: int = 8

    def rate_for(self, rate: int) -> int:
        """Return the rate at which a sound of this rate is stored."""
        if not self.rates or rate in self.rates:
            return rate
        return min((one for one in self.rates if one > rate), default=max(self.rates))


_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AAC_RATES = (*_MP3_RATES, 64_000, 88_200, 96_000)

AUDIO_FORMATS: dict[str, AudioFormat] = {
    "wav": AudioFormat(".wav", "WAV", "audio/wav", False, "pcm_s16le", "wav"),
    "flac": AudioFormat(".flac", "FLAC", "audio/flac", False, "flac", "flac"),
    "mp3": AudioFormat(".mp3", "MP3", "audio/mpeg", True, "libmp3lame", "mp3", _MP3_RATES, 2),
    "m4a": AudioFormat(".m4a", "M4A (AAC)", "audio/mp4", True, "aac", "ipod", _AAC_RATES),
    "opus": AudioFormat(".opus", "Opus", "audio/ogg", True, "libopus", "opus", (48_000,)),
    "ogg": AudioFormat(".ogg", "Ogg Vorbis", "audio/ogg", True, "", "ogg", (*_MP3_RATES, 96_000)),
}

_WAV_LIMIT_BYTES = 4 * 2**30 - 2**20
_PIECE_FRAMES = 16_384


class AudioWriter:
    """Writes one sound file as a stream, with memory that does not grow with its length.

    Used as a context manager. Blocks go to a hidden file beside the target. Leaving without an error flushes it to the disk and
    renames it, so the target is either complete or unchanged. Leaving with an error removes it.

    Args:
        path: the target; its folder must exist.
        format: a key of AUDIO_FORMATS. The file has this format whatever its name ends with.
        rate, channels: of every block; if the format does not support the rate, the sound is resampled.
        tags: keys from TAGS; "comment" may have several kilobytes (a recipe).
        chapters: in order of time. Every format stores them: M4A and MP3 in their own way (ID3 CHAP), FLAC, Ogg and Opus as
            CHAPTERxxx comments, WAV as labelled cue points.

    Raises:
        MediaError: unknown format, too many channels, a tag or chapter that cannot be stored, no block written, a block of
            another kind, a full disk.
    """

    def __init__(
        self,
        path: Path | str,
        format: str,
        rate: int,
        channels: int,
        tags: Mapping[str, str] | None = None,
        chapters: Sequence[Chapter] = (),
    ) -> None:
        if format not in AUDIO_FORMATS:
            raise MediaError("sound.format-unknown", format=format, known=AUDIO_FORMATS)
        self.path = Path(path)
        self.format = AUDIO_FORMATS[format]
        if not 1 <= channels <= self.format.most_channels:
            most = self.format.most_channels
            raise MediaError("sound.too-many-channels", format=self.format.title, most=most, channels=channels)
        unknown = sorted(set(tags or {}) - set(TAGS))
        if unknown:
            raise MediaError("sound.tag-unknown", tag=unknown[0], known=TAGS)
        self.rate, self.channels = rate, channels
        self._tags = {key: value.replace("\0", "") for key, value in (tags or {}).items() if value}
        self._chapters = checked_chapters(chapters)
        self._partial = self.path.with_name(f".{self.path.name[:80]}.{uuid.uuid4().hex}.part")
        self._frames = 0
        self._encoder: AudioEncoder | None = None

    def __enter__(self) -> Self:
        stored_rate = self._stored_rate()
        self._resampler = StreamResampler(self.rate, stored_rate, self.channels)
        try:
            self._encoder = self._new_encoder(self._partial, stored_rate)
        except BaseException as error:
            self._discard()
            raise self._in_words(error) from None
        return self

    def _stored_rate(self) -> int:
        return self.format.rate_for(self.rate)

    def _new_encoder(self, path: Path, rate: int) -> AudioEncoder:
        if not self.format.codec:
            return VorbisEncoder(path, rate, self.channels, self._tags, self._chapters)
        codec, container = self.format.codec, self.format.container
        return AvEncoder(path, container, codec, rate, self.channels, self._tags, self._chapters)

    def write(self, audio: Audio) -> None:
        """Append one block."""
        if (audio.rate, audio.channels) != (self.rate, self.channels):
            raise MediaError(
                "sound.block-differs", rate=audio.rate, channels=audio.channels, file_rate=self.rate, file_channels=self.channels
            )
        self._frames += audio.frames
        if self.format.container == "wav" and self._frames * self.channels * 2 > _WAV_LIMIT_BYTES:
            raise MediaError("sound.wav-full")
        self._encode(audio.samples)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self._discard()
            return
        try:
            if not self._frames:
                raise MediaError("sound.nothing-to-write", file=self.path.name)
            self._encode(np.zeros((0, self.channels), np.float32), last=True)
            self._finish()
        except BaseException as failure:
            self._discard()
            raise self._in_words(failure) from None

    def _encode(self, samples: Samples, last: bool = False) -> None:
        assert self._encoder is not None, "AudioWriter is used in a with statement"
        try:
            ready = self._resampler.process(samples, last)
            for first in range(0, ready.shape[0], _PIECE_FRAMES):
                self._encoder.write(ready[first : first + _PIECE_FRAMES])
        except (av.error.FFmpegError, OSError, RuntimeError) as error:
            raise self._in_words(error) from None

    def _finish(self) -> None:
        assert self._encoder is not None
        self._encoder.close()
        if self.format.container == "wav" and self._chapters:
            add_wav_chapters(self._partial, self._chapters, self.rate)
        with self._partial.open("rb+") as file:
            os.fsync(file.fileno())
        self._partial.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _discard(self) -> None:
        if self._encoder is not None:
            self._encoder.abandon()
        self._partial.unlink(missing_ok=True)

    def _in_words(self, error: BaseException) -> BaseException:
        """Convert a library's or the system's refusal to a MediaError; other exceptions are returned unchanged."""
        if not isinstance(error, av.error.FFmpegError | OSError | RuntimeError):
            return error
        return MediaError("media.not-written", retryable=True, file=self.path.name, cause=refusal(error))


def write_audio(
    path: Path | str, audio: Audio, format: str = "wav", tags: Mapping[str, str] | None = None, chapters: Sequence[Chapter] = ()
) -> None:
    """Write one sound into one file; see AudioWriter."""
    with AudioWriter(path, format, audio.rate, audio.channels, tags, chapters) as writer:
        writer.write(audio)
