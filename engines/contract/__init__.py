"""What an engine is: a card, options, readiness, and the methods of its capability.

Importing an engine's module must be cheap: heavy libraries are imported inside `load`, which runs only in a
worker process. The studio reads the class (card, options, readiness); the worker makes the instance.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.contract import faces, swap, upscaling, video
from engines.contract.options import EngineOptions as EngineOptions
from engines.contract.options import option as option
from engines.contract.problem_size import ProblemSize, Reduction
from media.audio.audio import Audio


class EngineKind(StrEnum):
    """The kind of work an engine does; each has one protocol below."""

    SPEECH = "speech"
    TRANSCRIPTION = "transcription"
    FACES = "faces"
    VIDEO = "video"
    SWAP = "swap"
    UPSCALING = "upscaling"
    VERIFICATION = "verification"


class Tier(StrEnum):
    """How much of the machine an engine takes; each tier has its own reserve and rule in the memory gate."""

    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"


class Device(StrEnum):
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True)
class Licence:
    """The licence of some code or weights, and whether results may be used commercially under it."""

    name: str
    url: str = ""
    commercial_use: bool = True


@dataclass(frozen=True)
class HubFile:
    """One file of weights on a model hub."""

    repo: str
    path: str
    size_bytes: int
    revision: str = "main"
    gated: bool = False


@dataclass(frozen=True)
class PresetVoice:
    """A voice that comes with an engine. `id` is unique within the engine; `language` is a BCP-47 tag."""

    id: str
    title: str
    language: str
    gender: str = ""


@dataclass(frozen=True)
class Card:
    """The facts of an engine, as data. Tabs, the API, the memory gate and the docs all read this.

    Args:
        id: lower-case, unique, used in file names and in the API.
        version: changes whenever the same input may sound or look different; part of every segment's hash.
        environment: "studio" or the name of a lock file in engines/environments.
        memory_gib: the first estimate of what a loaded and working engine holds; replaced by what was measured.
        plug_in_memory_gib, plug_in_host_gib: the same where the graphics card has memory of its own: what lies on the card, and
            in the machine's memory beside it; 0 takes memory_gib, and what every such engine needs beside it.
        work_gib: its part that grows with pixels times frames, 0 where size hardly matters; savings: less work, by kind.
        way_out: what to do where it can never fit, a sentence; "" for general advice.
        sample_rate: frames per second of what it makes, 0 without sound; languages: BCP-47 primary tags, empty where none apply.
        longest_text: characters one call takes; 0 when text does not apply.
        longest_sound: seconds of sound that a transcription engine is given at once; longer sound is cut at pauses.
        burns_captions: a video engine that draws captions into its pictures as it makes them, at next to no cost.
        longest_clip: seconds of a saved voice's clip that it takes; 0 when it takes every voice that can be saved.
        idle_seconds: how long an unused worker stays, None as its tier's are set; reload_seconds: about how long a load takes.
        stall_seconds: a call that reports nothing for this long is taken for hung and its worker is ended.
    """

    id: str
    title: str
    capability: EngineKind
    summary: str
    version: str
    code_licence: Licence
    weights_licence: Licence
    tier: Tier
    device: Device = Device.CPU
    environment: str = "studio"
    memory_gib: float = 0.1
    plug_in_memory_gib: float = 0.0
    plug_in_host_gib: float = 0.0
    work_gib: float = 0.0
    savings: tuple[tuple[Reduction, ...], ...] = ()
    way_out: str = ""
    hub_files: tuple[HubFile, ...] = ()
    sample_rate: int = 0
    languages: tuple[str, ...] = ()
    longest_text: int = 0
    longest_sound: float = 0.0
    clones: bool = False
    streams: bool = False
    needs_transcript: bool = False
    longest_clip: float = 0.0
    takes_style: bool = False
    burns_captions: bool = False
    idle_seconds: float | None = None
    stall_seconds: float = 60.0
    reload_seconds: float = 1.0

    @property
    def commercial_use(self) -> bool:
        return self.code_licence.commercial_use and self.weights_licence.commercial_use


@dataclass(frozen=True)
class EnginePaths:
    """Where an engine finds things on this machine. Engines know no other path.

    Args:
        assets: files that ship with the studio (read-only).
        cache: a folder of the engine's own that it may fill and lose at any time.
        weights: roots under which weights may lie, first match wins.
        environments: folder of the model environments; "studio" is the running one and always there.
        fish_url: address of a Fish server that the person set up, "" for none.
    """

    assets: Path
    cache: Path
    weights: tuple[Path, ...] = ()
    environments: Path = Path()
    fish_url: str = ""


@dataclass(frozen=True)
class Readiness:
    """Whether an engine can work now; if not, one sentence on what is missing and one on the next step."""

    ready: bool
    sentence: str
    next_step: str = ""


class RunContext(Protocol):
    """What a working engine may say, and must ask, while a call runs."""

    def progress(self, fraction: float, note: str = "") -> None:
        """Report 0..1 of the present call. Also counts as a sign of life for the watchdog. Raises Cancelled like check."""

    def check(self) -> None:
        """Raise Cancelled when the person has asked to stop. Call it as often as the model allows."""


class Engine(ABC):
    """Base of all engines. The class is read anywhere; an instance lives only inside a worker process."""

    card: ClassVar[Card]
    Options: ClassVar[type[EngineOptions]] = EngineOptions
    imports: ClassVar[tuple[str, ...]] = ()  # the large modules of `load`; a spare worker may have them before

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        self.site = site
        self.options = options
        self.run = run

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        """Cheap (a few file checks at most): pages call it often. The base says ready."""
        return Readiness(True, "Ready.")

    @classmethod
    def settled(cls, site: EnginePaths, options: EngineOptions) -> EngineOptions:
        """The options with what depends on this machine filled in (which size of weights is there), so that the key under
        which a result is kept tells what made it. Cheap. The base changes nothing."""
        return options

    @classmethod
    def card_for(cls, options: Any, extent: ProblemSize | None = None) -> Card:
        """The card with the memory that these options need for work of this size, else the largest; the base's is always one."""
        return cls.card

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        """Voices that come with the engine, the default first; () for engines that only clone."""
        return ()

    @abstractmethod
    def load(self) -> None:
        """Bring the engine into memory. Runs once, in the worker, before the first call."""

    def configure(self, options: EngineOptions) -> None:
        """Take new options before a call; fields marked `reload` never differ from those at load."""
        self.options = options


@dataclass(frozen=True)
class SpeakingVoice:
    """Whose voice a speech engine shall use: one of its presets, or a saved voice to clone.

    Args:
        preset: a PresetVoice id; "" for a saved voice or the engine's default.
        reference: path of the saved voice's PCM WAV master.
        transcript: what is said in the reference, "" when unknown.
        style: free words on how to speak, for engines whose card takes_style.
    """

    preset: str = ""
    reference: Path | None = None
    transcript: str = ""
    style: str = ""


@dataclass(frozen=True)
class SpeechRequest:
    """One piece of text to speak, at most `card.longest_text` characters, already normalised.

    Args:
        language: BCP-47 tag of the text.
        seed: engines with chance in them give the same sound for the same seed; others ignore it.
    """

    text: str
    voice: SpeakingVoice = SpeakingVoice()
    language: str = "en"
    seed: int = 0


@dataclass(frozen=True)
class TimedMark:
    """A word or a phoneme with its place in the sound, in seconds.

    `text` of a phoneme is IPA. `offset` and `length` point into the spoken text in characters, -1 when unknown.
    """

    text: str
    start: float
    end: float
    offset: int = -1
    length: int = 0


@dataclass(frozen=True)
class Speech:
    """Spoken text: the sound, and word and phoneme times where the engine knows them exactly."""

    audio: Audio
    words: tuple[TimedMark, ...] = ()
    phonemes: tuple[TimedMark, ...] = ()


@runtime_checkable
class SpeechEngine(Protocol):
    """Capability.SPEECH."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak one text. Raises EngineError in words for text or voices it cannot take."""


@runtime_checkable
class StreamingSpeechEngine(SpeechEngine, Protocol):
    """A speech engine whose card says `streams`."""

    def stream(self, request: SpeechRequest) -> Iterator[Audio]:
        """The same sound in parts, as they are made; closing the iterator cancels."""


@runtime_checkable
class BatchSpeechEngine(SpeechEngine, Protocol):
    """A speech engine that speaks several texts in one forward pass."""

    def synthesize_batch(self, requests: list[SpeechRequest]) -> list[Speech]:
        """One Speech per request, in order."""


@dataclass(frozen=True)
class TranscribedSegment:
    """A stretch of what was said, in seconds of the sound; `doubt` says in words why it may be wrong, "" for none."""

    text: str
    start: float
    end: float
    words: tuple[TimedMark, ...] = ()
    doubt: str = ""


@dataclass(frozen=True)
class Transcript:
    """What was said: the text, its language, timed words where known, and the stretches that the text consists of.

    `language` is a BCP-47 tag, "" when nothing was said from which it could be told.
    """

    text: str
    language: str
    words: tuple[TimedMark, ...] = ()
    segments: tuple[TranscribedSegment, ...] = ()


@runtime_checkable
class TranscriptionEngine(Protocol):
    """Capability.TRANSCRIPTION."""

    def transcribe(self, audio: Audio, language: str = "auto") -> Transcript:
        """Write down what is said. `language` is a BCP-47 tag or "auto". A sound without speech gives an empty text.

        Raises:
            EngineError: a language that the engine does not know.
        """


@runtime_checkable
class AlignmentEngine(Protocol):
    """Capability.VERIFICATION: hears whether a known text was read as it is written."""

    def follow(self, audio: Audio, text: str, language: str = "en") -> Transcript:
        """The words of `text` that are heard, in the order said: a word left out is missing, one said twice stands twice."""


@runtime_checkable
class SpeakerEmbedding(Protocol):
    """Capability.VERIFICATION: tells voices apart."""

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        """One vector of length 1 for the voice in a sound; the product of two is their likeness, -1 to 1."""


# The methods a worker accepts for each capability: nothing else on an engine can be called from outside.
CALLABLE_METHODS: dict[EngineKind, frozenset[str]] = {
    EngineKind.SPEECH: frozenset({"synthesize", "stream", "synthesize_batch"}),
    EngineKind.TRANSCRIPTION: frozenset({"transcribe"}),
    EngineKind.FACES: frozenset({"animate", "lip_sync", "listen", "look", "measure"}),
    EngineKind.VIDEO: frozenset({"generate"}),
    EngineKind.SWAP: frozenset({"swap", "faces"}),
    EngineKind.UPSCALING: frozenset({"upscale"}),
    EngineKind.VERIFICATION: frozenset({"follow", "embed"}),
}

# Values that may cross the pipe between studio and worker, beside JSON's own, Path, bytes and numpy arrays.
WIRE_VALUES: tuple[type, ...] = (
    Audio, SpeakingVoice, SpeechRequest, TimedMark, Speech, TranscribedSegment, Transcript, PresetVoice,
    *faces.WIRE_VALUES, *swap.WIRE_VALUES, *video.WIRE_VALUES, *upscaling.WIRE_VALUES,
)  # fmt: skip
