"""A pseudo-language: every pattern of the English catalogue between brackets, so that words that bypass it are seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from media.messages import catalogue
from media.messages.catalogue import Entry
from media.messages.languages import speaking

PSEUDO = "qps"

_read = catalogue.area_of


def _bracketed(area: str, language: str) -> Mapping[str, Entry]:
    if language != PSEUDO:
        return _read(area, language)
    english = _read(area, "en")
    return {what: Entry(f"⟪{words.reason}⟫", f"⟪{words.hint}⟫" if words.hint else "") for what, words in english.items()}


@contextmanager
def speaking_pseudo() -> Iterator[None]:
    """Within it everything that is said comes out of the catalogue between ⟪ and ⟫."""
    with mock.patch.object(catalogue, "area_of", _bracketed), speaking(PSEUDO):
        yield


def is_pseudo(words: str) -> bool:
    """Whether the words are from the catalogue as a whole."""
    return words.startswith("⟪") and words.endswith("⟫")
