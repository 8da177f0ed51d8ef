"""Text for eSpeak NG, and its results: detection of SSML, and conversion of eSpeak's positions to words.

eSpeak counts characters (not bytes) of the given text, including markup. It begins a new word at every apostrophe, inside numbers
and inside emoji names; the words here are those of the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from engines.contract import TimedMark
from engines.speech.espeak.library import EspeakResult, PhonemeEvent, WordEvent

_TAG = re.compile(
    r"""</?(?:speak|break|prosody|emphasis|say-as|voice|sub|mark|phoneme|lang|p|s)(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*\s*/?>""",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

# Scripts written without spaces: there the words are those that eSpeak finds.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SILENT = re.compile(r"""(?<!\S)[-–—―"'“”‘’«»„…,.;:!?()\[\]]+\s+(?=\w)""")
_LANGUAGE_SWITCH = re.compile(r"\([^)]*\)?")  # "(en)" among the phonemes of a text in another language
_STRESS = str.maketrans("", "", "ˈˌ")


@dataclass(frozen=True)
class PreparedText:
    """The input of eSpeak.

    Args:
        text: the input.
        ssml: whether it is SSML.
        origin: for each character of `text`, its position in the given text.
        plain: the given text with its markup blanked out, of the same length.
    """

    text: str
    ssml: bool
    origin: tuple[int, ...]
    plain: str


def prepare(given: str, sounds: Mapping[tuple[int, int], str] | None = None) -> PreparedText:
    """Make a text safe: in plain text &, < and > are only characters; in SSML all that is no known tag is escaped.

    Args:
        sounds: places [start, end) to the mnemonics that are spoken there.
    """
    if sounds:
        return _with_sounds(given, sounds)
    clean = "".join(" " if _is_unspeakable(character) else character for character in given)
    tags = list(_TAG.finditer(clean))
    if not tags:
        return PreparedText(clean, False, tuple(range(len(clean))), clean)
    kept = {match.start(): match.end() for match in (*tags, *_ENTITY.finditer(clean))}
    pieces: list[str] = []
    origin: list[int] = []
    index = 0
    while index < len(clean):
        end = kept.get(index)
        piece = clean[index:end] if end else _ESCAPES.get(clean[index], clean[index])
        pieces.append(piece)
        origin.extend(range(index, end) if end else [index] * len(piece))
        index = end or index + 1
    return PreparedText("".join(pieces), True, tuple(origin), _TAG.sub(lambda match: " " * len(match.group()), clean))


def _with_sounds(given: str, sounds: Mapping[tuple[int, int], str]) -> PreparedText:
    """Plain text with mnemonics in places of it; brackets that were written are spaces, so that they open none."""
    clean = "".join(" " if _is_unspeakable(character) or character in "[]" else character for character in given)
    pieces: list[str] = []
    origin: list[int] = []
    at = 0
    for (start, end), mnemonics in sorted(sounds.items()):
        spaced = f" {mnemonics} "  # right behind another character eSpeak would not see the brackets
        pieces += [clean[at:start], spaced]
        origin += [*range(at, start), *[start] * len(spaced)]
        at = end
    pieces.append(clean[at:])
    origin += range(at, len(clean))
    return PreparedText("".join(pieces), False, tuple(origin), clean)


def phoneme_marks(spoken: EspeakResult) -> tuple[TimedMark, ...]:
    """Phonemes in IPA without stress marks. One that eSpeak gives no time of its own is left out."""
    marks = []
    for event, end in zip(spoken.phonemes, _ends(spoken.phonemes, len(spoken.samples)), strict=True):
        ipa = _LANGUAGE_SWITCH.sub("", event.ipa).translate(_STRESS).strip()
        if ipa and end > event.sample:
            marks.append(TimedMark(ipa, event.sample / spoken.rate, end / spoken.rate))
    return tuple(marks)


def word_marks(prepared: PreparedText, given: str, spoken: EspeakResult) -> tuple[TimedMark, ...]:
    """Return the words of the given text with their times. A word ends with its last phoneme, before any pause."""
    found: dict[tuple[int, int], int] = {}
    for event in spoken.words:
        span = _word_around(prepared, event)
        if span is not None:
            found.setdefault(span, event.sample)
    spans = sorted(found)
    starts = [found[span] for span in spans]
    for index in range(1, len(starts)):  # a word that eSpeak reads out of order begins no earlier than the one before
        starts[index] = max(starts[index], starts[index - 1])
    limits = [*starts[1:], len(spoken.samples)]
    sounding = _sounding(spoken)
    return tuple(
        TimedMark(given[first:last], start / spoken.rate, _last_sound(sounding, start, limit) / spoken.rate, first, last - first)
        for (first, last), start, limit in zip(spans, starts, limits, strict=True)
    )


def _is_unspeakable(character: str) -> bool:
    """Control characters would end or garble the C string; lone surrogates cannot be encoded."""
    return (character < " " and character not in "\n\t") or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff"


def _ends(events: tuple[PhonemeEvent, ...], total: int) -> list[int]:
    return [min(total, event.sample) for event in events[1:]] + [total] if events else []


def _sounding(spoken: EspeakResult) -> list[tuple[int, int]]:
    ends = _ends(spoken.phonemes, len(spoken.samples))
    return [(event.sample, end) for event, end in zip(spoken.phonemes, ends, strict=True) if event.ipa and end > event.sample]


def _last_sound(sounding: list[tuple[int, int]], start: int, limit: int) -> int:
    index = bisect_right(sounding, (limit - 1, limit)) - 1
    if index >= 0 and sounding[index][0] >= start:
        return min(limit, sounding[index][1])
    return limit


def _word_around(prepared: PreparedText, event: WordEvent) -> tuple[int, int] | None:
    """The span in the given text of the word that an event falls in; None for an event inside markup or punctuation."""
    if not 0 <= event.offset < len(prepared.origin):
        return None
    at = prepared.origin[event.offset]
    plain = prepared.plain
    silent = _SILENT.match(plain, at)
    if silent and silent.end() < len(plain):  # a dash on its own carries the event of the word behind it
        at = silent.end()
    if plain[at].isspace():  # the second event of an emoji points behind it
        return None
    if _UNSPACED.match(plain[at]):
        last = min(len(plain), at + max(1, event.length))
        return at, last
    first = at
    while first > 0 and not plain[first - 1].isspace() and not _UNSPACED.match(plain[first - 1]):
        first -= 1
    last = at
    while last < len(plain) and not plain[last].isspace() and not _UNSPACED.match(plain[last]):
        last += 1
    return _trimmed(plain, first, last)


def _trimmed(plain: str, first: int, last: int) -> tuple[int, int]:
    """Without the punctuation around it; a word that is nothing but signs ("&", an emoji) stays whole."""
    inner_first, inner_last = first, last
    while inner_first < inner_last and not _belongs(plain[inner_first]):
        inner_first += 1
    while inner_last > inner_first and not _belongs(plain[inner_last - 1]):
        inner_last -= 1
    return (inner_first, inner_last) if inner_first < inner_last else (first, last)


def _belongs(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M") or character in "%$€£¥°#"
