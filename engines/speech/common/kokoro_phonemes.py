"""Conversion of IPA to the phoneme alphabet of Kokoro and Hibari, for words with given phonemes.

The alphabet is misaki's (its docs/EN_PHONES.md): diphthongs are single letters, a stress mark is directly before its vowel, and
American vowels have no length marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engines.contract import PhonemeSpan
from engines.speech.common.read_word import ReadWord
from media.text.phonetics.ipa import LONG, Sound, plain_ipa, sounds_of
from media.text.phonetics.nearest import nearest

STAND_IN = "Ann"
"""A name that is read in the place of such a word, so that the words around it are read as beside a name."""

_STAND_IN_SOUNDS = ("ˈæn", "ˌæn", "æn", "ˈan", "ˌan", "an")
_JOINED = {
    "eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y", "oʊ": "O", "əʊ": "O", "tʃ": "ʧ", "dʒ": "ʤ", "ts": "ʦ", "dz": "ʣ",
    "tɕ": "ʧ", "dʑ": "ʤ",
}  # fmt: skip
_BRITISH = {**_JOINED, "oʊ": "Q", "əʊ": "Q"}
_OWN = frozenset("bdfhijklmnpstuvwzɑæɔəɛɜŋɡɪɹʃʊʌʒθðɒa")
"""The sounds of English words, on which the voices were trained; others are said as the nearest of these."""

_AMERICAN = {"ɒ": "ɑ", "a": "ɑ", "e": "A", "o": "O", "ɚ": "əɹ"}
_SOUTHERN = {"a": "æ", "e": "A", "o": "Q", "ɚ": "ə"}
_AFTER_HISS, _UNVOICED = "szʃʒʧʤ", "ptkfθ"


def in_alphabet(ipa: str, *, british: bool) -> str:
    """Words in IPA as the voices read them."""
    joined, single = (_BRITISH, _SOUTHERN) if british else (_JOINED, _AMERICAN)
    return " ".join(
        "".join(_symbol(sound, joined, single, british) for sound in word) for word in sounds_of(plain_ipa(ipa), joined)
    )


def _symbol(sound: Sound, joined: dict[str, str], single: dict[str, str], british: bool) -> str:
    letter = sound.letter
    said = joined.get(letter) or single.get(letter) or (letter if letter in _OWN else "")
    if not said:
        near = nearest(letter, _OWN)
        said = single.get(near, near)
    length = LONG if british and sound.long and said in _OWN else ""
    return f"{sound.stress}{'ə' if sound.syllabic else ''}{said}{length}{'n' if sound.nasal else ''}"


def with_sounds(words: Sequence[ReadWord], spans: Sequence[PhonemeSpan], *, british: bool) -> Iterator[ReadWord]:
    """Yield the words, with the given phonemes of the spans in place of those that were read."""
    for word in words:
        within = [span for span in spans if word.start <= span.start and span.end <= word.end]
        phonemes = word.phonemes
        at = 0
        for span in within:
            sounds = in_alphabet(span.ipa, british=british)
            found = next(((phonemes.find(one, at), one) for one in _STAND_IN_SOUNDS if phonemes.find(one, at) >= 0), None)
            if found is None:
                continue
            place, read = found
            rest = phonemes[place + len(read) :]
            phonemes = phonemes[:place] + sounds + _agreeing(sounds, rest)
            at = place + len(sounds)
        yield ReadWord(phonemes, word.start, word.end)


def _agreeing(sounds: str, rest: str) -> str:
    """What follows the word, with the ending of "Bush's" or "Kit's" where "Ann's" was read."""
    if not rest.startswith("z") or (len(rest) > 1 and rest[1].isalpha()):
        return rest
    last = sounds[-1:]
    return ("ᵻz" if last in _AFTER_HISS else "s" if last in _UNVOICED else "z") + rest[1:]
