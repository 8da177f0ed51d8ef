"""Reader of SubRip, WebVTT and SubStation subtitles: lines with times and speakers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from media.documents.document import Block, Document, Removed, measured
from media.documents.encodings import decoded
from media.errors import MediaError

_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_TIMES = re.compile(rf"\s{{0,20}}{_CLOCK}\s{{1,20}}-->\s{{1,20}}{_CLOCK}")
_VOICE = re.compile(r"<v(?:\.[\w.-]{1,80})?\s([^<>]{1,200})>")
_TAG = re.compile(r"</?[^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_NAME = re.compile(r"(?P<name>[^\W\d_a-z][^\Wa-z]{0,20}(?:[ .'’-][^\W_a-z]{1,20}){0,3}):\s{1,3}(?=\S)")
_SOUND = re.compile(r"[\[(][^\[\]()]{1,200}[\])]\s{0,3}|♪[^♪]{0,300}♪?")
_DASH = re.compile(r"[-–—]\s{0,3}(?=\S)")
_MOST_CUES = 50_000


@dataclass(frozen=True)
class _RawCue:
    start: float
    end: float
    text: str
    speaker: str = ""


def read_timed(path: Path) -> Document:
    """Read a subtitle file.

    Raises:
        MediaError: it has no subtitles.
    """
    text, _ = decoded(path.read_bytes(), path.name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    is_vtt = text.lstrip("\ufeff").startswith("WEBVTT")
    cues = list(_vtt(text)) if is_vtt else list(_other(text, path.name))
    if not cues:
        raise MediaError("document.no-cues", file=path.name)
    if len(cues) > _MOST_CUES:
        raise MediaError("document.too-many-parts", file=path.name, most=_MOST_CUES)
    blocks: list[Block] = []
    removed: list[Removed] = []
    trace: list[tuple[str, str]] = []
    for cue in cues:
        for piece, kind, speaker in _pieces(cue):
            trace.append((piece, kind))
            told = " ".join(piece.split())
            if kind and told:
                removed.append(Removed("directions" if kind == "directions" else "markup", told, len(blocks)))
            elif told:
                blocks.append(Block("line", told, speaker=speaker, start=cue.start, end=cue.end))
    kept = tuple(blocks)
    name = "WebVTT" if is_vtt else "SubStation" if text.lstrip("\ufeff").startswith("[Script Info]") else "SubRip"
    source = "".join(_source(text, is_vtt)) if name != "SubStation" else "".join(cue.text for cue in cues)
    return Document(name, kept, tuple(removed), coverage=measured(trace, source), trace=tuple(trace))


def _other(text: str, name: str) -> Iterator[_RawCue]:
    try:
        file = pysubs2.SSAFile.from_string(text)
    except (pysubs2.exceptions.Pysubs2Error, ValueError):
        raise MediaError("document.no-cues", file=name) from None
    for event in file.events:
        if not event.is_comment:
            yield _RawCue(event.start / 1000, event.end / 1000, event.plaintext, event.name)


def _vtt(text: str) -> Iterator[_RawCue]:
    """Yield cues of WebVTT by the rules of its standard, as far as text and speakers are concerned."""
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line.strip()]
        at = next((number for number, line in enumerate(lines[:2]) if _TIMES.match(line)), None)
        if at is None:
            continue
        found = _TIMES.match(lines[at])
        assert found is not None
        start, end = (_seconds(found.groups()[first : first + 4]) for first in (0, 4))
        told = "\n".join(lines[at + 1 :])
        voice = _VOICE.search(told)
        speaker = html.unescape(voice.group(1)).strip() if voice else ""
        yield _RawCue(start, end, html.unescape(_TAG.sub("", told)), speaker)


def _seconds(clock: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in clock)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _pieces(cue: _RawCue) -> Iterator[tuple[str, str, str]]:
    """Yield the text of a cue in pieces, each with "" if it is spoken, or the kind of omission, and with its speaker."""
    lines = cue.text.split("\n")
    turns = len(lines) > 1 and all(_DASH.match(line) for line in lines if line.strip())
    speaker, pending = cue.speaker, ""
    for line in lines:
        rest = line.strip()
        if turns and (dash := _DASH.match(rest)):
            if pending:
                yield pending, "", speaker
                pending = ""
            yield dash.group(), "markup", ""
            rest, speaker = rest[dash.end() :], cue.speaker
        while sound := _SOUND.match(rest):
            yield sound.group(), "directions", ""
            rest = rest[sound.end() :]
        if name := _NAME.match(rest):
            if pending:
                yield pending, "", speaker
                pending = ""
            yield name.group(), "directions", ""
            rest, speaker = rest[name.end() :], " ".join(name.group("name").split()).title()
        pending = f"{pending} {rest}" if pending else rest
    if pending:
        yield pending, "", speaker


def _source(text: str, is_vtt: bool) -> Iterator[str]:
    """Yield a second reading: all lines but numbers, times and headers, with tags removed."""
    for block in re.split(r"\n[ \t]{0,20}\n", text.lstrip("\ufeff")):
        lines = block.split("\n")
        at = next((number for number, line in enumerate(lines[:3]) if "-->" in line), None)
        if at is not None:
            told = _TAG.sub("", "\n".join(lines[at + 1 :]))
            yield html.unescape(told) if is_vtt else told.replace("\\N", "\n").replace("\\h", " ")
