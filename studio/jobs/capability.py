"""The interface between a kind of job and the studio that runs it."""

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
    """Everything that a running capability may use of the studio. One context belongs to one attempt at one job.

    Every method raises Cancelled as soon as the user has asked to stop, so a capability needs no checks of its own between
    calls to it.
    """

    @property
    def job_id(self) -> str: ...

    @property
    def scratch(self) -> Path:
        """A folder for this job only. It survives a restart of the server and is removed when the job has ended."""

    def engine(
        self, engine: type[Engine] | str, options: EngineOptions, extent: ProblemSize | None = None
    ) -> AbstractContextManager[Any]:
        """Lease an engine. Entering passes the memory gate (meanwhile the job is `waiting`, with the reason), starts or reuses
        a worker (`loading`), and returns an object with the methods of the engine's capability. Leaving ends the lease.

        Args:
            extent: size of the largest piece of work, for engines whose memory depends on it.

        Raises:
            EngineNotReady, MemoryRefused, WorkerDied, Cancelled.
        """

    def release(self, engine: type[Engine]) -> None:
        """Give back the memory of an engine that this job will not need for a while: its idle workers end. One that works for
        somebody else stays, as does one that the user has set to stay."""

    def progress(self, fraction: float, note: str = "", eta_seconds: float | None = None) -> None:
        """Set the job's progress, 0 to 1. Cheap to call often: it is written at most about five times a second."""

    def span(self, start: float, end: float) -> AbstractContextManager[None]:
        """Map the progress that an engine reports inside this context to a part of the job's progress. For single long calls,
        such as one video; without it the progress of an engine is not shown."""

    def phase(self, state: JobState, note: str = "") -> None:
        """Show that the job waits, loads or works. For work without an engine; `engine` shows the same by itself."""

    def check(self) -> None:
        """Raise Cancelled if the user has asked to stop."""

    def warn(self, sentence: str) -> None:
        """Report a possible defect of a result that is usable. The job ends as done; its note and its history contain the
        warning."""

    def event(self, kind: str, **data: Any) -> None:
        """Add a line to the job's history. This raises the job's version, so that pages update."""


SpecT = TypeVar("SpecT", bound=BaseModel)


@dataclass(frozen=True)
class CapabilityDescription:
    """What lists and pages show of a kind of job.

    Args:
        title: its name for people.
        tab: title of the tab that shows its jobs, "" for none.
        has_form: whether the form of that tab can restore the settings of a result.
    """

    title: str
    tab: str = ""
    has_form: bool = True


@dataclass(frozen=True)
class Submission(Generic[SpecT]):
    """A job as it is stored on submission: its prepared spec, its title for lists, and its lane."""

    spec: SpecT
    title: str
    lane: str


class Capability(ABC, Generic[SpecT]):
    """One kind of job. Instances are made once, when the studio opens, and hold no state of a job.

    Attributes:
        kind: its name in the database and the API.
        Spec: the pydantic model of a job's spec.
        runtime_stats: measured run times; None for a kind whose time is not measured.
    """

    kind: ClassVar[str]
    Spec: type[SpecT]
    runtime_stats: RuntimeStats | None = None

    @abstractmethod
    def prepare(self, spec: SpecT) -> SpecT:
        """Resolve names (voices, engines, seeds) and refuse what cannot work, before the job is queued. Must take less than 30
        ms. A spec that is already prepared is returned unchanged."""

    @abstractmethod
    def title(self, spec: SpecT) -> str:
        """Return a few words of the job's content, for lists."""

    @abstractmethod
    def lane(self, spec: SpecT) -> str:
        """Return GPU_LANE if one of its engines runs on a GPU, SETUP_LANE if it only downloads or installs, else CPU_LANE."""

    def accept(self, spec: SpecT) -> Submission[SpecT]:
        """Return `prepare`, `title` and `lane` in one call. Optional, for a capability that would otherwise repeat work in each
        of them."""
        prepared = self.prepare(spec)
        return Submission(prepared, self.title(prepared), self.lane(prepared))

    @abstractmethod
    def run(self, spec: SpecT, context: JobContext) -> list[JobOutput]:
        """Do the work. After an interruption it is called again with the same spec and continues from the files on disk."""

    def estimate(self, spec: SpecT) -> JobEstimate:
        """Return the estimate of a job without queueing it. Optional: a capability without it is not estimated.

        Raises:
            InvalidInput, NotFound, EngineNotReady, MediaError: as `prepare`.
        """
        raise InvalidInput("job.kind-not-foretold", kind=self.kind, able=[])

    def describe(self) -> CapabilityDescription:
        """Return how it is displayed. Optional: without it, lists show the kind's name and no tab shows its jobs."""
        return CapabilityDescription(self.kind.replace("_", " ").capitalize())

    @property
    def estimates(self) -> bool:
        """Whether `estimate` is there."""
        return type(self).estimate is not Capability.estimate


__all__ = [
    "CPU_LANE", "GPU_LANE", "SETUP_LANE", "JobState", "Capability", "CapabilityDescription", "JobContext", "JobEstimate",
    "Submission",
]  # fmt: skip
