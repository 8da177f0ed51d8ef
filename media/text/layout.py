"""The tidying that makes cues readable: split, wrapped, in order and long enough on screen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from media.text.cues import Cue

Times = NDArray[np.float64]

_ENDING_WORTH = {**dict.fromkeys(".!?…。！？", 24), **dict.fromkeys(",;:—，、；：", 12)}
"""How many characters away from an even share a cue may end to end after such a mark."""


_FLICKER_MS = 200
"""A gap shorter than this between two cues would only be seen as a flicker, and is closed."""


def tidy(
    cues: Iterable[Cue],
    *,
    longest_line: int = 42,
    lines: int = 2,
    shortest_seconds: float = 0.8,
    longest_seconds: float = 7.0,
    total_seconds: float | None = None,
) -> list[Cue]:
    """Readable cues: at most `lines` of `longest_line` characters, in order, never overlapping, on whole milliseconds.

    Long cues are split between words (inside one only where it is longer than a line, or the script has no spaces),
    after a sentence or a comma where one is near; the times of the parts come from the cue's words, else from the
    share of characters. Short cues are kept on screen for `shortest_seconds` as far as the next cue leaves room.
    No cue ends after `total_seconds`; cues that begin there are left out.
    """
    parts: list[Cue] = []
    for cue in sorted(cues, key=lambda one: one.start):
        parts.extend(_split(cue, longest_line, lines, longest_seconds))
    return _in_order(parts, shortest_seconds, total_seconds)


def _split(cue: Cue, longest_line: int, lines: int, longest_seconds: float) -> list[Cue]:
    text = " ".join(cue.text.split())
    if not text:
        return []
    tokens = _tokens(text, longest_line)
    count = max(1, math.ceil((cue.end - cue.start) / longest_seconds - 0.05))
    limit = max(longest_line // 2, math.ceil(len(text) / count) + 8) if count > 1 else len(text)
    clock = _Clock(cue, text)
    parts, at = [], 0
    while at < len(tokens):
        taken = _take(tokens, at, text, longest_line, lines, limit)
        first, last = tokens[at][0], tokens[at + taken - 1][1]
        wrapped = "\n".join(_wrap(tokens[at : at + taken], text, longest_line))
        parts.append(replace(cue, start=clock.start_of(first), end=clock.end_of(last), text=wrapped, words=()))
        at += taken
    parts[0] = replace(parts[0], start=min(cue.start, parts[0].start))
    parts[-1] = replace(parts[-1], end=max(cue.end, parts[-1].end))
    return parts


def _tokens(text: str, longest_line: int) -> list[tuple[int, int]]:
    """Start and end in the text of each piece that stays together."""
    pieces = []
    for word in re.finditer(r"\S+", text):
        for start in range(word.start(), word.end(), longest_line):
            pieces.append((start, min(word.end(), start + longest_line)))
    return pieces


def _take(tokens: list[tuple[int, int]], at: int, text: str, longest_line: int, lines: int, limit: int) -> int:
    """How many tokens from `at` on the next cue gets: what fits, in shares of about the same size, ending well where it can."""
    begin, left, fits = tokens[at][0], len(tokens) - at, 1
    while fits < left and _line_count(tokens[at : at + fits + 1], longest_line) <= lines:
        if tokens[at + fits][1] - begin > limit:
            break
        fits += 1
    if fits == left:
        return fits
    rest = tokens[-1][1] - begin
    room = max(1, tokens[at + fits - 1][1] - begin)
    share = rest / math.ceil(rest / room)

    def fault(taken: int) -> float:
        end = tokens[at + taken - 1][1]
        return abs(end - begin - share) - _ENDING_WORTH.get(text[end - 1], 0)

    return min(range(1, fits + 1), key=fault)


def _line_count(tokens: list[tuple[int, int]], longest_line: int) -> int:
    count, line_start = 1, tokens[0][0]
    for start, end in tokens:
        if end - line_start > longest_line:
            count, line_start = count + 1, start
    return count


def _wrap(tokens: list[tuple[int, int]], text: str, longest_line: int) -> list[str]:
    """The text of the tokens in as few lines as it needs, of about the same length."""
    width = longest_line
    needed = _line_count(tokens, longest_line)
    while width > 1 and _line_count(tokens, width - 1) == needed and all(end - start < width for start, end in tokens):
        width -= 1
    wrapped, line_start, line_end = [], tokens[0][0], tokens[0][1]
    for start, end in tokens:
        if end - line_start > width:
            wrapped.append(text[line_start:line_end])
            line_start = start
        line_end = end
    return [*wrapped, text[line_start:line_end]]


class _Clock:
    """The time of each place in a cue's text."""

    def __init__(self, cue: Cue, text: str) -> None:
        starts, ends = [(0, cue.start)], []
        at, lowered = 0, text.casefold()
        for word in cue.words if len(lowered) == len(text) else ():
            found = lowered.find(word.text.strip().casefold(), at)
            if word.text.strip() and found >= 0:
                at = found + len(word.text.strip())
                starts.append((found, word.start))
                ends.append((at, word.end))
        ends.append((len(text), cue.end))
        self._starts = _steps([*starts, (len(text), cue.end)])
        self._ends = _steps([(0, cue.start), *ends])

    def start_of(self, place: int) -> float:
        return float(np.interp(place, *self._starts))

    def end_of(self, place: int) -> float:
        return float(np.interp(place, *self._ends))


def _steps(points: Sequence[tuple[int, float]]) -> tuple[Times, Times]:
    """Places and the times there, which never fall."""
    places, times = zip(*dict(points).items(), strict=True)
    return np.asarray(places, np.float64), np.maximum.accumulate(np.asarray(times, np.float64))


def _in_order(cues: list[Cue], shortest_seconds: float, total_seconds: float | None) -> list[Cue]:
    """Whole milliseconds; each cue ends before or as the next begins, and lasts as long as it may."""
    limit = math.inf if total_seconds is None else whole_milliseconds(total_seconds)
    starts: list[int] = []
    for cue in cues:
        starts.append(max(round(cue.start * 1000), starts[-1] + 1 if starts else 0))
    ordered = []
    for index, (cue, start) in enumerate(zip(cues, starts, strict=True)):
        following = starts[index + 1] if index + 1 < len(starts) else math.inf
        wanted = max(round(cue.end * 1000), start + round(shortest_seconds * 1000))
        end = min(following if following - wanted < _FLICKER_MS else wanted, following, limit)
        if start < end:
            ordered.append(replace(cue, start=start / 1000, end=int(end) / 1000, words=()))
    return ordered


def whole_milliseconds(seconds: float) -> int:
    """The last whole millisecond that is not after `seconds`: 6100 of 6.1, 79999 of 79.99999999999999."""
    near = round(seconds * 1000)
    return near if near / 1000 <= seconds else near - 1
