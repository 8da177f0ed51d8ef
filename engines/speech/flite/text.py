"""Text for Flite: what it can read as ASCII, with each character's origin, and refusal of what it cannot."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from engines.contract.errors import EngineError
from engines.contract.speech import Unsayable, runs_of

_SPELT = {
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"',
    "«": '"', "»": '"', "–": " - ", "—": " - ", "―": " - ", "‐": "-", "‑": "-", "−": "-", "⁄": "/", "•": ", ", "…": "...",
    "€": " euro ", "£": " pound ", "¥": " yen ", "°": " degrees ", "×": " times ", "÷": " divided by ", "±": " plus or minus ",
    "&": " and ", "+": " plus ", "=": " equals ",
    "©": " copyright ", "®": " registered ", "™": " trademark ", "§": " section ", "µ": " micro ", "\u00ad": "",
}  # fmt: skip

# Signs that Flite would spell by name in the middle of a sentence ("underscore"), or take for markup.
_DROPPED = str.maketrans(dict.fromkeys("\\^`{}~|<>_[]", " "))
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class EnglishText:
    """Text as Flite takes it: printable ASCII. `origin[i]` is the place of `text[i]` in the given text."""

    text: str
    origin: tuple[int, ...]

    def words(self) -> list[tuple[str, int, int]]:
        """Each word that has a letter or a figure in it, with its start and end in the given text, less outer signs."""
        found = []
        for match in _WORD.finditer(self.text):
            inner = [index for index in range(match.start(), match.end()) if self.text[index].isalnum()]
            if inner:
                first = inner[0] - (1 if inner[0] > match.start() and self.text[inner[0] - 1] in "$#" else 0)
                last = inner[-1] + (1 if self.text[inner[-1] + 1 : inner[-1] + 2] == "%" else 0)
                found.append((match.group(), self.origin[first], self.origin[last] + 1))
        return found


def english(given: str) -> EnglishText:
    """Put a text into ASCII: accents fall away, signs are spelt out, emoji and control characters are silent.

    Raises:
        EngineError: for a letter of another script, which would be left out without a trace.
    """
    pieces: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(given):
        piece = _SPELT.get(character) or (character if " " <= character <= "~" else _plain(character))
        pieces.append(piece)
        origin.extend([index] * len(piece))
    return EnglishText("".join(pieces).translate(_DROPPED), tuple(origin))


def unsayable(given: str) -> tuple[Unsayable, ...]:
    """The places that `english` refuses, and the whole of a text in which it leaves nothing to say."""
    found = () if given.isascii() else runs_of(given, _is_foreign, "Flite reads English only")
    if not found and not any(character.isalnum() for character in english(given).text):
        return (Unsayable(0, len(given), "it holds no word"),)
    return found


@lru_cache(maxsize=8_192)
def _is_foreign(character: str) -> bool:
    try:
        english(character)
    except EngineError:
        return True
    return False


def _plain(character: str) -> str:
    if character in _SPELT:
        return _SPELT[character]
    category = unicodedata.category(character)
    if category[0] in "CZSM":
        return "" if category.startswith("M") else " "
    folded = "".join(_SPELT.get(part, part) for part in unicodedata.normalize("NFKD", character))
    plain = "".join(part for part in folded if " " <= part <= "~")
    if plain or not character.isalnum():
        return plain or " "
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    raise EngineError("flite.cannot-say", character=character, name=name)
