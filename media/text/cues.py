"""Cues of subtitles as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TimedWord:
    """A word of a cue with its place in the sound, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Cue:
    """One subtitle, in seconds. `words`, where known, time the places at which a long cue is split."""

    start: float
    end: float
    text: str
    speaker: str = ""
    words: tuple[TimedWord, ...] = ()
