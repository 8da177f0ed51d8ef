"""Normalised English text with each character's origin, and refusal of text that cannot be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from engines.contract.errors import EngineError
from engines.contract.speech import Unsayable, runs_of

_SPELT = {
    "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "th",
    "Ð": "Th", "þ": "th", "Þ": "Th", "ß": "ss", "ẞ": "SS", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "′": "'", "„": "“", "«": "“",
    "»": "”", "–": "–", "―": "—", "‐": "-", "‑": "-", "−": "-", "⁄": "/", "•": ", ", "©": " copyright ", "®": " registered ",
    "™": " trademark ", "§": " section ", "×": " times ", "÷": " divided by ", "±": " plus or minus ", "\u00ad": "",
    "\u200b": "", "\u2060": "", "\ufeff": "",
}  # fmt: skip
_KEPT = frozenset("—–…“”£€°¥¢₹₩²³½¼¾")
_SILENT = str.maketrans(dict.fromkeys("\\^`{}~_", " "))


@dataclass(frozen=True)
class PlainEnglish:
    """Normalised text. `origin[i]` is the position of `text[i]` in the given text."""

    text: str
    origin: tuple[int, ...]


def plain_english(given: str, title: str, instead: Mapping[int, tuple[int, str]] | None = None) -> PlainEnglish:
    """Letters with marks become plain ones, signs are spelt out, emoji and control characters are silent; line ends stay.

    Args:
        title: the engine's, for the refusal.
        instead: starts of stretches to their ends and the word that stands there in their place.

    Raises:
        EngineError: for a letter of another script, which would be left out without a trace.
    """
    pieces: list[str] = []
    origin: list[int] = []
    index = 0
    while index < len(given):
        end, piece = instead[index] if instead and index in instead else (index + 1, _plain(given[index], title))
        pieces.append(piece)
        origin.extend([index] * (len(piece) - 1) + [end - 1] * bool(piece))
        index = end
    return PlainEnglish("".join(pieces).translate(_SILENT), tuple(origin))


def unsayable(given: str, title: str) -> tuple[Unsayable, ...]:
    """Return the places that `plain_english` refuses, or the whole of a text without any word."""
    found = () if given.isascii() else runs_of(given, _is_foreign, f"{title} reads English only")
    if not found and not any(map(str.isalnum, plain_english(given, title).text)):
        return (Unsayable(0, len(given), "it holds no word"),)
    return found


@lru_cache(maxsize=8_192)
def _is_foreign(character: str) -> bool:
    try:
        _plain(character, "")
    except EngineError:
        return True
    return False


def _plain(character: str, title: str) -> str:
    if character in _SPELT:
        return _SPELT[character]
    if " " <= character <= "~" or character in _KEPT or character == "\n":
        return character
    category = unicodedata.category(character)
    if category[0] in "CZSM":
        return "" if category[0] == "M" else " "
    parts = "".join(_SPELT.get(part, part) for part in unicodedata.normalize("NFKD", character))
    plain = "".join(part for part in parts if " " <= part <= "~")
    if plain or not character.isalnum():
        return plain or " "
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    raise EngineError("english.cannot-say", engine=title, character=character, name=name)
