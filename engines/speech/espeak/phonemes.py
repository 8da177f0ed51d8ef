"""IPA as eSpeak NG's mnemonics, which it reads between double square brackets; the vowels differ from voice to voice.

Consonants have the same mnemonics in all voices (docs/phonemes.md of espeak-ng). The mnemonics of a voice's vowels are found by
speaking each once: eSpeak reports which sound it made.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from engines.speech.espeak.library import EspeakResult
from media.text.phonetics.ipa import LONG, NASAL, SECONDARY, Sound, plain_ipa, sounds_of
from media.text.phonetics.nearest import nearest

_TABLE = """
p:p b:b t:t d:d k:k ɡ:g m:m n:n ɲ:n^ ŋ:N ɳ:n. f:f v:v θ:T ð:D s:s z:z ʃ:S ʒ:Z ʂ:s. ʐ:z. ɕ:S; ʑ:Z; ç:C
ʝ:J^ x:x ɣ:Q χ:X ʁ:Q" h:h ʔ:? l:l ʎ:l^ ɬ:l# j:j w:w ɹ:r ɾ:* r:R c:c ɟ:J q:q β:B tʃ:tS dʒ:dZ tɕ:tS;
dʑ:dZ;
"""
CONSONANTS = {ipa: mnemonic for ipa, _, mnemonic in (pair.partition(":") for pair in _TABLE.split())}
_VOWEL, _OWN_R = 2, "r"
_RHOTICS = frozenset("ɹrɾʁʀ")
_SYLLABIC = {"m": "m-", "n": "n-", "l": "l-", "r": "r-", "ŋ": "N-"}

Speak = Callable[[str], EspeakResult]
"""Speaks a text with mnemonics in a voice."""


def as_mnemonics(ipa: str, vowels: Mapping[str, str]) -> str:
    """Return a word in IPA as mnemonics between eSpeak's brackets; "" if it has no phoneme.

    Args:
        vowels: IPA to the mnemonics of the voice, as `vowels_of` finds them.
    """
    words = ["".join(_mnemonic(sound, vowels) for sound in word) for word in sounds_of(plain_ipa(ipa), {**vowels, **CONSONANTS})]
    return " ".join(f"[[{word}]]" for word in words if word)


def with_possessive(mnemonics: str) -> str:
    """Return the word with the English ending of "Kit's" or "Bush's"."""
    inner = mnemonics.removesuffix("]]")
    last = inner.rsplit("[[", 1)[-1].rstrip(";.")
    ending = "I2z" if last.endswith(("s", "z", "S", "Z")) else "s" if last.endswith(("p", "t", "k", "f", "T")) else "z"
    return f"{inner}{ending}]]"


def _mnemonic(sound: Sound, vowels: Mapping[str, str]) -> str:
    stress = "," if sound.stress == SECONDARY else "'" if sound.stress else ""
    if sound.syllabic and sound.letter in _SYLLABIC:
        return stress + _SYLLABIC[sound.letter]
    if not sound.is_vowel:
        own = _OWN_R if sound.letter in _RHOTICS else ""
        return own or CONSONANTS.get(sound.letter) or CONSONANTS.get(nearest(sound.letter, CONSONANTS), "")
    for form in (f"{sound.letter}{NASAL}" if sound.nasal else "", f"{sound.letter}{LONG}" if sound.long else "", sound.letter):
        if form in vowels:
            return stress + vowels[form]
    either = {name.removesuffix(LONG): mnemonic for name, mnemonic in [*vowels.items()][::-1]}
    return stress + either.get(nearest(sound.letter, either), "")


def vowels_of(data: Path, voice: str, speak: Speak) -> dict[str, str]:
    """Return the vowels of a voice by their IPA, including diphthongs.

    Args:
        data: eSpeak's data folder.
        voice: identifier, such as "gmw/en-US".
        speak: synthesises in that voice.
    """
    found: dict[str, str] = {}
    for name, ipa in _heard(_vowel_names(data, _tables_of(data / "lang" / voice.split("+", 1)[0])), speak):
        if ipa and ipa.isalpha() | (LONG in ipa) | (NASAL in ipa):
            found.setdefault(plain_ipa(ipa), name)
    return found


def _heard(names: list[str], speak: Speak) -> Iterator[tuple[str, str]]:
    """Each mnemonic with the IPA of what was spoken for it: all in one text, or in halves where eSpeak has joined some."""
    spoken = speak(" , ".join(f"[['{name}]]" for name in names))
    starts = [word.sample for word in spoken.words]
    if len(starts) != len(names):
        if len(names) > 1:
            yield from _heard(names[: len(names) // 2], speak)
            yield from _heard(names[len(names) // 2 :], speak)
        return
    heard = [""] * len(names)
    for event in spoken.phonemes:
        at = bisect_right(starts, event.sample) - 1
        if at >= 0:
            heard[at] += event.ipa.strip("ˈˌ")
    yield from zip(names, heard, strict=True)


def _tables_of(file: Path) -> list[str]:
    """What a voice's table of phonemes may be called: as it says, else by one of its languages."""
    lines = [line.split("//")[0].split() for line in file.read_text("utf-8", "replace").splitlines()]
    said = [words[1] for key in ("phonemes", "language") for words in lines if len(words) > 1 and words[0] == key]
    return [*said, *(name.split("-")[0] for name in said)]


def _vowel_names(data: Path, tables_tried: Sequence[str]) -> list[str]:
    """Mnemonics of the vowels of the first of these tables that there is, those of the tables it builds on included.

    `phontab` holds, for each table: the number of its phonemes and of the table it builds on (from 1), its name in 32 bytes, and
    16 bytes for each phoneme, of which the first 4 are its mnemonic, the 11th its code and the 12th its kind.
    """
    raw = (data / "phontab").read_bytes()
    tables: list[tuple[str, int, dict[int, tuple[str, int]]]] = []
    at = 4
    for _ in range(raw[0]):
        count, base = raw[at], raw[at + 1]
        name = raw[at + 4 : at + 36].split(b"\0")[0].decode("latin-1")
        at += 36
        entries = [struct.unpack_from("<4s6xBB4x", raw, at + 16 * number) for number in range(count)]
        at += 16 * count
        tables.append((name, base, {code: (mark.rstrip(b"\0").decode("latin-1"), kind) for mark, code, kind in entries}))
    by_name = {name: (base, own) for name, base, own in tables}
    found: dict[int, tuple[str, int]] = {}
    table = next((name for name in tables_tried if name in by_name), "")
    while table in by_name:
        base, own = by_name[table]
        found = {**own, **found}
        table = tables[base - 1][0] if base else ""
    return [name for name, kind in found.values() if kind == _VOWEL and name and name not in _SYLLABIC.values()]
