"""Detection of Whisper's hallucinations: loops are transcribed again, and remaining doubts are marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from engines.contract import TranscribedSegment
from engines.transcription.common.repetition import repeated_phrase

LOOP = "It repeats itself, which nobody may have said."
UNCERTAIN = "Little of it could be understood."
NO_SPEECH = "There may be no speech here at all."

_LEAST_LOG_PROBABILITY = -1.0
_MOST_NO_SPEECH, _SPEECH_LOG_PROBABILITY = 0.6, -0.7
_SAME_SEGMENTS = 3


@dataclass(frozen=True)
class GuardedSegment:
    """One segment from a recogniser, with its confidence.

    Args:
        log_probability: mean over its tokens; None if the recogniser does not report it.
        no_speech: probability of no speech, 0 to 1.
    """

    segment: TranscribedSegment
    log_probability: float | None = None
    no_speech: float = 0.0


HearAgain = Callable[[float, float], Sequence[GuardedSegment]]
"""Listens to the stretch between two times in seconds again, with more chance in it."""


def filter_hallucinations(heard: Sequence[GuardedSegment], again: HearAgain) -> list[TranscribedSegment]:
    """Return the segments with their doubts. Runs of looping ones are transcribed again, and replaced if they no longer loop."""
    kept: list[TranscribedSegment] = []
    loops = _loops(heard)
    for looping, run in groupby(zip(heard, loops, strict=True), key=lambda pair: pair[1]):
        stretches = [one for one, _ in run]
        if looping:
            second = again(stretches[0].segment.start, stretches[-1].segment.end)
            if second and not any(_loops(second)):
                stretches, looping = list(second), False
        kept += [replace(one.segment, doubt=LOOP if looping else doubt_of(one)) for one in stretches]
    return kept


def doubt_of(heard: GuardedSegment) -> str:
    """Return why a segment may be wrong, "" for no doubt."""
    if repeated_phrase(heard.segment.text):
        return LOOP
    sure = heard.log_probability
    if sure is None:
        return ""
    if heard.no_speech > _MOST_NO_SPEECH and sure < _SPEECH_LOG_PROBABILITY:
        return NO_SPEECH
    return UNCERTAIN if sure < _LEAST_LOG_PROBABILITY else ""


def _loops(heard: Sequence[GuardedSegment]) -> list[bool]:
    """Return which segments loop, within themselves or by repetition of the same text."""
    flags: list[bool] = []
    for _, run in groupby(heard, key=lambda one: one.segment.text.casefold().strip()):
        same = list(run)
        flags += [len(same) >= _SAME_SEGMENTS or bool(repeated_phrase(one.segment.text)) for one in same]
    return flags
