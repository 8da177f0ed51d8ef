"""Partial words: shown as settled once two hearings in a row agree on them."""

from __future__ import annotations


class PartialAgreement:
    """For one turn."""

    def __init__(self) -> None:
        self._last: list[str] = []
        self._settled = 0

    def heard(self, text: str) -> tuple[str, str]:
        """What is settled, and all; the settled part never shrinks in words, though a later hearing may spell them otherwise."""
        words = text.split()
        agreed = 0
        for one, other in zip(words, self._last, strict=False):
            if _plain(one) != _plain(other):
                break
            agreed += 1
        self._settled = min(len(words), max(self._settled, agreed))
        self._last = words
        return " ".join(words[: self._settled]), text


def _plain(word: str) -> str:
    return "".join(one for one in word.casefold() if one.isalnum())
