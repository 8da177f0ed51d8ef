"""Files of audiobooks: M4B with chapters and cover, and MP3 with cover, as players and shops expect them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
from av.audio.stream import AudioStream
from av.stream import Disposition
from av.video.stream import VideoStream

from media.audio.encode import AudioWriter
from media.audio.encoders import AudioEncoder, ContainerEncoder
from media.audio.tags import Chapter

BOOK_RATE = 44_100
MP3_BIT_RATE = 192_000
_AAC_BIT_RATE = 96_000
_MILLISECOND = Fraction(1, 1000)
_MUXED = {
    "m4a": ("mp4", {"brand": "M4B ", "movflags": "+faststart", "fflags": "+bitexact"}),
    "mp3": ("mp3", {"id3v2_version": "3", "write_xing": "1", "fflags": "+bitexact"}),
}
"""Container and options by sort; libav's own "ipod" container takes no picture."""


@dataclass(frozen=True)
class CoverJpeg:
    """A picture as JPEG with its size in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class BookTags:
    """The tags of a file.

    Args:
        title: of the file: the book, or one chapter of it. narrator: stored in the composer field, which players show.
        track: "3/12" for a chapter's file, "" for the whole book. comment: may have several kilobytes (a recipe).
    """

    title: str
    album: str
    author: str = ""
    narrator: str = ""
    date: str = ""
    track: str = ""
    description: str = ""
    comment: str = ""

    def as_metadata(self, sort: Literal["m4a", "mp3"]) -> dict[str, str]:
        """Return the tags by libav's names, without empty ones."""
        told = {
            "title": self.title,
            "album": self.album,
            "artist": self.author,
            "album_artist": self.author,
            "composer": self.narrator,
            "genre": "Audiobook",
            "date": self.date,
            "track": self.track,
            "description": self.description if sort == "m4a" else "",
            "comment": self.comment,
            "media_type": "2" if sort == "m4a" else "",
        }
        return {key: value.replace("\0", "") for key, value in told.items() if value}


class BookWriter(AudioWriter):
    """Writes one file of an audiobook as a stream. The target is complete or unchanged, as with AudioWriter.

    Args:
        sort: "m4a" makes an M4B of AAC, "mp3" an MP3 of a constant 192 kbit/s; both at 44.1 kHz.
        rate, channels: of every block; one or two channels.
        chapters: of an M4B, in order of time.

    Raises:
        MediaError: as AudioWriter.
    """

    def __init__(
        self,
        path: Path,
        sort: Literal["m4a", "mp3"],
        rate: int,
        channels: int,
        tags: BookTags,
        chapters: Sequence[Chapter] = (),
        cover: CoverJpeg | None = None,
    ) -> None:
        super().__init__(path, sort, rate, channels, chapters=chapters)
        self._sort, self._cover, self._book = sort, cover, tags

    def _stored_rate(self) -> int:
        return BOOK_RATE

    def _new_encoder(self, path: Path, rate: int) -> AudioEncoder:
        return _BookEncoder(path, self._sort, self.channels, self._book.as_metadata(self._sort), self._chapters, self._cover)


class _BookEncoder(ContainerEncoder):
    """One sound and one picture in one container, through libav."""

    def __init__(
        self,
        path: Path,
        sort: Literal["m4a", "mp3"],
        channels: int,
        metadata: Mapping[str, str],
        chapters: Sequence[Chapter],
        cover: CoverJpeg | None,
    ) -> None:
        container, options = _MUXED[sort]
        layout = "mono" if channels == 1 else "stereo"
        opened = av.open(f"file:{path.absolute()}", "w", format=container, options=options)
        stream = opened.add_stream("aac" if sort == "m4a" else "libmp3lame", rate=BOOK_RATE, layout=layout)
        assert isinstance(stream, AudioStream)
        stream.bit_rate = _AAC_BIT_RATE * channels if sort == "m4a" else MP3_BIT_RATE
        super().__init__(opened, stream, BOOK_RATE, layout)
        picture = self._picture_stream(cover) if cover else None
        self._container.metadata.update(metadata)
        self._container.set_chapters(
            [
                {
                    "id": number, "start": round(one.start * 1000), "end": round(one.end * 1000), "time_base": _MILLISECOND,
                    "metadata": {"title": one.title},
                }
                for number, one in enumerate(chapters, 1)
            ]
        )  # fmt: skip
        self._container.start_encoding()  # the header comes before the first packet
        if cover and picture is not None:
            packet = av.Packet(cover.data)
            packet.stream, packet.pts, packet.dts, packet.time_base = picture, 0, 0, Fraction(1, 90_000)
            packet.is_keyframe = True
            self._container.mux(packet)

    def _picture_stream(self, cover: CoverJpeg) -> VideoStream:
        stream = self._container.add_stream("mjpeg", rate=1)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = cover.width, cover.height, "yuvj420p"
        stream.disposition = Disposition.attached_pic
        return stream
