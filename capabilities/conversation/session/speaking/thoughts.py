"""Removes the reasoning of a thinking model from its answer while that is being written."""

from __future__ import annotations

_BEGIN, _END = "<think>", "</think>"


class ThoughtFilter:
    """For one answer. Texts without thoughts pass through at once, save what may be the beginning of a mark."""

    def __init__(self) -> None:
        self._left = ""
        self._thinking = False
        self.restarted = False
        """The end of a thought came whose beginning stood in the prompt: what was given out before was a thought."""

    def feed(self, piece: str) -> str:
        """What of it is to be said."""
        self._left += piece
        self.restarted = False
        said = ""
        while self._left:
            if self._thinking:
                _, closed, rest = self._left.partition(_END)
                if not closed:
                    self._left = self._left[-len(_END) + 1 :]
                    break
                self._left, self._thinking = rest.lstrip(), False
                continue
            at, mark = min(((self._left.find(one), one) for one in (_BEGIN, _END) if one in self._left), default=(-1, ""))
            if at < 0:
                keep = _begun(self._left)
                said += self._left[: len(self._left) - keep]
                self._left = self._left[len(self._left) - keep :]
                break
            if mark == _BEGIN:
                said, self._thinking = said + self._left[:at], True
            else:
                said, self.restarted = "", True
            self._left = self._left[at + len(mark) :].lstrip()
        return said

    def finish(self) -> str:
        """What was held back; "" within a thought that has no end."""
        left, self._left = "" if self._thinking else self._left, ""
        return left


def _begun(text: str) -> int:
    """How many of the last characters may be the beginning of a mark."""
    for length in range(min(len(text), len(_END) - 1), 0, -1):
        if _BEGIN.startswith(text[-length:]) or _END.startswith(text[-length:]):
            return length
    return 0
