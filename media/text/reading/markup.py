"""Block markup of a script that is not read aloud: fenced code, comments, HTML tags, front matter, rules under titles.

The script keeps its length: hidden parts become characters that every later step drops, so that positions remain valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from media.text.reading.ssml import is_ssml, ssml_as_script

Reason = Literal["code", "comment", "tag", "front matter", "markup", "link address", "space", "invisible"]

HIDDEN = "\u2060"
"""A word joiner: no letter, no space, and dropped by whatever makes text plain."""

_LINE_END = "\r\n\u2028\u2029"
_FENCE = re.compile(r"[ \t]{0,3}(?P<fence>`{3,}+|~{3,}+)[^`\r\n]*+$")
_TABLE_RULE = re.compile(
    r"[ \t]*+\|?[ \t]*+:?-{2,}+:?[ \t]*+(?:\|[ \t]*+:?-{2,}+:?[ \t]*+)++\|?[ \t]*+$|[ \t]*+\|[ \t]*+:?-{2,}+:?[ \t]*+\|?[ \t]*+$"
)
_TITLE_RULE = re.compile(r"[ \t]{0,3}(?:={3,}+)[ \t]*+$")
_KEY = re.compile(r"[A-Za-z_][\w -]{0,40}:(?:\s|$)|\s+-?\s?\S|-\s")
_TAG_NAMES = (
    "a abbr article aside b big blockquote body br button center cite code dd del details div dl dt em embed figcaption figure "
    "font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label li link main mark meta nav ol p "
    "picture pre q s samp section small source span strike strong style sub summary sup svg table tbody td tfoot th thead "
    "title tr tt u ul var video wbr"
)
_TAG = re.compile(rf"</?(?:{'|'.join(_TAG_NAMES.split())})(?=[\s/>])[^<>]{{0,1000}}>", re.IGNORECASE)
_COMMENT_LENGTH = 20_000
_BLOCK_TAG = re.compile(r"</?(?:br|p|div|li|tr|h[1-6]|dd|dt|section|article|blockquote|hr)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Hidden:
    """A part of the script that is not read aloud, and the reason."""

    start: int
    end: int
    reason: Reason


@dataclass(frozen=True)
class Masked:
    """A script of the same length with block markup and tags hidden."""

    text: str
    hidden: tuple[Hidden, ...] = ()


def hide_markup(script: str) -> Masked:
    """Hide everything that belongs to no sentence. The breaks of SSML become pauses, its other tags are dropped."""
    if is_ssml(script):
        text, tags = ssml_as_script(script)
        return Masked(text, tuple(Hidden(start, end, "tag") for start, end in tags))
    found = sorted([*_blocks(script), *_comments(script), *_tags(script)], key=lambda one: (one.start, -one.end))
    hidden: list[Hidden] = []
    done = 0
    for one in found:
        if one.start >= done:
            hidden.append(one)
            done = one.end
    if not hidden:
        return Masked(script)
    parts, at = [], 0
    for one in hidden:
        parts += [script[at : one.start], _blank(script, one)]
        at = one.end
    return Masked("".join((*parts, script[at:])), tuple(hidden))


def _blank(script: str, one: Hidden) -> str:
    """Return the replacement of a hidden part: its line ends, a space for a tag that separates words, else nothing."""
    written = script[one.start : one.end]
    blank = re.sub(f"[^{_LINE_END}]", HIDDEN, written)
    return " " + blank[1:] if one.reason == "tag" and _BLOCK_TAG.match(written) and blank[0] == HIDDEN else blank


def _blocks(script: str) -> Iterator[Hidden]:
    """Yield fenced code, front matter, and the rules of tables and under titles."""
    opened: tuple[str, int] | None = None
    front = _front_matter(script)
    if front:
        yield Hidden(0, front, "front matter")
    closings = _last_fences(script) if "```" in script or "~~~" in script else {}
    for start, line in _lines(script):
        fence = _FENCE.match(line)
        mark = fence["fence"] if fence else ""
        if opened:
            if mark and mark[0] == opened[0][0] and len(mark) >= len(opened[0]) and not line.strip().strip(mark[0]):
                yield Hidden(opened[1], start + len(line), "code")
                opened = None
        elif mark:
            if closings.get(mark[0], -1) > start:
                opened = (mark, start)
            else:
                yield Hidden(start, start + len(line), "markup")
        elif _TABLE_RULE.match(line) or _TITLE_RULE.match(line):
            yield Hidden(start, start + len(line), "markup")
    if opened:  # never closed: the fence alone is hidden, and the rest is text
        yield Hidden(opened[1], opened[1] + len(opened[0]), "markup")


def _last_fences(script: str) -> dict[str, int]:
    """Return the position of the last fence of each kind, which opens nothing."""
    return {line.lstrip()[0]: start for start, line in _lines(script) if _FENCE.match(line)}


def _lines(script: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in re.split(f"(?<=[{_LINE_END}])", script):
        yield start, line.rstrip(_LINE_END)
        start += len(line)


def _front_matter(script: str) -> int:
    """Return the end of a block of "key: value" lines between two rows of dashes; 0 without one."""
    if not script.startswith("---"):
        return 0
    for number, (start, line) in enumerate(_lines(script)):
        if number == 0:
            if line.strip() != "---":
                return 0
        elif line.strip() == "---":
            return start + len(line) if number > 1 else 0
        elif (line.strip() and not _KEY.match(line)) or number > 60:
            return 0
    return 0


def _comments(script: str) -> Iterator[Hidden]:
    at = script.find("<!--")
    while at >= 0:
        end = script.find("-->", at + 4, at + _COMMENT_LENGTH)
        if end < 0:
            break
        yield Hidden(at, end + 3, "comment")
        at = script.find("<!--", end)


def _tags(script: str) -> Iterator[Hidden]:
    if "<" in script:
        for found in _TAG.finditer(script):
            yield Hidden(found.start(), found.end(), "tag")
