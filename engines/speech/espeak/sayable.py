"""The letters that eSpeak NG 1.52 can read, measured voice by voice with a greeting in each script.

Letters of an unknown script are read as "chinese letter" or as numbers, which counts as unreadable; single Greek, Cyrillic,
Hebrew and Arabic letters are read by name, such as "pi". Some scripts are read in any voice, by a switch to their language. Thai
and Burmese lose their vowels even in their own voices.
"""

from __future__ import annotations

from collections.abc import Iterator

from engines.contract.speech import Unsayable, runs_of
from media.text.scripts import script_of, scripts_of

_IN_ANY_VOICE = frozenset(
    "DEVANAGARI BENGALI HANGUL GEORGIAN ARMENIAN TAMIL SINHALA GUJARATI GURMUKHI KANNADA MALAYALAM".split()  # noqa: SIM905
)
_CALLED_BY_NAME = frozenset({"GREEK", "CYRILLIC", "HEBREW", "ARABIC"})
_NOT_EVEN_IN_ITS_OWN = {
    "ja": ("CJK",),
    "ko": ("CJK",),
    "th": ("THAI",),
    "my": ("MYANMAR",),
    "shn": ("MYANMAR",),
    "hak": ("CJK", "BOPOMOFO"),
}
_NAMES = {
    "CJK": "Chinese characters", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "THAI": "Thai", "MYANMAR": "Burmese",
    "CYRILLIC": "Cyrillic", "GREEK": "Greek", "HEBREW": "Hebrew", "ARABIC": "Arabic",
}  # fmt: skip


def unsayable(text: str, voice_language: str) -> tuple[Unsayable, ...]:
    """Return the places of a text that a voice of this language cannot read, and the whole of a text without a letter or a
    digit.
    """
    if not any(map(str.isalnum, text)):
        return (Unsayable(0, len(text), "it holds no word"),)
    return () if text.isascii() else tuple(_foreign(text, voice_language))


def _foreign(text: str, language: str) -> Iterator[Unsayable]:
    primary = language.split("-")[0].lower()
    unread = _NOT_EVEN_IN_ITS_OWN.get(primary, ())
    known = (_IN_ANY_VOICE | set(scripts_of(language))) - set(unread)

    def foreign(character: str) -> bool:
        script = script_of(character)
        return (bool(script) and script not in known) or _is_loose_mark(character)

    for run in runs_of(text, foreign, ""):
        script = script_of(text[run.start])
        if script in _CALLED_BY_NAME and run.end - run.start == 1:
            continue
        name = _NAMES.get(script, script.title() or "such marks")
        yield Unsayable(
            run.start, run.end, f"eSpeak NG cannot read {name}{' in its own voice' if script in unread else ' in this voice'}"
        )


def _is_loose_mark(character: str) -> bool:
    """Letters that only modify another, such as ʹ: they are read as "letter two b nine"."""
    return "\u02b9" <= character <= "\u02ff"
