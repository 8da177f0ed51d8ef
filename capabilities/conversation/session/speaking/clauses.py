"""Cuts an answer that is still being written into pieces to speak: a first clause as early as it makes sense, then sentences."""

from __future__ import annotations

import re

from capabilities.conversation.session.speaking.spoken_copy import spoken_copy
from capabilities.voiceover.script.abbreviations import ends_sentence

FIRST_LEAST, FIRST_MOST = 10, 60
"""Characters of the first clause: the fewest before a comma, and those after which a space will do."""

LONGEST = 220
"""Characters of any piece: what is cut off by an interruption was made for nothing."""

_FENCE = "```"
_SENTENCE = re.compile(r"[.!?…]{1,6}[\"'”’»)\]*_]{0,4}(?=\s{1,4}\S)|[。！？；]")
_CLAUSE = re.compile(r"[,;:][\"'”’»)*_]{0,4}(?=\s)|[，、：]|\s[–—-](?=\s)")


class ClauseCutter:
    """For one answer.

    Args:
        language: BCP-47 tag, for abbreviations.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._left = ""
        self._in_code = False
        self._first = True

    def feed(self, text: str) -> list[str]:
        """The pieces, ready to be spoken, that are whole by now."""
        self._left += text
        return self._cut(end=False)

    def finish(self) -> list[str]:
        """What is left at the answer's end."""
        return self._cut(end=True)

    def restart(self) -> None:
        """Forget what has not been given out."""
        self._left = ""

    def _cut(self, *, end: bool) -> list[str]:
        pieces: list[str] = []
        while (length := self._next(end)) > 0:
            raw, self._left = self._left[:length], self._left[length:]
            said = spoken_copy(raw)
            if said:
                pieces.append(said)
                self._first = False
        return pieces

    def _next(self, end: bool) -> int:
        """How much of what is left is the next piece; 0 while that is open."""
        if self._in_code or self._left.lstrip().startswith(_FENCE):
            return self._past_code(end)
        line = self._left.find("\n")
        fence = self._left.find(_FENCE)
        stop = min((one for one in (line + 1 if line >= 0 else -1, fence) if one > 0), default=-1)
        within = self._left[:stop] if stop > 0 else self._left
        for found in _SENTENCE.finditer(within):
            if found.end() >= 2 and self._ends(within, found.end()):
                return found.end()
        early = self._early(within)
        if early:
            return early
        if stop > 0:
            return stop
        return len(self._left) if end else 0

    def _ends(self, within: str, end: int) -> bool:
        before = within[:end].replace("*", "").replace("_", "")
        return ends_sentence(before + within[end:], len(before), self._language)

    def _early(self, within: str) -> int:
        least, most = (FIRST_LEAST, FIRST_MOST) if self._first else (LONGEST // 2, LONGEST)
        clause = next((found.end() for found in _CLAUSE.finditer(within) if found.end() >= least), 0)
        if clause and (self._first or len(within) > LONGEST):
            return min(clause, LONGEST)
        if len(within) > most:
            space = within.rfind(" ", least, most)
            return space + 1 if space > 0 else (most if len(within) > 2 * most else 0)
        return 0

    def _past_code(self, end: bool) -> int:
        """Code is not spoken: it is passed over up to its closing fence."""
        opened = self._left.find(_FENCE)
        start = 0 if self._in_code else opened + len(_FENCE)
        closed = self._left.find(_FENCE, start)
        if closed >= 0:
            self._left = self._left[closed + len(_FENCE) :]
            self._in_code = False
            return self._next(end)
        self._in_code, self._left = True, "" if end else self._left[-2:] if self._in_code else ""
        return 0
