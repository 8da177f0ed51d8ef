"""Faults to plant in speech, as text and as sound."""

from __future__ import annotations

from engines.contract import TimedMark
from media.audio.audio import Audio, concatenate, silence

STRANGER = "giant"


def drop_word(text: str) -> str:
    """The text without its longest word."""
    words = text.split()
    del words[words.index(max(words, key=len))]
    return " ".join(words)


def repeat_word(text: str) -> str:
    """The text with its longest word said twice."""
    words = text.split()
    at = words.index(max(words, key=len))
    return " ".join([*words[: at + 1], words[at].strip(".,"), *words[at + 1 :]])


def cut_out(audio: Audio, word: TimedMark) -> Audio:
    """The sound without one of its words."""
    return concatenate([audio.slice(0, word.start), audio.slice(word.end, audio.duration)])


def say_again(audio: Audio, word: TimedMark) -> Audio:
    """The sound with one of its words said twice."""
    return concatenate([audio.slice(0, word.end), audio.slice(word.start, audio.duration)])


def with_silence(audio: Audio, at: float, seconds: float = 3.0) -> Audio:
    """The sound with a hole in it."""
    return concatenate([audio.slice(0, at), silence(seconds, audio.rate, audio.channels), audio.slice(at, audio.duration)])
