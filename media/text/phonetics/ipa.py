"""Words in the International Phonetic Alphabet: normalisation of what users type, and the sounds in it.

IPA Handbook and chart of 2020. ASCII substitutes (g, ', :) become the letters of the chart; ties and syllable dots are removed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

VOWELS = frozenset("iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒᵻɚɝ")
CONSONANTS = frozenset("pbtdʈɖcɟkɡqɢʔmɱnɳɲŋɴʙrʀⱱɾɽɸβfvθðszʃʒʂʐçʝxɣχʁħʕhɦɬɮʋɹɻjɰlɭʎʟɕʑɧɺʍwɥʜʢʡɫ")
PRIMARY, SECONDARY, LONG = "ˈ", "ˌ", "ː"
NASAL, SYLLABIC = "\u0303", "\u0329"
_MARKS = frozenset((PRIMARY, SECONDARY, LONG, "ˑ", " ", "ʰ", "ʲ", "ʷ", "ˠ", "ˤ", "ⁿ", "ˡ", "\u031a", "ʼ", "˞"))
_TYPED = str.maketrans({"g": "ɡ", "'": PRIMARY, "’": PRIMARY, ",": SECONDARY, ":": LONG, "ʦ": "ts", "ʣ": "dz", "ʧ": "tʃ",
                        "ʤ": "dʒ", "ʨ": "tɕ", "ʥ": "dʑ", "ɝ": "ɜɹ", "ᵊ": "ə", "ꭧ": "ʈʂ", "ɫ": "l"})  # fmt: skip
_DROPPED = re.compile("[.|‖‿\u0361\u035c\u200d˥˦˧˨˩↗↘]")
_BETWEEN = re.compile(r"\s*[/\[⟨](?P<ipa>[^/\[\]⟨⟩]{1,200})[/\]⟩]\s*")


@dataclass(frozen=True)
class Sound:
    """One sound of a word: a vowel or a consonant, with its modifiers.

    Args:
        letter: a letter of the chart, or two that form one sound ("tʃ", "aɪ").
        stress: of a vowel that of its syllable: PRIMARY, SECONDARY or "".
    """

    letter: str
    stress: str = ""
    long: bool = False
    nasal: bool = False
    syllabic: bool = False

    @property
    def is_vowel(self) -> bool:
        return self.letter[0] in VOWELS


def between_slashes(saying: str) -> str:
    """Return the IPA of a pronunciation that is written as such, "/nwɪn/" or "[nwɪn]"; "" for one in ordinary letters."""
    found = _BETWEEN.fullmatch(saying)
    return plain_ipa(found["ipa"]) if found else ""


def plain_ipa(written: str) -> str:
    """Return normalised IPA: decomposed, with the letters of the chart, without ties, dots and tones."""
    apart = unicodedata.normalize("NFD", written.strip()).replace("c\u0327", "ç")
    return _DROPPED.sub("", apart.translate(_TYPED))


def foreign_to_ipa(written: str) -> str:
    """Return the first character that is not IPA, "" if there is none."""
    for character in plain_ipa(written):
        known = character in VOWELS or character in CONSONANTS or character in _MARKS
        if not known and unicodedata.category(character) != "Mn":
            return character
    return ""


def has_vowel(written: str) -> bool:
    """Return whether the text contains a syllable nucleus."""
    plain = plain_ipa(written)
    return SYLLABIC in plain or any(character in VOWELS for character in plain)


def sounds_of(ipa: str, joined: Mapping[str, object]) -> list[list[Sound]]:
    """Return the sounds of each word of normalised IPA. The first vowel of a word without a stress gets one.

    Args:
        joined: pairs of letters that form one sound, such as "tʃ" and "aɪ".
    """
    return [_stressed(found) for word in ipa.split() if (found := _sounds(word, joined))]


def _sounds(word: str, joined: Mapping[str, object]) -> list[Sound]:
    found: list[Sound] = []
    stress = ""
    at = 0
    while at < len(word):
        pair = word[at : at + 2]
        letter = pair if pair in joined and len(pair) == 2 else word[at]
        if letter[0] in VOWELS or letter[0] in CONSONANTS:
            at += len(letter)
            start, at = at, _after_marks(word, at)
            marks = word[start:at]
            found.append(Sound(letter, "", LONG in marks, NASAL in marks, SYLLABIC in marks))
            if stress and (found[-1].is_vowel or found[-1].syllabic):
                found[-1] = Sound(letter, stress, LONG in marks, NASAL in marks, SYLLABIC in marks)
                stress = ""
            continue
        if letter in (PRIMARY, SECONDARY):
            stress = letter
        at += 1
    return found


def _after_marks(word: str, at: int) -> int:
    while at < len(word) and (word[at] == LONG or unicodedata.category(word[at]) == "Mn"):
        at += 1
    return at


def _stressed(word: list[Sound]) -> list[Sound]:
    if any(sound.stress for sound in word):
        return word
    first = next((index for index, sound in enumerate(word) if sound.is_vowel or sound.syllabic), None)
    if first is not None:
        sound = word[first]
        word[first] = Sound(sound.letter, PRIMARY, sound.long, sound.nasal, sound.syllabic)
    return word
