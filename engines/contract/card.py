"""The card of an engine: its facts as data, which pages, the API, the memory gate and the documents read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engines.contract.problem_size import Reduction


class EngineKind(StrEnum):
    """The kind of work an engine does; each has one protocol below."""

    SPEECH = "speech"
    TRANSCRIPTION = "transcription"
    FACES = "faces"
    VIDEO = "video"
    SWAP = "swap"
    UPSCALING = "upscaling"
    VERIFICATION = "verification"
    ANALYSIS = "analysis"


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
