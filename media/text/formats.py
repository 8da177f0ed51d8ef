"""Conversion of cues to SubRip and WebVTT, and from SubRip."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from media.errors import MediaError
from media.text.cues import Cue
from media.text.markup import without_marks

_TIME = re.compile(r"(?<!\d)(\d{1,6}):(\d\d):(\d\d)[,.](\d{3})")


def to_srt(cues: Iterable[Cue]) -> str:
    """Return SubRip text, which has no speakers, unlike WebVTT."""
    blocks = [
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_plain(cue.text)}\n"
        for number, cue in enumerate(cues, 1)
    ]
    return "\n".join(blocks)


def to_vtt(cues: Iterable[Cue]) -> str:
    """Return WebVTT text, with `<v Name>` if a cue has a speaker."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        text = html.escape(_lines(cue.text), quote=False)
        if cue.speaker:
            text = f"<v {html.escape(' '.join(cue.speaker.split()), quote=False)}>{text}</v>"
        blocks.append(f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def parse_srt(text: str) -> list[Cue]:
    """Return the cues of SubRip text.

    Raises:
        MediaError: a block is not a cue; the error names the first one.
    """
    cues = []
    for block in re.split(r"\n\s*\n", text.lstrip("\ufeff").replace("\r\n", "\n").strip()):
        if not block.strip():
            continue
        lines = block.strip().split("\n")
        timing = next((index for index, line in enumerate(lines[:2]) if "-->" in line), None)
        found = _TIME.findall(lines[timing]) if timing is not None else []
        if timing is None or len(found) != 2:
            raise MediaError("subtitles.unreadable", line=lines[0][:40])
        start, end = ((((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(ms)) / 1000 for h, m, s, ms in found)
        cues.append(Cue(start, end, "\n".join(lines[timing + 1 :])))
    return cues


def _clock(seconds: float, point: str) -> str:
    milliseconds = max(0, round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _lines(text: str) -> str:
    """Return the lines that are not empty, because an empty one would end the cue."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _plain(text: str) -> str:
    """Return the text without tags, which players interpret as markup, and without the arrow that separates times."""
    return _lines(without_marks(text)).replace("-->", "→")
