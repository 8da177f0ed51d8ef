"""The context of a rule: a text, a position in it, and its surroundings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from media.text.reading.language import NARROW, Language

Part = Literal[
    "number", "money", "unit", "date", "time", "phone number", "range", "fraction", "Roman numeral", "abbreviation", "acronym",
    "address", "sign", "emoji", "note mark", "stage direction", "pronunciation",
]  # fmt: skip
"""What kind of writing was put into words; an engine may ask to read some kinds itself."""

_NEAR = 48
"""Characters of context that a rule looks at; with a fixed bound a text is read in time that grows with its length."""

SPACE = rf"[ {NARROW}]"
_WORD_BEFORE = re.compile(r"(?<![\w'’-])([\w'’-]++)[^\w]{0,3}\Z")
_WORD_BESIDE = re.compile(r"(?<![\w'’-])([\w'’-]++) \Z")
_WORD_AFTER = re.compile(r"[ \u00a0\n]{1,2}(\w{1,40})")
_NAME = re.compile(r"[ \u00a0\n]{1,2}[^\W\d_a-z][\w'’-]")
_LOWER = re.compile(r"\s{0,3}[a-z]")


@dataclass(frozen=True)
class Said:
    """text[start:end] is read as `words`."""

    start: int
    end: int
    words: str
    part: Part


@dataclass(frozen=True)
class Scene:
    """A text in its language. `tag` is the whole BCP-47 tag: the order of a date may depend on the region."""

    text: str
    language: Language
    tag: str

    def near(self, end: int) -> str:
        """Return the text before a position."""
        return self.text[max(0, end - _NEAR) : end]

    def word_before(self, at: int) -> str:
        """Return the word before a position, with at most a sign or two in between."""
        found = _WORD_BEFORE.search(self.near(at))
        return found[1] if found else ""

    def word_beside(self, at: int) -> str:
        """Return the word before a position with only a space in between."""
        found = _WORD_BESIDE.search(self.near(at))
        return found[1] if found else ""

    def word_after(self, at: int) -> str:
        """Return the word after a position with only a space in between."""
        found = _WORD_AFTER.match(self.text, at)
        return found[1] if found else ""

    def before(self, at: int) -> str:
        """Return the character before a position, "" at the start."""
        return self.text[at - 1] if at else ""

    def name_follows(self, at: int) -> bool:
        """Return whether a capitalised word follows."""
        return _NAME.match(self.text, at) is not None

    def lower_follows(self, at: int) -> bool:
        return _LOWER.match(self.text, at) is not None

    def sentence_ends(self, at: int) -> bool:
        """Return whether a full stop that ends at this position may also end a sentence: nothing follows, or a capital."""
        rest = self.text[at : at + 8].lstrip(" \n\t\"'”’)»]")
        if not rest or not rest[0].isupper() or self.text[at : at + 1] == ",":
            return not rest
        return not self.language.text("months_are_names") or self.word_after(at) in self.language.listed("openers")

    def is_name(self, word: str) -> bool:
        return bool(word) and word[0].isupper()
