"""The silence before each piece of speech."""

from __future__ import annotations

import re

from capabilities.voiceover.spec import VoiceoverSpec

_CLOSERS = r"['\")\]}»”’」』】》〉]*\Z"
_MARK_PAUSES = (
    ("sentence_pause", re.compile(rf"[.!?…。！？।؟۔։]{_CLOSERS}")),
    ("clause_pause", re.compile(rf"(?:[;:；：؛]|\s-){_CLOSERS}")),
    ("comma_pause", re.compile(rf"[,，、،]{_CLOSERS}")),
)


class Pauses:
    """Computes the silence before the next speech. A written [pause] replaces the default one."""

    def __init__(self, spec: VoiceoverSpec) -> None:
        self._spec = spec
        self._written: float | None = None
        self._usual = 0.0
        self._speaker: str | None = None

    def written(self, seconds: float) -> None:
        self._written = (self._written or 0.0) + seconds

    def at_least(self, seconds: float | None) -> None:
        """Request a minimum silence before the next speech; the longest request applies."""
        self._usual = max(self._usual, seconds or 0.0)

    def before(self, speaker: str) -> float:
        usual = max(self._usual, self._spec.sentence_pause or 0.0)
        if speaker != self._speaker:
            usual = max(usual, self._spec.speaker_pause or 0.0)
        first = self._speaker is None
        pause = self._written if self._written is not None else 0.0 if first else usual
        self._written, self._usual, self._speaker = None, 0.0, speaker
        return pause

    def within(self, before: str) -> float:
        """Return the pause between two segments of one line: that of the mark at which they were split, none without a mark.

        In verse, where a line ends like a clause, a comma has a clause's pause.
        """
        marked = next((name for name, mark in _MARK_PAUSES if mark.search(before)), "")
        if self._spec.verse and marked == "comma_pause":
            return max(self._spec.comma_pause or 0.0, self._spec.clause_pause or 0.0)
        return float(getattr(self._spec, marked) or 0.0) if marked else 0.0

    def tail(self) -> float:
        return self._written or 0.0
