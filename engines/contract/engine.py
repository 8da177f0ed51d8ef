"""The base class of engines, their file paths, their readiness, and the progress of their calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from engines.contract.card import Card, ProblemSize
from engines.contract.former_names import adopt_former_methods
from engines.contract.options import EngineOptions
from engines.contract.speech import PresetVoice, SpeechRequest, Unsayable, foreign_letters
from media.messages.message import Message


@dataclass(frozen=True)
class EnginePaths:
    """The folders of an engine on this machine. Engines use no other path.

    Args:
        assets: files that ship with the studio (read-only).
        cache: a folder for the engine's own files, which may be deleted at any time.
        weights: folders that may contain weights; the first match is used.
        environments: folder of the model environments; "studio" is the running one and always exists.
        fish_url: address of the user's own Fish server, "" for none.
    """

    assets: Path
    cache: Path
    weights: tuple[Path, ...] = ()
    environments: Path = Path()
    fish_url: str = ""


@dataclass(frozen=True)
class Machine:
    """The memory that a machine has for one heavy engine, for options that depend on it.

    Args:
        gpu: the name of the graphics card, "" without one.
        shared: the card uses the machine's memory.
        room_gib: the most that the engine may use of its pool: of the card, or of shared memory.
        host_gib: the most that it may use of main memory beside a card with its own memory.
        empty_gib, empty_host_gib: the same if no other program used any.
        need_of: returns GiB of the pool and of main memory, for a card and the key of its options and size: as measured here,
            else as the card says.
    """

    gpu: str = ""
    shared: bool = False
    room_gib: float = 0.0
    host_gib: float = 0.0
    empty_gib: float = 0.0
    empty_host_gib: float = 0.0
    need_of: Callable[[Card, str], tuple[float, float]] | None = field(default=None, compare=False, repr=False)

    def fits(self, card: Card, variant: str, *, empty: bool = False) -> bool:
        """Return whether an engine with this card fits here; `empty`: if other programs released their memory."""
        room, host = (self.empty_gib, self.empty_host_gib) if empty else (self.room_gib, self.host_gib)
        own_memory = bool(self.gpu) and not self.shared
        if self.need_of is not None:
            need, beside = self.need_of(card, variant)
        else:
            need, beside = card.plug_in_memory_gib if own_memory else card.memory_gib, card.plug_in_host_gib
        return need <= room and (not own_memory or beside <= host)


@dataclass(frozen=True)
class Readiness:
    """Whether an engine can work now; if not, what is missing and the next step.

    Args:
        why: a message of a catalogue. Engines from outside the studio may give a finished sentence.
        step: the next step, likewise; "" if there is none.
    """

    ready: bool
    why: Message | str
    step: Message | str = ""

    @property
    def sentence(self) -> str:
        """The state, in the language of this request."""
        return str(self.why)

    @property
    def next_step(self) -> str:
        """What to do, in the language of this request."""
        return str(self.step)


READY = Readiness(True, Message.of("readiness.ready"))
DOWNLOAD = Message.of("step.download-weights")
COMPLETE_COPY = Message.of("step.complete-copy")
BY_LAUNCH = Message.of("step.start-by-launch")


class RunContext(Protocol):
    """How an engine reports progress, and checks for cancellation, during a call."""

    def progress(self, fraction: float, note: str = "") -> None:
        """Report the progress of the present call, 0 to 1. The watchdog counts it as a sign of life. Raises Cancelled like
        `check`."""

    def check(self) -> None:
        """Raise Cancelled if the user has asked to stop. Call it as often as the model allows."""


class Engine(ABC):
    """Base of all engines. The class is read anywhere; an instance lives only inside a worker process."""

    card: ClassVar[Card]
    Options: ClassVar[type[EngineOptions]] = EngineOptions
    imports: ClassVar[tuple[str, ...]] = ()  # the large modules of `load`; a spare worker may import them in advance

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        adopt_former_methods(cls)

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        self.site = site
        self.options = options
        self.run = run

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        """Return the readiness. Must be cheap (a few file checks at most), because pages call it often. The base class is always
        ready."""
        return READY

    @classmethod
    def settled(cls, site: EnginePaths, options: EngineOptions) -> EngineOptions:
        """Return the options with values that depend on this machine (such as the installed size of weights), so that the key
        of a result identifies what made it. Must be cheap. The default returns them unchanged."""
        return options

    @classmethod
    def chosen_for(
        cls, site: EnginePaths, options: EngineOptions, machine: Machine, extent: ProblemSize | None = None
    ) -> EngineOptions:
        """Return the options with each "auto" replaced by what is best on a machine, for work of this size; the choice is stored
        with the job. Must be cheap. The default returns them unchanged."""
        return options

    @classmethod
    def card_for(cls, options: Any, extent: ProblemSize | None = None) -> Card:
        """Return the card with the memory that these options need for work of this size, or for the largest. The default is the
        same for all."""
        return cls.card

    @classmethod
    def preset_voices(cls, site: EnginePaths) -> tuple[PresetVoice, ...]:
        """Return the engine's own voices, the default first; () for engines that only clone."""
        return ()

    @classmethod
    def unsayable(cls, request: SpeechRequest, site: EnginePaths) -> tuple[Unsayable, ...]:
        """Return the places of a text that a speech engine would leave out, misread or refuse. Called for every sentence before a
        job is accepted, so it must be pure and quick: no file is read and nothing loaded. The default finds letters of scripts
        that none of the card's languages uses."""
        return foreign_letters(request.text, cls.card.languages, cls.card.title) if cls.card.languages else ()

    @abstractmethod
    def load(self) -> None:
        """Load the engine. Runs once, in the worker, before the first call."""

    def configure(self, options: EngineOptions) -> None:
        """Take new options before a call; fields marked `reload` never differ from those at load."""
        self.options = options
