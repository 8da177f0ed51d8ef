"""Respelling of IPA in the letters of a language, for engines that read letters only.

A respelling is better than the word's spelling and worse than its IPA: stress, length and foreign sounds are lost.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from media.text.phonetics.ipa import NASAL, Sound, plain_ipa, sounds_of
from media.text.phonetics.nearest import nearest
from media.text.scripts import scripts_of

_FILE = Path(__file__).parent / "respellings.yaml"
_FRONT = frozenset("iyɪʏeøɛœæ")
_OTHER = "es"
"""Whose letters are used in a language in Latin script that has no table: one letter for one sound, as most have it."""


def respelled(ipa: str, language: str) -> str:
    """Return the word in the letters of a language; "" if the language is not written in Latin letters.

    Args:
        language: BCP-47 tag.
    """
    primary = language.replace("_", "-").split("-")[0].lower()
    if scripts_of(primary) and primary not in _tables():
        return ""
    table = _tables().get(primary) or _tables()[_OTHER]
    return " ".join("".join(_written(word, table)) for word in sounds_of(plain_ipa(ipa), table))


def _written(word: list[Sound], table: dict[str, str]) -> list[str]:
    parts: list[str] = []
    for index, sound in enumerate(word):
        last = index == len(word) - 1
        before_vowel = not last and word[index + 1].is_vowel
        forms = [f"{sound.letter}{NASAL}"] if sound.nasal else []
        forms += [f"{sound.letter}ː"] if sound.long else []
        forms += [f"{sound.letter}$"] if last else []
        forms += [f"{sound.letter}<"] if before_vowel and word[index + 1].letter[0] in _FRONT else []
        forms += [f"{sound.letter}+"] if before_vowel else []
        forms += [sound.letter]
        form = next((one for one in forms if one in table), nearest(sound.letter, table) if len(sound.letter) == 1 else "")
        parts.append(table.get(form, ""))
        if sound.nasal and NASAL not in form:
            parts.append(table.get("n", "n"))
    return parts


@cache
def _tables() -> dict[str, dict[str, str]]:
    read: Any = yaml.safe_load(_FILE.read_text("utf-8"))
    return {language: {str(sound): str(letters) for sound, letters in table.items()} for language, table in read.items()}
