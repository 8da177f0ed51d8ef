"""Checks of a rendered piece of speech by its sound alone. Pure functions.

Many faults of speech models can be found without recognition: no sound, sound without end, half of the sentence missing, a stop
of seconds, clipping. A take that fails a check is rendered again with another seed, and the best one is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from engines.contract import EngineOptions
from media.audio.audio import Audio
from media.audio.inspection import SoundFindings, inspect
from media.messages.message import Message

LETTERS_PER_SECOND = 14.5
"""Of ordinary speech in an alphabet; measured over English, German, French and Spanish narration it lies between 13 and 16."""

_SHORTEST_SHARE, _LONGEST_SHARE, _SLACK_SECONDS = 0.40, 2.3, 1.2
_LONGEST_SILENCE = 2.5
_MOST_CLIPPED = 0.002
_EMPTY_DBFS = -60.0
_LONGEST_STEADY = 1.5
"""A sound without any change of level may be one vowel, but not a sentence."""

_EDGE_FRAME = 0.010
_EDGE_RANGE_DB = 48.0
_EDGE_MARGIN = 0.12

_EXTRA_LETTERS = (
    (re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 2.3),
    (re.compile(r"[\u3041-\u30ff\uff66-\uff9f]"), 1.0),
    (re.compile(r"[\uac00-\ud7af]"), 1.2),
    (re.compile(r"\d"), 3.0),
    (re.compile(r"[%$€£¥&@#+=°²³½]"), 5.0),
    (re.compile(r"[,;:.!?…。、，！？；：]"), 2.0),
    (re.compile(r"\b[A-Z]{2,5}\b"), 6.0),
)
"""What a sign takes longer to say than a letter: figures and ideographs are words, marks are pauses, capitals are spelt."""


_Found = tuple[Message, float]
"""What is wrong, and how much of the score it takes."""


@dataclass(frozen=True)
class TakeCheck:
    """The result of the checks of one take.

    Args:
        problems: () if there are none.
        score: 1 for a take without any problem, down to 0; only for comparing takes of the same text.
        speech_start, speech_end: where the engine's own leading silence ends and its trailing silence begins, in seconds.
    """

    problems: tuple[Message, ...]
    score: float
    speech_start: float
    speech_end: float

    @property
    def passed(self) -> bool:
        return not self.problems


def check_take(audio: Audio, text: str, speed: float = 1.0) -> TakeCheck:
    """Check a take of `text`, requested at `speed` times the usual pace."""
    findings = inspect(audio)
    start, end = speech_bounds(audio, findings)
    if audio.frames == 0 or findings.rms_dbfs < _EMPTY_DBFS:
        return TakeCheck((Message.of("take.silent"),), 0.0, start, end)
    found = [*_length(end - start, text, speed), *_silence(findings), *_clipping(findings)]
    if findings.is_empty and end - start > _LONGEST_STEADY:
        found.append((Message.of("take.steady-noise"), 0.9))
    score = max(0.0, 1.0 - sum(penalty for _, penalty in found))
    return TakeCheck(tuple(problem for problem, _ in found), round(score, 4), start, end)


def spoken_weight(text: str) -> float:
    """Return the length of the spoken text in letters of ordinary speech: figures and ideographs count more than a letter
    each."""
    return len(text) + sum(extra * len(pattern.findall(text)) for pattern, extra in _EXTRA_LETTERS)


def speed_of(options: EngineOptions) -> float:
    """Return how much faster than usual an engine was requested to speak, by the option that engines call "speed"."""
    field = type(options).model_fields.get("speed")
    usual = field.default if field is not None else None
    asked = getattr(options, "speed", None)
    if not isinstance(usual, int | float) or not isinstance(asked, int | float) or usual <= 0 or asked <= 0:
        return 1.0
    return float(asked / usual)


def speech_bounds(audio: Audio, findings: SoundFindings) -> tuple[float, float]:
    """Return the first and last moment that belong to speech, in seconds.

    Engines end in digital silence or in faint noise. The first is found by level, to 10 ms and with all soft consonants kept; the
    second by the findings, which distinguish noise from speech but miss soft consonants, hence with a margin.
    """
    frame = max(1, round(audio.rate * _EDGE_FRAME))
    if audio.frames == 0:
        return 0.0, 0.0
    starts = np.arange(0, audio.frames, frame)
    power = np.add.reduceat(np.square(audio.samples, dtype=np.float64).mean(axis=1), starts) / frame
    loud = np.flatnonzero(power > max(float(power.max()) * 10 ** (-_EDGE_RANGE_DB / 10), 1e-12))
    if not loud.size:
        return 0.0, audio.duration
    start, end = loud[0] * frame / audio.rate, min(audio.frames, (loud[-1] + 1) * frame) / audio.rate
    if not findings.is_empty:
        start = max(start, findings.leading_silence - _EDGE_MARGIN)
        end = min(end, audio.duration - findings.trailing_silence + _EDGE_MARGIN)
    return float(start), float(end)


def _length(seconds: float, text: str, speed: float) -> list[_Found]:
    expected = spoken_weight(text) / LETTERS_PER_SECOND / speed
    shortest = expected * _SHORTEST_SHARE - _SLACK_SECONDS / 4
    longest = expected * _LONGEST_SHARE + _SLACK_SECONDS
    if seconds < shortest:
        problem = Message.of("take.too-short", seconds=seconds, expected=expected)
        return [(problem, min(0.8, 0.3 + 0.5 * (1 - seconds / shortest)))]
    if seconds > longest:
        problem = Message.of("take.too-long", seconds=seconds, expected=expected)
        return [(problem, min(0.8, 0.3 + 0.25 * (seconds / longest - 1)))]
    return []


def _silence(findings: SoundFindings) -> list[_Found]:
    longest = findings.longest_silence
    if longest <= _LONGEST_SILENCE:
        return []
    return [(Message.of("take.long-silence", seconds=longest), min(0.6, 0.2 + 0.05 * longest))]


def _clipping(findings: SoundFindings) -> list[_Found]:
    if findings.clipped_fraction <= _MOST_CLIPPED:
        return []
    problem = Message.of("take.clipped", percent=findings.clipped_fraction * 100)
    return [(problem, min(0.5, 0.1 + 10 * findings.clipped_fraction))]
