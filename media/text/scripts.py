"""Scripts of letters, and the scripts in which a language is written. From Unicode's character names; pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_COMMON = frozenset({"LATIN", "FEMININE", "MASCULINE", "MODIFIER", "FULLWIDTH"})
_JOINED = {"IDEOGRAPHIC": "CJK", "KANGXI": "CJK", "HALFWIDTH": "KATAKANA", "KATAKANA-HIRAGANA": "KATAKANA"}
_WRITTEN_IN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tt", "ba", "cv", "nog", "sr", "sah", "tg", "ce"), ("CYRILLIC",)
    ),
    **dict.fromkeys(("el", "grc"), ("GREEK",)),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ug", "sd", "ku", "ckb", "arz"), ("ARABIC",)),
    **dict.fromkeys(("he", "yi", "iw"), ("HEBREW",)),
    **dict.fromkeys(("hi", "mr", "ne", "kok", "sa", "bho", "mai"), ("DEVANAGARI",)),
    **dict.fromkeys(("bn", "as", "bpy"), ("BENGALI",)),
    **dict.fromkeys(("zh", "cmn", "yue", "hak", "nan", "wuu"), ("CJK", "BOPOMOFO")),
    **dict.fromkeys(("my", "shn"), ("MYANMAR",)),
    **dict.fromkeys(("am", "ti"), ("ETHIOPIC",)),
    **dict.fromkeys(("hy", "hyw"), ("ARMENIAN",)),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"), "ko": ("HANGUL", "CJK"), "pa": ("GURMUKHI",), "gu": ("GUJARATI",), "or": ("ORIYA",),
    "ta": ("TAMIL",), "te": ("TELUGU",), "kn": ("KANNADA",), "ml": ("MALAYALAM",), "si": ("SINHALA",), "th": ("THAI",),
    "lo": ("LAO",), "km": ("KHMER",), "bo": ("TIBETAN",), "ka": ("GEORGIAN",), "chr": ("CHEROKEE",), "dv": ("THAANA",),
}  # fmt: skip


@lru_cache(maxsize=8_192)
def script_of(character: str) -> str:
    """Return the script of a letter in capitals, such as "CYRILLIC"; "" for other characters, or letters of no particular
    script.
    """
    if character < "\x80" or not character.isalpha():
        return ""
    plain = unicodedata.normalize("NFKC", character)
    name = unicodedata.name(plain[0] if plain and plain[0].isalpha() else character, "UNKNOWN").split()[0]
    return "" if name in _COMMON else _JOINED.get(name, name)


def scripts_of(language: str) -> tuple[str, ...]:
    """Return the scripts besides Latin in which a language is written; `language` is a BCP-47 tag."""
    return _WRITTEN_IN.get(language.replace("_", "-").split("-")[0].lower(), ())
