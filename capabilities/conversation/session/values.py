"""The values in the events of a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CutReason(StrEnum):
    """Why a reply was not heard to its end."""

    INTERRUPTED = "interrupted"
    """The person began to speak."""
    CANCELLED = "cancelled"
    """It was stopped by hand or by a program."""
    FAILED = "failed"
    """The mind or the voice could not go on."""


class AsideKind(StrEnum):
    """What a sound of the person was that did not stop the reply."""

    BACKCHANNEL = "backchannel"
    """They listen: "mhm", "yes", "right"."""
    NOISE = "noise"
    """A cough, a bang, a fan."""
    ECHO = "echo"
    """The studio's own voice out of the loudspeaker."""


@dataclass(frozen=True)
class TurnTimes:
    """When each step towards the first sound was reached, on the session's clock; -1 for a step that was not there.

    Args:
        speech_end: the last sound of the person. pause: the pause was noticed. turn_end: they were taken to be finished.
        words: their words were there. first_token, first_clause: of the answer. first_sound: was sent; first_heard: was reported.
    """

    speech_end: int = -1
    pause: int = -1
    words: int = -1
    turn_end: int = -1
    first_token: int = -1
    first_clause: int = -1
    first_sound: int = -1
    first_heard: int = -1


@dataclass(frozen=True)
class AnswerEnd:
    """How the mind's answer ended. `cut_off`: at the most tokens that it may have. prompt, answer: tokens, 0 where not known."""

    prompt: int = 0
    answer: int = 0
    cut_off: bool = False


@dataclass(frozen=True)
class ReplyWord:
    """A word of a reply as it is spoken, [start, end) in its samples. `exact`: by the engine's own times, not estimated."""

    text: str
    start: int
    end: int
    exact: bool = True
