"""Layout of cues for readability: split, wrapped, ordered, and displayed long enough."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from media.text.cues import Cue
from media.text.line_breaks import breakable, columns, is_unspaced

Times = NDArray[np.float64]

_ENDING_WORTH = {**dict.fromkeys(".!?…。！？", 24), **dict.fromkeys(",;:—，、；：", 12)}
"""How many characters away from an even share a cue may end to end after such a mark."""


_FLICKER_MS = 200
"""A gap shorter than this between two cues would only be seen as a flicker, and is closed."""


LINE, UNSPACED_LINE = 42, 36
"""Columns of a line: 42 letters, or 18 full-width characters of Chinese and Japanese; the norms are 37 to 42, and 16 to 20."""
SPEED, UNSPACED_SPEED = 20.0, 18.0
"""Columns a second that can be read: 20 letters, or 9 full-width characters."""
_MOST_LENT = 0.5
"""Seconds by which a cue may begin before or stay after its words, to be read."""
_MERGED_BELOW, _MERGED_ACROSS = 1.2, 0.6
"""A cue shorter than this joins its neighbour over a pause of at most this, where both fit on one line."""


def tidy(
    cues: Iterable[Cue],
    *,
    longest_line: int = 0,
    lines: int = 2,
    shortest_seconds: float = 0.8,
    longest_seconds: float = 7.0,
    total_seconds: float | None = None,
    fastest: float = 0.0,
) -> list[Cue]:
    """Return readable cues: at most `lines` of `longest_line` columns, in order, without overlaps, on whole milliseconds.

    A full-width character counts as two columns. If `longest_line` and `fastest` (columns a second) are 0 they depend on the
    script: 42 and 20, or 18 and 9 full-width characters. Successive short cues of one speaker are merged. Speech that is faster
    than it can be read is displayed longer, or a little earlier, as far as its neighbours leave room.

    Long cues are split between words (within one only if it is longer than a line, or the script has no spaces), after a sentence
    or a comma if one is near; the times of the parts come from the cue's words, or else from the share of characters. Short cues
    are displayed for `shortest_seconds` as far as the next cue leaves room. No cue ends after `total_seconds`; cues that begin
    after it are dropped.
    """
    parts: list[Cue] = []
    for cue in _merged(sorted(cues, key=lambda one: one.start), longest_line):
        parts.extend(_split(cue, longest_line or line_of(cue.text), lines, longest_seconds))
    return _readable(_in_order(parts, shortest_seconds, total_seconds), fastest, total_seconds)


def line_of(text: str) -> int:
    """Return the columns of a line in the script of a text."""
    return UNSPACED_LINE if is_unspaced(text) else LINE


def _merged(cues: list[Cue], longest_line: int) -> Iterator[Cue]:
    """Yield the cues with those joined that would only flicker ("Yes. No. Why?")."""
    waiting: Cue | None = None
    for cue in cues:
        if waiting is None:
            waiting = cue
        elif _belong_together(waiting, cue, longest_line):
            waiting = replace(waiting, end=cue.end, text=_joined(waiting.text, cue.text), words=(*waiting.words, *cue.words))
        else:
            yield waiting
            waiting = cue
    if waiting is not None:
        yield waiting


def _belong_together(one: Cue, other: Cue, longest_line: int) -> bool:
    brief = min(one.end - one.start, other.end - other.start) < _MERGED_BELOW
    if not brief or one.speaker != other.speaker or not 0 <= other.start - one.end <= _MERGED_ACROSS:
        return False
    text = _joined(one.text, other.text)
    return bool(one.text.strip() and other.text.strip()) and columns(text) <= (longest_line or line_of(text))


def _joined(one: str, other: str) -> str:
    one, other = " ".join(one.split()), " ".join(other.split())
    return f"{one}{'' if is_unspaced(one) and is_unspaced(other) else ' '}{other}"


def _readable(cues: list[Cue], fastest: float, total_seconds: float | None) -> list[Cue]:
    """Return the cues with more time for those that end before they can be read: from the silence after and before, then from a
    slower cue.
    """
    times = [[round(cue.start * 1000), round(cue.end * 1000)] for cue in cues]
    last = math.inf if total_seconds is None else whole_milliseconds(total_seconds)
    needs = [math.ceil(1000 * columns(cue.text.replace("\n", " ")) / (fastest or _speed_of(cue.text))) for cue in cues]
    lent = round(_MOST_LENT * 1000)
    for index, (start, end) in enumerate(times):
        following = times[index + 1][0] if index + 1 < len(times) else last
        times[index][1] = end = int(max(end, min(following, start + needs[index], end + lent, last)))
        before = times[index - 1][1] if index else 0
        if end - start < needs[index]:
            times[index][0] = start = max(before, end - needs[index], start - lent)
        if end - start < needs[index] and index + 1 < len(times) and following == end:
            spare = times[index + 1][1] - times[index + 1][0] - needs[index + 1]
            times[index][1] = times[index + 1][0] = end + max(0, min(needs[index] - (end - start), spare, lent))
    return [replace(cue, start=start / 1000, end=end / 1000) for cue, (start, end) in zip(cues, times, strict=True)]


def _speed_of(text: str) -> float:
    return UNSPACED_SPEED if is_unspaced(text) else SPEED


def _split(cue: Cue, longest_line: int, lines: int, longest_seconds: float) -> list[Cue]:
    text = " ".join(cue.text.split())
    if not text:
        return []
    tokens = breakable(text, longest_line)
    count = max(1, math.ceil((cue.end - cue.start) / longest_seconds - 0.05))
    whole = columns(text)
    limit = max(longest_line // 2, math.ceil(whole / count) + 8) if count > 1 else whole
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


def _take(tokens: list[tuple[int, int]], at: int, text: str, longest_line: int, lines: int, limit: int) -> int:
    """Return how many tokens from `at` on the next cue gets: what fits, in parts of similar size, with a good end if possible."""
    begin, left, fits = tokens[at][0], len(tokens) - at, 1
    while fits < left and _line_count(tokens[at : at + fits + 1], text, longest_line) <= lines:
        if columns(text[begin : tokens[at + fits][1]]) > limit:
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


def _line_count(tokens: list[tuple[int, int]], text: str, longest_line: int) -> int:
    count, line_start = 1, tokens[0][0]
    for start, end in tokens:
        if columns(text[line_start:end]) > longest_line:
            count, line_start = count + 1, start
    return count


def _wrap(tokens: list[tuple[int, int]], text: str, longest_line: int) -> list[str]:
    """Return the text of the tokens in as few lines as possible, of similar length."""
    width = longest_line
    needed = _line_count(tokens, text, longest_line)
    widest = max(columns(text[start:end]) for start, end in tokens)
    while width > widest and _line_count(tokens, text, width - 1) == needed:
        width -= 1
    wrapped, line_start, line_end = [], tokens[0][0], tokens[0][1]
    for start, end in tokens:
        if columns(text[line_start:end]) > width:
            wrapped.append(text[line_start:line_end])
            line_start = start
        line_end = end
    return [*wrapped, text[line_start:line_end]]


class _Clock:
    """The time at each position of a cue's text."""

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
    """Return positions and their times, which never decrease."""
    places, times = zip(*dict(points).items(), strict=True)
    return np.asarray(places, np.float64), np.maximum.accumulate(np.asarray(times, np.float64))


def _in_order(cues: list[Cue], shortest_seconds: float, total_seconds: float | None) -> list[Cue]:
    """Return the cues on whole milliseconds; each ends at or before the start of the next and lasts as long as allowed."""
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
    """Return the last whole millisecond that is not after `seconds`: 6100 for 6.1, 79999 for 79.99999999999999."""
    near = round(seconds * 1000)
    return near if near / 1000 <= seconds else near - 1
