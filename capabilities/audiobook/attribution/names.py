"""The characters of a book: names beside verbs of speech, and their pronouns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

VERBS = (
    "said|says|cried|replied|asked|answered|exclaimed|whispered|shouted|added|continued|began|remarked|returned|called|went on|"
    "muttered|murmured|thought|observed|repeated|demanded|inquired|interrupted|declared|screamed|growled|sighed|laughed|ordered|"
    "suggested|pleaded|begged|explained|told|insisted|roared|sobbed|snapped|yelled|announced|resumed|rejoined|responded|ventured"
)
_WORD = r"[A-Z][\w’'-]{1,20}"
_TITLE = r"(?:Mr|Mrs|Ms|Dr|St|Miss|Lady|Lord|Sir|Captain|Aunt|Uncle|King|Queen|Prince|Princess|Professor|Madame)\.?"
_NAME = rf"(?:[Tt]he\s)?(?:{_TITLE}\s)?{_WORD}(?:\s{_WORD}){{0,2}}"
_AFTER = re.compile(rf"\b(?:{VERBS})\s(?P<name>{_NAME})")
_BEFORE = re.compile(rf"(?<![\w’'-])(?P<name>{_NAME})(?:\s[a-z]{{3,12}}ly)?\s(?:had\s)?(?:{VERBS})\b")
_SAID_HE = re.compile(rf"\b(?:(?:{VERBS})\s(?P<after>he|she|I|they)|(?P<before>[Hh]e|[Ss]he|I|[Tt]hey)\s(?:{VERBS}))\b")
_NO_NAMES = frozenset(
    {
        "he", "she", "it", "they", "we", "you", "i", "the", "a", "an", "and", "but", "so", "then", "when", "what", "where", "why",
        "how", "this", "that", "there", "here", "now", "yes", "no", "oh", "well", "all", "one", "his", "her", "their", "my",
        "our",
        "your", "if", "as", "at", "in", "on", "of", "to", "for", "with", "after", "before", "still", "soon", "once", "nobody",
    }
)  # fmt: skip
_FEMALE = frozenset(("mrs", "ms", "miss", "lady", "aunt", "queen", "princess", "madame", "duchess", "mother", "sister"))
_MALE = frozenset(("mr", "lord", "sir", "uncle", "king", "prince", "duke", "father", "brother"))
_HE = re.compile(r"\b(?:he|his|him|himself)\b")
_SHE = re.compile(r"\b(?:she|her|hers|herself)\b")


@dataclass
class BookCast:
    """Characters by their fullest name, with all forms of it, and "he", "she" or "" for their pronoun."""

    forms: dict[str, str] = field(default_factory=dict)
    gender: dict[str, str] = field(default_factory=dict)

    def of(self, form: str) -> str:
        """Return the character that a form of a name stands for, "" for none."""
        return self.forms.get(plain(form), "")

    def mentioned(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield the mentions of characters in a text, in order."""
        for found in _ANY_NAME.finditer(text):
            words = found.group().split()
            for length in range(len(words), 0, -1):
                if name := self.forms.get(plain(" ".join(words[:length])), self.forms.get(plain(words[length - 1]), "")):
                    yield found.start(), name
                    break


_ANY_NAME = re.compile(rf"(?<![\w’'-])(?:{_TITLE}\s)?{_WORD}(?:\s{_WORD}){{0,2}}")


def plain(form: str) -> str:
    """Return a name without its article, in lower case."""
    return re.sub(r"\Athe\s", "", " ".join(form.split()).casefold()).rstrip("’'").removesuffix("’s").removesuffix("'s")


def named_in(told: str, *, after: bool) -> str:
    """Return the name beside a verb of speech in the text next to a quote; "" for none.

    Args:
        after: the text follows the quote, so that its first name counts; otherwise it precedes the quote, and its last name
            counts.
    """
    found = [*_AFTER.finditer(told), *_BEFORE.finditer(told)]
    names = sorted((one.start(), one.group("name")) for one in found if plain(one.group("name")) not in _NO_NAMES)
    return (names[0] if after else names[-1])[1] if names else ""


def pronoun_in(told: str) -> str:
    """Return "he", "she", "i" or "they" beside a verb of speech; "" for none."""
    found = _SAID_HE.search(told)
    return (found.group("after") or found.group("before")).lower() if found else ""


def cast_of(told: Iterable[str]) -> BookCast:
    """Return everyone beside a verb of speech; a shorter form of a name belongs to the longest one that ends or begins with
    it.
    """
    texts = list(told)
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text in texts:
        for found in (*_AFTER.finditer(text), *_BEFORE.finditer(text)):
            key = plain(found.group("name"))
            if key and key.split()[0] not in _NO_NAMES:
                counts[key] += 1
                written.setdefault(key, re.sub(r"\A[Tt]he\s", "", " ".join(found.group("name").split())))
    cast = BookCast()
    for key in sorted(counts, key=lambda name: (len(name.split()), -counts[name])):
        longer = [other for other in counts if other != key and _same(key, other)]
        person = written[max(longer, key=lambda other: counts[other])] if len(longer) == 1 else written[key]
        cast.forms[key] = person
    _told_genders(cast, texts)
    return cast


def _same(short: str, long: str) -> bool:
    words, more = short.split(), long.split()
    return len(words) < len(more) and (more[-len(words) :] == words or more[: len(words)] == words)


def _told_genders(cast: BookCast, texts: Iterable[str]) -> None:
    seen: Mapping[str, Counter[str]] = {name: Counter() for name in cast.forms.values()}
    for form, name in cast.forms.items():
        first = set(re.split(r"[\s.]+", form))
        seen[name]["she"] += 1000 * bool(first & _FEMALE)
        seen[name]["he"] += 1000 * bool(first & _MALE)
    for text in texts:
        places = list(cast.mentioned(text))
        for (at, name), (end, _) in pairwise([*places, (len(text), "")]):
            seen[name]["he"] += len(_HE.findall(text, at, min(end, at + 200)))
            seen[name]["she"] += len(_SHE.findall(text, at, min(end, at + 200)))
    for name, counted in seen.items():
        he, she = counted["he"], counted["she"]
        cast.gender[name] = "he" if he > 1.5 * she else "she" if she > 1.5 * he else ""
