"""Requests and results of speech engines: text and a voice, and the sound with exact times where the engine has them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from engines.contract.card import Traits
from media.audio.audio import Audio
from media.text.reading.rules.scene import Part
from media.text.scripts import script_of, scripts_of


@dataclass(frozen=True)
class SpeechTraits(Traits):
    """The facts of a speech engine.

    Args:
        sample_rate: of its sound, in hertz.
        clones: can speak in saved voices.
        streams: has the method `stream`.
        needs_transcript: can clone only with the words of the voice's clip.
        longest_clip: seconds of a saved voice's clip that it accepts; 0 if it accepts every voice that can be saved.
        takes_style: uses `SpeakingVoice.style`.
        made_up: presets that give another voice with each seed, of an engine that clones. One sentence is spoken in such a voice
            first; all others get that sentence as their reference, with the preset.
        reads: kinds of writing ("money") that it reads well itself and therefore gets as written, and "stage direction" if it
            performs them; everything else is normalised to words before.
        takes_phonemes: uses `SpeechRequest.phonemes`; other engines get words respelled in letters.
    """

    sample_rate: int = 0
    clones: bool = False
    streams: bool = False
    needs_transcript: bool = False
    longest_clip: float = 0.0
    takes_style: bool = False
    made_up: tuple[str, ...] = ()
    reads: tuple[Part, ...] = ()
    takes_phonemes: bool = False


@dataclass(frozen=True)
class PresetVoice:
    """A voice of the engine itself. `id` is unique within the engine; `language` is a BCP-47 tag."""

    id: str
    title: str
    language: str
    gender: str = ""


@dataclass(frozen=True)
class SpeakingVoice:
    """The voice that a speech engine shall use: one of its presets, or a saved voice to clone.

    Args:
        preset: a PresetVoice id; "" for a saved voice or the engine's default. With a reference it is one of `made_up`, and the
            reference is a sentence that the engine has spoken in it.
        reference: path of the WAV to clone, a saved voice's master.
        transcript: the words of the reference, "" if unknown.
        style: a free description of how to speak, for engines with the trait `takes_style`.
    """

    preset: str = ""
    reference: Path | None = None
    transcript: str = ""
    style: str = ""


@dataclass(frozen=True)
class PhonemeSpan:
    """text[start:end] is spoken as `ipa`, in the form of `media.text.phonetics.ipa.plain_ipa`, whatever its letters say."""

    start: int
    end: int
    ipa: str


@dataclass(frozen=True)
class SpeechRequest:
    """One piece of text to speak, at most `card.longest_text` characters, already normalised.

    Args:
        language: BCP-47 tag of the text.
        seed: engines that use random numbers give the same sound for the same seed; others ignore it.
        phonemes: words with given sounds, in order and without overlaps; only for engines with the trait `takes_phonemes`.
    """

    text: str
    voice: SpeakingVoice = SpeakingVoice()
    language: str = "en"
    seed: int = 0
    phonemes: tuple[PhonemeSpan, ...] = ()


@dataclass(frozen=True)
class TimedMark:
    """A word or a phoneme with its place in the sound, in seconds.

    `text` of a phoneme is IPA. `offset` and `length` refer to the spoken text, in characters; -1 if unknown.
    """

    text: str
    start: float
    end: float
    offset: int = -1
    length: int = 0


@dataclass(frozen=True)
class Speech:
    """The result: the sound, and word and phoneme times if the engine knows them exactly."""

    audio: Audio
    words: tuple[TimedMark, ...] = ()
    phonemes: tuple[TimedMark, ...] = ()


@runtime_checkable
class SpeechEngine(Protocol):
    """EngineKind.SPEECH."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak one text. Raises EngineError for text or voices that it cannot speak."""


@runtime_checkable
class StreamingSpeechEngine(SpeechEngine, Protocol):
    """A speech engine with the trait `streams`."""

    def stream(self, request: SpeechRequest) -> Iterator[Audio]:
        """Yield the same sound in parts, as they are made; closing the iterator cancels."""


@runtime_checkable
class BatchSpeechEngine(SpeechEngine, Protocol):
    """A speech engine that speaks several texts in one forward pass."""

    def synthesize_batch(self, requests: list[SpeechRequest]) -> list[Speech]:
        """Return one Speech for each request, in order."""


@dataclass(frozen=True)
class Unsayable:
    """A place [start, end) of a text that an engine would leave out, misread or refuse, and a short reason."""

    start: int
    end: int
    why: str


def foreign_letters(text: str, languages: Iterable[str], title: str) -> tuple[Unsayable, ...]:
    """Return the letters of scripts that none of an engine's languages uses. Latin letters are never included.

    Args:
        title: of the engine, for the reason.
    """
    if text.isascii():
        return ()
    known = {script for language in languages for script in scripts_of(language)}
    return runs_of(text, lambda character: (script := script_of(character)) and script not in known, f"{title} does not read it")


def runs_of(text: str, is_foreign: Callable[[str], object], why: str) -> tuple[Unsayable, ...]:
    """Return each run of characters that are foreign, combining marks within it included."""
    found: list[Unsayable] = []
    start: int | None = None
    for index, character in enumerate(text):
        foreign = is_foreign(character)
        if start is None:
            start = index if foreign else None
        elif not foreign and (character < "\x80" or character.isalnum() or character.isspace() or not _is_mark(character)):
            found.append(Unsayable(start, index, why))
            start = None
    if start is not None:
        found.append(Unsayable(start, len(text), why))
    return tuple(found)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


WIRE_VALUES: tuple[type, ...] = (PresetVoice, SpeakingVoice, PhonemeSpan, SpeechRequest, TimedMark, Speech)
