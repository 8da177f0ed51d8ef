"""Search for the words of a pronunciation list in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from media.text.scripts import script_of

_UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR"})
_EITHER = {"'": "['’‘ʼ]", "’": "['’‘ʼ]", "-": "[-‐‑]", "‐": "[-‐‑]", "‑": "[-‐‑]"}

_WORD = re.compile(r"(?<!\w)\w{1,100}")

Found = tuple[int, int, str]


def found_words(text: str, sayings: Mapping[str, str]) -> Iterator[Found]:
    """Yield each position [start, end) of a word of the list, in order and without overlaps, with its pronunciation.

    A lower-case entry matches any case, any other one itself and capitals; the longest match wins. Parts of words do not match,
    except in scripts that are written without spaces.
    """
    if not sayings:
        return
    entries = _entries(tuple(sorted(sayings.items())))
    at = 0
    while first := entries.first.search(text, at):
        candidates = entries.starting(first)
        found = next((match for pattern, _ in candidates if (match := pattern.match(text, first.start()))), None)
        if found is None:
            at = first.start() + 1
            continue
        yield (*found.span(), entries.said[found.re])
        at = found.end()


_Candidates = list[tuple[re.Pattern[str], str]]


class _Entries:
    """A list prepared for one linear pass over a text.

    `first` matches every position at which an entry may begin, `said` holds the pronunciation of each entry's pattern.
    """

    def __init__(self, sayings: tuple[tuple[str, str], ...]) -> None:
        self.said: dict[re.Pattern[str], str] = {}
        self._by_word: dict[str, _Candidates] = {}
        self._by_character: dict[str, _Candidates] = {}
        for written, spoken in sorted(sayings, key=lambda entry: -len(entry[0])):
            written = " ".join(written.split())
            pattern = re.compile(_pattern(written))
            self.said[pattern] = spoken
            word = _WORD.match(written) if _is_spaced(written[0]) else None
            known = self._by_word if word else self._by_character
            known.setdefault(word[0].casefold() if word else written[0], []).append((pattern, spoken))
        characters = "".join(map(re.escape, sorted(self._by_character)))
        self.first = re.compile(rf"(?P<character>[{characters}])|{_WORD.pattern}" if characters else _WORD.pattern)

    def starting(self, first: re.Match[str]) -> _Candidates:
        """Return the entries that may begin at a match, longest first."""
        if "character" in first.re.groupindex and first["character"]:
            return self._by_character[first[0]]
        return self._by_word.get(first[0].casefold(), [])


@lru_cache(maxsize=32)
def _entries(sayings: tuple[tuple[str, str], ...]) -> _Entries:
    return _Entries(sayings)


def _pattern(written: str) -> str:
    if written == written.lower():
        form = f"(?i:{'|'.join(dict.fromkeys((_letters(written), _letters(written.upper().lower()))))})"
    else:
        form = "|".join(dict.fromkeys((_letters(written), _letters(written.upper()))))
    before = r"(?<!\w)" if _is_spaced(written[0]) else ""
    after = r"(?!\w)" if _is_spaced(written[-1]) else ""
    return f"{before}(?:{form}){after}"


def _is_spaced(character: str) -> bool:
    """Return whether a word that ends in this character is separated from the next one by a space."""
    return character.isalnum() and script_of(character) not in _UNSPACED


def _letters(written: str) -> str:
    return "".join(r"[ \u00a0\u202f\n]" if one == " " else _EITHER.get(one, re.escape(one)) for one in written)
