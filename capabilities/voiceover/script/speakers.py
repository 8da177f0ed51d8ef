"""Finds which labels of a script are speakers; a label counts as a speaker only with evidence, so that no word is left
unspoken.

An undecided label stays text, is read aloud by the narrator, and is listed so that the user can make it a speaker; a label that
counts as a speaker can be made text. The evidence, in this order: the user's choice (cast, or "just text"); settings in the label
(`Anna (speed=1.2):`); a word that names a role ("Speaker 1", "Narrator"); words that are used before a colon in recipes, letters
and notes, which are no speakers; names of people; and the form of the script: the same label again, with lines that sound like
speech.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from capabilities.voiceover.script.abbreviations import is_title
from capabilities.voiceover.script.label_words import PLAIN, ROLES, SPOKEN, SPOKEN_UNSPACED, STAGE, given_names, words_of
from capabilities.voiceover.script.marks import Label

_COUNTED = re.compile(r"[\s\-]*+(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4}|[一二三四五六七八九十甲乙丙丁])\Z")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ABSTRACT = re.compile(r"(?:tion|sion|ment|ness|ity|ance|ence|ology|ism|ing|ung|heit|keit|ción|sión|dad|zione|ção|tät|té)s?\Z")
_SPEECH_MARKS = re.compile(r"[?？؟!！…]|\.\.\.")
_CJK_NAME = re.compile(r"[\u3400-\u9fff\uac00-\ud7af]{2,4}\Z")
_SMALL_WORDS = words_of("the a an of and & de del della di da du la le les el von van der den zu y e et und")
_HALF = 0.5


@dataclass(frozen=True)
class Labels:
    """The classification of a script's labels.

    Args:
        speakers: names to show by the key of a label.
        possible: labels that count as text but may be speakers, in order of appearance.
        interrupting: keys of undecided labels that end a turn, so that no text is spoken in the wrong voice.
    """

    speakers: Mapping[str, str]
    possible: tuple[str, ...]
    interrupting: frozenset[str]


@dataclass
class _SeenLabel:
    """One label, everywhere in the script."""

    name: str
    key: str
    count: int = 0
    settings: bool = False
    bracketed: bool = True
    lines: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return self.key.split()

    @property
    def cased(self) -> bool:
        return any(letter.lower() != letter.upper() for letter in self.name)

    @property
    def capital(self) -> bool:
        """Whether each word but the small ones begins with a capital, or its script has none."""
        words = [word for word in self.name.split() if word.casefold() not in _SMALL_WORDS]
        return all(word[0] == word[0].upper() for word in words) and bool(words)

    @property
    def role(self) -> bool:
        bare = _COUNTED.sub("", self.key)
        return bare in ROLES or self.key in ROLES or (len(self.words) > 1 and self.words[-1] in ROLES)

    @property
    def plain(self) -> bool:
        """Whether it is a word of recipes, letters and notes."""
        bare = _COUNTED.sub("", self.key)
        first, last = self.words[0], self.words[-1]
        return bool({self.key, bare, first, last} & PLAIN)

    @property
    def named(self) -> bool:
        """Whether a name of a person is in it."""
        names = given_names()
        bare = _COUNTED.sub("", self.key)
        words = [part.strip(".'’") for word in (*self.words, bare) for part in (word, *word.split("-")) if part]
        known = any(word in names for word in words) or any(is_title(word) for word in self.words[:-1])
        return known or (_CJK_NAME.match(self.key) is not None and self.key[0] in names)

    @property
    def abstract(self) -> bool:
        return _ABSTRACT.search(self.words[-1]) is not None

    @property
    def spoken(self) -> bool:
        """Whether half of its lines or more sound like somebody speaking to somebody."""
        return sum(map(_sounds_spoken, self.lines)) >= _HALF * len(self.lines)


def find_speakers(labels: Iterable[tuple[Label, str]], cast: Iterable[str], just_text: Iterable[str]) -> Labels:
    """Classify every label of a script.

    Args:
        labels: each label with what follows it on its line.
        cast: names that are speakers wherever they stand as a label, ignoring case.
        just_text: labels that are none.
    """
    known = {key_of(name): name for name in cast}
    refused = {key_of(name) for name in just_text}
    seen = _collected(labels)
    for one in seen.values():
        if one.settings:
            known.setdefault(one.key, one.name)
    open_ones = [one for one in seen.values() if one.key not in known and one.key not in refused]
    for one in _decided(open_ones, bool(known)):
        known[one.key] = one.name
    known = {key: name for key, name in known.items() if key not in refused}
    left = [one for one in seen.values() if one.key not in known]
    asked = [one for one in left if one.key not in refused]
    return Labels(
        known,
        tuple(one.name for one in left if _may_be_offered(one)),
        frozenset(one.key for one in asked if one.capital and not one.plain and not one.bracketed),
    )


def key_of(name: str) -> str:
    """Return the common key of a label's spellings."""
    return " ".join(name.split()).casefold()


def _collected(labels: Iterable[tuple[Label, str]]) -> dict[str, _SeenLabel]:
    seen: dict[str, _SeenLabel] = {}
    for label, rest in labels:
        key = key_of(label.name)
        one = seen.setdefault(key, _SeenLabel(" ".join(label.name.split()), key))
        one.count += 1
        one.settings = one.settings or "=" in label.notes
        one.bracketed = one.bracketed and label.bracketed
        if len(one.lines) < 20:
            one.lines.append(rest)
    return {key: one for key, one in seen.items() if not (one.bracketed and set(one.words) & STAGE)}


def _decided(labels: list[_SeenLabel], has_speakers: bool) -> Iterator[_SeenLabel]:
    sure = [one for one in labels if one.role and not one.bracketed]
    people = [one for one in labels if one not in sure and not one.plain and _may_be_a_name(one) and one.named]
    dialogue = has_speakers or bool(sure) or len(people) > 1 or any(one.count > 1 for one in people)
    yield from sure
    for one in labels:
        if one in sure:
            continue
        if one in people or (one.role and one.bracketed):
            decided = dialogue or one.count > 1
        elif one.plain:
            decided = dialogue and one.count > 1 and one.capital and one.key in given_names() and one.spoken
        else:
            decided = _written_like_a_speaker(one, dialogue)
        if decided:
            yield one


def _may_be_a_name(one: _SeenLabel) -> bool:
    return one.capital or (one.count > 1 and len(one.words) == 1)


def _written_like_a_speaker(one: _SeenLabel, dialogue: bool) -> bool:
    """Of a label that is neither a known name nor a known word."""
    if not one.capital or one.abstract:
        return False
    if not one.cased:
        return one.count > 1 or dialogue
    return (one.count > 1 and (one.spoken or dialogue)) or (dialogue and one.spoken and not one.bracketed)


def _may_be_offered(one: _SeenLabel) -> bool:
    return one.count > 1 or not one.plain


def _sounds_spoken(line: str) -> bool:
    if _SPEECH_MARKS.search(line) or any(word in line for word in SPOKEN_UNSPACED):
        return True
    return any(found.group().casefold().replace("’", "'") in SPOKEN for found in _WORD.finditer(line))
