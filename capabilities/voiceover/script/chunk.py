"""Segmentation of text into pieces for one engine call: one sentence each, so that an edit of one re-renders one.

A sentence longer than the limit is split at ; and :, then at commas and dashes, then at spaces. In scripts without spaces a split
is between two grapheme clusters. Only a single word longer than the limit (an address of 500 characters) is split inside.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import sentencex

from capabilities.voiceover.script.abbreviations import ends_sentence
from capabilities.voiceover.script.normalise import normalise
from capabilities.voiceover.script.parse import speakable

_CLOSERS = "\"'”’»›)\\]}」』】》〉）"
_SOFT_SPLITS = (
    re.compile(rf"[;:；：][{_CLOSERS}]*(?:(?=\s)|(?<=[；：])|(?<=[；：][{_CLOSERS}]))"),
    re.compile(rf"(?:,[{_CLOSERS}]*(?=\s)|[，、،؛][{_CLOSERS}]*| -(?= ))"),
    re.compile(r"(?=\s)"),
)
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_WINDOW, _UNSPACED_WINDOW = 32_768, 4_096
_LONGEST_WORD = 1_000
_LEADING_VOWELS = "เแโใไເແໂໃໄ"  # Thai and Lao vowels that are written before the consonant they belong to


@dataclass(frozen=True)
class Chunk:
    """Normalised text for one engine call, and its span [start, end) of the source."""

    text: str
    start: int
    end: int


def chunk(text: str, language: str, longest: int) -> list[Chunk]:
    """Cut one speaker's line into sentences of at most `longest` characters.

    The chunks, joined by a space (or by nothing in scripts without spaces), are the normalised text; their spans rise and
    do not overlap. Text without a letter or a digit gives no chunk.
    """
    plain = normalise(text)
    chunks: list[Chunk] = []
    reached = 0
    for start, end in cut(plain.text, language, longest):
        begin, finish = plain.source_span(start, end)
        # A cut may fall inside what one source character became, such as the three points of an ellipsis: the former has it.
        chunks.append(Chunk(plain.text[start:end], max(begin, reached), finish))
        reached = finish
    return chunks


def cut(text: str, language: str, longest: int) -> list[tuple[int, int]]:
    """Return the positions of the sentences of a plain text, none longer than `longest`.

    Raises:
        ValueError: `longest` is less than 1.
    """
    if longest < 1:
        raise ValueError("longest must be at least 1")
    if not speakable(text):
        return []
    return _join_unspeakable(text, list(_pieces(text, language, longest)), longest)


def _pieces(text: str, language: str, longest: int) -> Iterator[tuple[int, int]]:
    start = 0
    for boundary in _sentence_ends(text, language):
        end = _before_opener(text, boundary)
        if not ends_sentence(text, end, language):
            continue
        yield from _split(text, *_trim(text, start, end), longest)
        start = end


def _sentence_ends(text: str, language: str) -> Iterator[int]:
    """Where the sentences of one paragraph end.

    The segmenter's time grows with the square of a paragraph without spaces, and of a few others. A long paragraph is given
    to it in overlapping windows, each of which begins with a sentence; of a window only the sentences of the first half
    count, so that what follows them is seen. A sentence that fills a window ends at its last space.
    """
    spaced = max(map(len, text.split(" "))) < _LONGEST_WORD
    window = _WINDOW if spaced else _UNSPACED_WINDOW
    start = 0
    while len(text) - start > window:
        ends = _ends(text[start : start + window], language)
        if len(ends) == 1:
            space = text.rfind(" ", start + 1, start + window)
            ends = [(space + 1 if space > 0 else _hard_cut(text, start, start + window)) - start]
        near = [end for end in ends if end <= window // 2] or ends[:1]
        yield from (start + end for end in near)
        start += near[-1]
    if start < len(text):
        yield from (start + end for end in _ends(text[start:], language))


def _ends(text: str, language: str) -> list[int]:
    return list(accumulate(map(len, sentencex.segment(language, text))))  # the sentences, joined, are the text


def _before_opener(text: str, boundary: int) -> int:
    """The segmenter may leave an opening quote behind with the sentence before: it belongs to what it opens."""
    opens = 1 < boundary < len(text) and text[boundary - 1] in "\"'([" and text[boundary - 2] == " " and text[boundary] != " "
    return boundary - 1 if opens else boundary


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _split(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    while end - start > longest:
        cut = _cut(text, start, end, longest)
        if (piece := _trim(text, start, cut))[0] < piece[1]:
            yield piece
        start = _trim(text, cut, end)[0]
    if start < end:
        yield start, end


def _cut(text: str, start: int, end: int, longest: int) -> int:
    """The best place to end a piece: near an even share of the sentence, at the strongest mark there is."""
    parts = -(-(end - start) // longest)
    ideal = start + (end - start) / parts
    earliest, latest = start + max(1, longest // 3), start + longest
    for marks in _SOFT_SPLITS:
        places = [found.end() for found in marks.finditer(text, earliest - 1, latest + 1) if earliest <= found.end() <= latest]
        if places:
            return min(places, key=lambda place: abs(place - ideal))
    unspaced = [at for at in range(earliest, latest + 1) if _UNSPACED.match(text, at - 1) and _between_graphemes(text, at)]
    if unspaced:
        return min(unspaced, key=lambda place: abs(place - ideal))
    space = max(text.rfind(" ", start + 1, latest + 1), text.rfind("\n", start + 1, latest + 1))
    return space if space > start else _hard_cut(text, start, latest)


def _hard_cut(text: str, start: int, latest: int) -> int:
    for at in range(latest, start, -1):
        if _between_graphemes(text, at):
            return at
    return latest


def _between_graphemes(text: str, at: int) -> bool:
    """Whether a cut before text[at] leaves every visible character whole."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or after in "\u200c\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    if before == "\u200d" or before in _LEADING_VOWELS or after in "ะาำๆຳະາ、。，！？；：）」』】》〉ー々ゝヽっゃゅょッャュョ":
        return False
    if "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff":
        return False
    return not ("\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff")


def _join_unspeakable(text: str, pieces: list[tuple[int, int]], longest: int) -> list[tuple[int, int]]:
    """A lone quote, dash or star joins the piece beside it; where that would be too long the last word goes with it, and where
    there is none it is left out."""
    joined: list[tuple[int, int]] = []
    waiting: int | None = None
    for start, end in pieces:
        if not speakable(text[start:end]):
            if joined and end - joined[-1][0] <= longest:
                joined[-1] = (joined[-1][0], end)
            elif joined and (word := _last_word(text, *joined[-1])) > joined[-1][0] and end - word <= longest:
                joined[-1:] = [_trim(text, joined[-1][0], word), (word, end)]
            elif waiting is None and not joined:
                waiting = start
            continue
        if waiting is None or end - waiting <= longest:
            joined.append((start if waiting is None else waiting, end))
        else:
            joined += _with_first_word(text, waiting, start, end, longest)
        waiting = None
    return joined


def _last_word(text: str, start: int, end: int) -> int:
    """Where the last word of text[start:end] begins, with whatever unspeakable follows it; `start` when it is the only one."""
    last = max(at for at in range(start, end) if speakable(text[at]))
    return text.rfind(" ", start, last) + 1 or start


def _with_first_word(text: str, waiting: int, start: int, end: int, longest: int) -> list[tuple[int, int]]:
    """What waits goes with the first word of the piece behind it, where both fit; else it is left out."""
    space = text.find(" ", start, end)
    whole = space > 0 and space - waiting <= longest and speakable(text[start:space]) and speakable(text[space:end])
    return [(waiting, space), _trim(text, space, end)] if whole else [(start, end)]
