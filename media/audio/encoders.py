"""The encoders behind AudioWriter: libav for most formats, libsndfile for Vorbis (libav here has no good one)."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import soundfile
from av.audio.stream import AudioStream
from av.container import OutputContainer

from media.audio.audio import Samples
from media.audio.tags import Chapter, wav_cue_chunks

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_MILLISECOND = Fraction(1, 1000)
_COMMENT_CHAPTERS = frozenset({"flac", "opus", "ogg"})
_REPRODUCIBLE = {"fflags": "+bitexact"}


class AudioEncoder(Protocol):
    """Encodes samples into one file."""

    def write(self, samples: Samples) -> None:
        """Append samples [frames, channels]."""

    def close(self) -> None:
        """Finish the file."""

    def abandon(self) -> None:
        """Close the file, whatever state it is in; never raises."""


class ContainerEncoder:
    """One sound stream in one container, through libav; a subclass opens it.

    Args:
        layout: libav's name of the channel layout.
    """

    def __init__(self, container: OutputContainer, stream: AudioStream, rate: int, layout: str) -> None:
        self._container, self._stream, self._rate, self._layout = container, stream, rate, layout
        self._written = 0

    def write(self, samples: Samples) -> None:
        if not samples.shape[0]:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._written, Fraction(1, self._rate)
        self._written += samples.shape[0]
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        with suppress(av.error.FFmpegError, OSError, ValueError):
            self._container.close()


class AvEncoder(ContainerEncoder):
    """Encodes any format of AudioWriter that libav writes."""

    def __init__(
        self,
        path: Path,
        container: str,
        codec: str,
        rate: int,
        channels: int,
        tags: Mapping[str, str],
        chapters: Sequence[Chapter],
    ) -> None:
        opened: OutputContainer = av.open(f"file:{path.absolute()}", "w", format=container, options=_REPRODUCIBLE)
        _set_metadata(opened, container, tags, chapters)
        stream = opened.add_stream(codec, rate=rate, layout=_LAYOUTS[channels], options=_codec_options(codec))
        assert isinstance(stream, AudioStream)
        if bits := _bit_rate(codec, rate, channels):
            stream.bit_rate = bits
        super().__init__(opened, stream, rate, _LAYOUTS[channels])


class VorbisEncoder:
    """Encodes Ogg Vorbis through libsndfile, then copies the packets into a file with tags and a fixed serial number."""

    def __init__(self, path: Path, rate: int, channels: int, tags: Mapping[str, str], chapters: Sequence[Chapter]) -> None:
        self._path, self._tags, self._chapters = path, tags, chapters
        self._bare = path.with_name(path.name + ".bare")
        # libsndfile's 0 is the best quality and 1 the smallest file; this is about 80 kbit/s for one channel at 44.1 kHz.
        self._file = soundfile.SoundFile(self._bare, "w", rate, channels, "VORBIS", format="OGG", compression_level=0.4)

    def write(self, samples: Samples) -> None:
        self._file.write(samples)

    def close(self) -> None:
        self._file.close()
        with (
            av.open(f"file:{self._bare.absolute()}") as source,
            av.open(f"file:{self._path.absolute()}", "w", format="ogg", options=_REPRODUCIBLE) as target,
        ):
            stream = target.add_stream_from_template(source.streams.audio[0])
            _set_metadata(target, "ogg", self._tags, self._chapters)
            for packet in source.demux(source.streams.audio[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        self._bare.unlink()

    def abandon(self) -> None:
        with suppress(RuntimeError, OSError):
            self._file.close()
        self._bare.unlink(missing_ok=True)


def add_wav_chapters(path: Path, chapters: Sequence[Chapter], rate: int) -> None:
    """Append labelled cue points to a finished WAV file."""
    with path.open("rb+") as file:
        file.seek(0, os.SEEK_END)
        if file.tell() % 2:
            file.write(b"\0")
        file.write(wav_cue_chunks(chapters, rate))
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))


def _set_metadata(target: OutputContainer, container: str, tags: Mapping[str, str], chapters: Sequence[Chapter]) -> None:
    target.metadata.update(tags)
    if container in _COMMENT_CHAPTERS:
        # Written as plain comments: libav's own chapter writer rounds 1.5 s up to 2.5 s and skips FLAC.
        for number, chapter in enumerate(chapters):
            target.metadata[f"CHAPTER{number:03}"] = _clock(chapter.start)
            target.metadata[f"CHAPTER{number:03}NAME"] = chapter.title
    elif container != "wav" and chapters:
        target.set_chapters(
            [
                {
                    "id": number,
                    "start": round(chapter.start * 1000),
                    "end": round(chapter.end * 1000),
                    "time_base": _MILLISECOND,
                    "metadata": {"title": chapter.title},
                }
                for number, chapter in enumerate(chapters, 1)
            ]
        )


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return (
        f"{milliseconds // 3_600_000:02}:{milliseconds // 60_000 % 60:02}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}"
    )


def _codec_options(codec: str) -> dict[str, str]:
    if codec == "libmp3lame":
        # Variable bit rate, LAME's -V2: transparent for nearly everyone, and small for speech.
        return {"flags": "+qscale", "global_quality": str(2 * 118)}
    return {"application": "audio", "vbr": "on"} if codec == "libopus" else {}


def _bit_rate(codec: str, rate: int, channels: int) -> int:
    """Return bits per second at which speech with a little music is transparent; 0 if the codec has no such setting."""
    if codec == "aac":
        return channels * min(96_000, max(32_000, round(rate * 2.7 / 8_000) * 8_000))
    if codec == "libopus":
        return 64_000 if channels == 1 else 48_000 * channels
    return 0
