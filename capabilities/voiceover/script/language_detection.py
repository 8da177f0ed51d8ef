"""Detection of a text's language as a BCP-47 primary tag.

Most texts need no model: scripts of a single language, letters of one Cyrillic language, and English by its function words
decide. Others use py3langid, whose model takes some 0.7 s and 100 MB to load; it is loaded at first use and kept.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

SAMPLE = 4_000
"""Characters looked at: more changes no answer."""
SHORTEST = 20
"""Letters, counted once for each different word, below which an alphabet shared by many languages says nothing: English is
assumed."""
SURE = 60
"""The same, below which the answer is a guess."""

_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", r"\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f"), ("ko", r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"),
    ("zh", r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"), ("th", r"\u0e00-\u0e7f"), ("lo", r"\u0e80-\u0eff"),
    ("el", r"\u0370-\u03ff\u1f00-\u1fff"), ("he", r"\u0590-\u05ff"), ("ka", r"\u10a0-\u10ff"), ("hy", r"\u0530-\u058f"),
    ("bn", r"\u0980-\u09ff"), ("pa", r"\u0a00-\u0a7f"), ("gu", r"\u0a80-\u0aff"), ("or", r"\u0b00-\u0b7f"),
    ("ta", r"\u0b80-\u0bff"), ("te", r"\u0c00-\u0c7f"), ("kn", r"\u0c80-\u0cff"), ("ml", r"\u0d00-\u0d7f"),
    ("si", r"\u0d80-\u0dff"), ("my", r"\u1000-\u109f"), ("km", r"\u1780-\u17ff"), ("am", r"\u1200-\u137f"),
    ("cyrillic", r"\u0400-\u04ff"), ("arabic", r"\u0600-\u06ff\u0750-\u077f"), ("devanagari", r"\u0900-\u097f"),
    ("latin", r"A-Za-z\u00c0-\u024f\u1e00-\u1eff"),
)  # fmt: skip
_ONE_LANGUAGE = frozenset(name for name, _ in _SCRIPTS) - {"cyrillic", "arabic", "devanagari", "latin"}
_FAMILIES = {
    "cyrillic": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn"),
    "arabic": ("ar", "fa", "ur", "ps", "ug"),
    "devanagari": ("hi", "mr", "ne"),
}
_GIVEAWAYS = {
    "cyrillic": (("uk", "їєґ"), ("be", "ў"), ("ru", "ыэё")),
    "arabic": (("ur", "ٹڈڑںے"), ("fa", "پچژگ")),
    "devanagari": (("mr", "ळ"),),
}
_DEFAULTS = {"cyrillic": "ru", "arabic": "ar", "devanagari": "hi"}
_SMALL_WORDS = (
    "the and of to that was he it with as his had her she not this have from they we were which their been has would there "
    "what when who will my your its is you are be for on at by but him them could"
)
_ENGLISH = frozenset(_SMALL_WORDS.split())
_ENGLISH_SHARE = 0.2
_WORD = re.compile(r"[^\W\d_]++")
_ADDRESS = re.compile(r"(?:(?<!\S)|(?<=\]))(?=\S*?(?:://|www\.|@))\S++|\[[^\]\n]{0,200}+\]")


@cache
def _letters() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Made at the first text: two dozen classes of letters take a while to compile."""
    return tuple((name, re.compile(f"[{letters}]")) for name, letters in _SCRIPTS)


def detect(text: str) -> str:
    """Return the language of most of the text, "en" if there is too little of it."""
    sample = _sample(text)
    counts = _counts(sample)
    if not any(counts.values()):
        return "en"
    # A Japanese sentence is largely Chinese characters, and both borrow Latin words whole: fewer letters say as much.
    east = counts["ja"] + counts["zh"] + counts["ko"]
    if east * 4 > counts["latin"]:
        if counts["ko"] > counts["ja"] + counts["zh"]:
            return "ko"
        return "ja" if counts["ja"] * 10 > counts["zh"] else "zh"
    script = max(counts, key=lambda name: counts[name])
    if script in _ONE_LANGUAGE:
        return script
    if script == "latin":
        return _latin(sample)
    return _family(script, sample, counts[script])


def is_sure(text: str) -> bool:
    """Return whether there is enough text to contradict a choice: "A. A. A." and "la la la" may be any language."""
    sample = _sample(text)
    counts = _counts(sample)
    return max(counts, key=lambda name: counts[name]) != "latin" or _letters_of_words(sample.lower()) >= SURE


def _sample(text: str) -> str:
    return _ADDRESS.sub(" ", text[:SAMPLE])


def _counts(sample: str) -> dict[str, int]:
    return {name: len(letters.findall(sample)) for name, letters in _letters()}


def _letters_of_words(sample: str) -> int:
    """Letters of the different words; single letters are none, they stand for themselves in every language."""
    return sum(len(word) for word in set(_WORD.findall(sample)) if len(word) > 1)


def _latin(sample: str) -> str:
    words = _WORD.findall(sample.lower())
    if _letters_of_words(sample.lower()) < SHORTEST or sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE * len(words):
        return "en"
    return _classify(sample, None)


def _family(script: str, sample: str, letters: int) -> str:
    found = Counter(sample.lower())
    for language, signs in _GIVEAWAYS[script]:
        if sum(found[sign] for sign in signs) * 100 >= letters:
            return language
    return _DEFAULTS[script] if _letters_of_words(sample.lower()) < SHORTEST else _classify(sample, _FAMILIES[script])


def _classify(sample: str, allowed: tuple[str, ...] | None) -> str:
    import py3langid  # not at the top: see the module's docstring; the library loads its model at the first call

    return next((str(language) for language, _ in py3langid.rank(sample) if allowed is None or language in allowed), "en")
