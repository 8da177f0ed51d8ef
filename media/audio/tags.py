"""Titles, comments and chapters of sound files: as values, and read from files."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from media.containers import open_media
from media.errors import MediaError

TAGS = ("title", "artist", "album", "comment", "genre", "copyright")
"""The tags that every format here keeps."""


@dataclass(frozen=True)
class Chapter:
    """A named part of a programme, in seconds."""

    start: float
    end: float
    title: str


def checked_chapters(chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    """Return the chapters if they can be stored.

    Raises:
        MediaError: a chapter is negative or empty, or chapters overlap or are out of order.
    """
    before = 0.0
    for chapter in chapters:
        if chapter.start < before - 1e-6 or chapter.end <= chapter.start:
            raise MediaError("sound.chapter-wrong", chapter=chapter.title)
        before = chapter.end
    return tuple(chapters)


def read_tags(path: Path | str) -> dict[str, str]:
    """Return the tags of a file that are in TAGS, without empty ones.

    Raises:
        MediaError: missing, empty or no media file.
    """
    with open_media(Path(path)) as container:
        found = dict(container.metadata)
        for stream in container.streams.audio:
            found.update(stream.metadata)
    lowered = {key.lower(): value for key, value in found.items()}
    return {key: lowered[key] for key in TAGS if lowered.get(key)}


def read_chapters(path: Path | str) -> list[Chapter]:
    """Return the chapters of a file in order of time.

    Raises:
        MediaError: missing, empty or no media file.
    """
    path = Path(path)
    with open_media(path) as container:
        if container.format.name == "wav":
            return _wav_chapters(path)
        chapters = [
            Chapter(
                float(one["start"] * unit),
                float(one["end"] * unit),
                one.get("metadata", {}).get("title", ""),
            )
            for one in container.chapters()
            if (unit := one["time_base"])
        ]
    return sorted(chapters, key=lambda chapter: chapter.start)


def wav_cue_chunks(chapters: Sequence[Chapter], rate: int) -> bytes:
    """Return a `cue ` chunk with a point for each chapter, and a `LIST adtl` chunk with their titles and lengths."""
    points, notes = bytearray(struct.pack("<I", len(chapters))), bytearray(b"adtl")
    for number, chapter in enumerate(chapters, 1):
        start, length = round(chapter.start * rate), round(chapter.end * rate) - round(chapter.start * rate)
        points += struct.pack("<II4sIII", number, start, b"data", 0, 0, start)
        notes += _chunk(b"labl", struct.pack("<I", number) + chapter.title.encode() + b"\0")
        notes += _chunk(b"ltxt", struct.pack("<II4sHHHH", number, length, b"rgn ", 0, 0, 0, 0))
    return _chunk(b"cue ", points) + _chunk(b"LIST", notes)


def _chunk(name: bytes, content: bytes | bytearray) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _wav_chapters(path: Path) -> list[Chapter]:
    rate = 0
    starts: dict[int, int] = {}
    titles: dict[int, str] = {}
    lengths: dict[int, int] = {}
    for name, content in _wav_chunks(path):
        if name == b"fmt ":
            rate = struct.unpack_from("<I", content, 4)[0]
        elif name == b"cue ":
            for offset in range(4, len(content) - 23, 24):
                number, _, _, _, _, start = struct.unpack_from("<II4sIII", content, offset)
                starts[number] = start
        elif name == b"LIST" and content[:4] == b"adtl":
            for kind, number, text in _wav_notes(content):
                if kind == b"labl":
                    titles[number] = text.rstrip(b"\0").decode(errors="replace")
                elif kind == b"ltxt" and len(text) >= 4:
                    lengths[number] = struct.unpack_from("<I", text)[0]
    ordered = sorted(starts.items(), key=lambda item: item[1])
    return [
        Chapter(start / rate, (start + lengths.get(number, 0)) / rate, titles.get(number, ""))
        for number, start in ordered
        if rate
    ]


def _wav_chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the small chunks of a RIFF file; the sound itself is skipped."""
    with path.open("rb") as file:
        file.seek(12)
        while len(header := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", header)
            if name in (b"fmt ", b"cue ", b"LIST"):
                yield name, file.read(size)
                file.seek(size % 2, 1)
            else:
                file.seek(size + size % 2, 1)


def _wav_notes(content: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield type, number of the cue point and content of each note in a `LIST adtl` chunk."""
    at = 4
    while at + 12 <= len(content):
        kind, size, number = struct.unpack_from("<4sII", content, at)
        yield kind, number, content[at + 12 : at + 8 + size]
        at += 8 + size + size % 2
