"""Subtitle cues as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TimedWord:
    """A word of a cue with its times in the sound, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Cue:
    """One subtitle, times in seconds. `words`, if known, give the times at which a long cue is split."""

    start: float
    end: float
    text: str
    speaker: str = ""
    words: tuple[TimedWord, ...] = ()
