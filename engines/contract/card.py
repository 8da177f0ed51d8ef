"""The card of an engine: its facts as data, and the size of work that its memory depends on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar


class EngineKind(StrEnum):
    """The kind of work that an engine does. Each has a module in this package with its protocol and its traits, if any."""

    SPEECH = "speech"
    TRANSCRIPTION = "transcription"
    FACES = "faces"
    VIDEO = "video"
    SWAP = "swap"
    UPSCALING = "upscaling"
    VERIFICATION = "verification"
    ANALYSIS = "analysis"
    LANGUAGE = "language"


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
    """One file of weights on a model hub.

    Args:
        revision: a commit of the repository; "main" if none is known.
        sha256: the hash that the file must have, whatever its source; "" if unknown.
    """

    repo: str
    path: str
    size_bytes: int
    revision: str = "main"
    gated: bool = False
    sha256: str = ""


@dataclass(frozen=True)
class ProblemSize:
    """The size of a job's largest piece of work: `frames` pictures of `width` by `height` pixels that are made at once."""

    width: int
    height: int
    frames: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}x{self.frames}"

    @property
    def units(self) -> int:
        """The number of pixels in all frames."""
        return self.width * self.height * self.frames

    def within(self, other: ProblemSize) -> bool:
        """Return whether neither the picture nor the length is larger than the other's."""
        return self.width * self.height <= other.width * other.height and self.frames <= other.frames


@dataclass(frozen=True)
class Reduction:
    """A smaller job as text ("with 33 frames"), and how much less memory it needs."""

    words: str
    gib: float


@dataclass(frozen=True)
class Traits:
    """Base class for the facts of a card that concern one kind of engine. Every field of a subclass has a default."""


AnyTraits = TypeVar("AnyTraits", bound=Traits)


@dataclass(frozen=True)
class Card:
    """The facts of an engine, as data. Tabs, the API, the memory gate and the docs all read this.

    Args:
        id: lower-case, unique, used in file names and in the API.
        version: changes whenever the same input may sound or look different; part of every segment's hash.
        environment: "studio" or the name of a lock file in engines/environments.
        memory_gib: the first estimate of what a loaded and working engine holds; replaced by measurements.
        plug_in_memory_gib, plug_in_host_gib: the same for a graphics card with its own memory: on the card, and in main memory; 0
            takes memory_gib, and a common default for main memory.
        work_gib: the part that is proportional to pixels times frames, 0 if the size hardly matters; savings: smaller work, by
            kind.
        remedy: what to do if it can never fit, a sentence; "" for general advice.
        first_repo: if one repository of `hub_files` is enough (a size, a language), the one that "Set up" downloads.
        languages: BCP-47 primary tags, empty if none apply; longest_text: characters of one call at most, 0 without text.
        traits: facts that concern only its kind of engine, such as `SpeechTraits`; read them with `traits_of`.
        idle_seconds: how long an unused worker stays, None for its tier's setting; reload_seconds: about how long a load takes.
        stall_seconds: a call without progress for this long counts as hung, and its worker is ended.
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
    remedy: str = ""
    hub_files: tuple[HubFile, ...] = ()
    first_repo: str = ""
    languages: tuple[str, ...] = ()
    longest_text: int = 0
    traits: Traits = Traits()
    idle_seconds: float | None = None
    stall_seconds: float = 60.0
    reload_seconds: float = 1.0

    @property
    def commercial_use(self) -> bool:
        return self.code_licence.commercial_use and self.weights_licence.commercial_use

    def traits_of(self, kind: type[AnyTraits]) -> AnyTraits:
        """Return the card's traits of one kind of engine; the defaults of that kind if the card has none."""
        return self.traits if isinstance(self.traits, kind) else kind()
