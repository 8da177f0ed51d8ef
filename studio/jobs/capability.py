"""The contract between a kind of job and the studio that runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel

from engines.contract import Engine, EngineOptions
from engines.contract.card import ProblemSize
from studio.errors import InvalidInput
from studio.jobs.estimate import JobEstimate
from studio.jobs.model import JobOutput, JobState
from studio.jobs.runtime_stats import RuntimeStats

GPU_LANE = "gpu"
CPU_LANE = "cpu"
SETUP_LANE = "setup"


class JobContext(Protocol):
    """All that a running capability may touch of the studio. One context belongs to one attempt at one job.

    Every method raises Cancelled as soon as the user has asked to stop, so a capability needs no checks of its own
    between calls to it.
    """

    @property
    def job_id(self) -> str: ...

    @property
    def scratch(self) -> Path:
        """A folder of this job's own, kept over a restart of the server and removed when the job has ended."""

    def engine(
        self, engine: type[Engine] | str, options: EngineOptions, extent: ProblemSize | None = None
    ) -> AbstractContextManager[Any]:
        """Lease an engine: passes the memory gate (the job reads `waiting` with the reason meanwhile), starts or reuses a
        worker (`loading`), and gives an object with the methods of the engine's capability. Leaving gives the lease back.

        Args:
            extent: of the largest piece of the work, for engines whose memory depends on it.

        Raises:
            EngineNotReady, MemoryRefused, WorkerDied, Cancelled.
        """

    def progress(self, fraction: float, note: str = "", eta_seconds: float | None = None) -> None:
        """Set the job's progress, 0..1. Cheap to call often: writes are limited to some five a second."""

    def span(self, start: float, end: float) -> AbstractContextManager[None]:
        """While it is entered, what an engine reports of its present call fills this part of the job's progress. For long
        single calls, such as one video; without it an engine's own progress is not shown."""

    def phase(self, state: JobState, note: str = "") -> None:
        """Show that the job waits, that something is loaded for it, or that it works. For work that no engine of the studio's
        does; `engine` shows the same by itself."""

    def check(self) -> None:
        """Raise Cancelled when the user has asked to stop."""

    def warn(self, sentence: str) -> None:
        """Report what the user should look at in a result that is usable all the same. The job ends as done; its note and its
        history say this."""

    def event(self, kind: str, **data: Any) -> None:
        """Add a line to the job's history; also raises the job's version, so a page looks again."""


SpecT = TypeVar("SpecT", bound=BaseModel)


@dataclass(frozen=True)
class CapabilityDescription:
    """What lists and pages need of a kind of job.

    Args:
        title: what people call it.
        tab: title of the tab that shows its jobs, "" for none.
        has_form: whether that tab's form can take the settings of a result again.
    """

    title: str
    tab: str = ""
    has_form: bool = True


@dataclass(frozen=True)
class Submission(Generic[SpecT]):
    """A job as it enters the database: its prepared spec, its title for lists, and its lane."""

    spec: SpecT
    title: str
    lane: str


class Capability(ABC, Generic[SpecT]):
    """One kind of job. Instances are made once, when the studio opens, and hold no state of a job.

    Attributes:
        kind: its name in the database and the API.
        Spec: the pydantic model of a job's spec.
        runtime_stats: the measured times of its runs, None for a kind whose time is not measured.
    """

    kind: ClassVar[str]
    Spec: type[SpecT]
    runtime_stats: RuntimeStats | None = None

    @abstractmethod
    def prepare(self, spec: SpecT) -> SpecT:
        """Resolve names (voices, engines, seeds) and refuse what cannot work, before the job is queued. Fast: under 30 ms.
        A prepared spec stays as it is."""

    @abstractmethod
    def title(self, spec: SpecT) -> str:
        """A few words of the job's content for lists."""

    @abstractmethod
    def lane(self, spec: SpecT) -> str:
        """GPU_LANE when any engine of it runs on a GPU, SETUP_LANE when it only fetches or installs, else CPU_LANE."""

    def accept(self, spec: SpecT) -> Submission[SpecT]:
        """All of the above for one submission. Optional: for a capability that would do the same work in each of them."""
        prepared = self.prepare(spec)
        return Submission(prepared, self.title(prepared), self.lane(prepared))

    @abstractmethod
    def run(self, spec: SpecT, context: JobContext) -> list[JobOutput]:
        """Do the work; called again with the same spec after an interruption, it resumes from what is on disk."""

    def estimate(self, spec: SpecT) -> JobEstimate:
        """What a job would amount to; nothing is queued. Optional: a capability without it is not estimated.

        Raises:
            InvalidInput, NotFound, EngineNotReady, MediaError: as handing it in would.
        """
        raise InvalidInput("job.kind-not-foretold", kind=self.kind, able=[])

    def describe(self) -> CapabilityDescription:
        """How it is shown. Optional: without it, lists show the kind's name and no tab shows its jobs."""
        return CapabilityDescription(self.kind.replace("_", " ").capitalize())

    @property
    def estimates(self) -> bool:
        """Whether `estimate` is there."""
        return type(self).estimate is not Capability.estimate


__all__ = [
    "CPU_LANE", "GPU_LANE", "SETUP_LANE", "JobState", "Capability", "CapabilityDescription", "JobContext", "JobEstimate",
    "Submission",
]  # fmt: skip
