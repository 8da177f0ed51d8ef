"""Jobs as values, for pages and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from media.errors import error_class, restored
from media.messages.languages import SOURCE_LANGUAGE, speaking
from studio.errors import GreenroomError


class JobState(StrEnum):
    QUEUED = "queued"
    WAITING = "waiting"  # for memory; the note holds the reason
    LOADING = "loading"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the server ended in the middle; picked up again at the next start

    @property
    def ended(self) -> bool:
        return self in ENDED


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
ACTIVE = frozenset(JobState) - ENDED


@dataclass(frozen=True)
class JobError:
    """Why a job failed. A row stores the code and its parameters, and the English sentences for programs that read only the
    file; when the row is read, the sentences are made again in the language of the request.

    Attributes:
        code: of the GreenroomError; "" for sentences alone, which are stored under the code of literal ones.
        within: where the error arose, as messages.
        sort: the name of its class, which determines the status for a caller who waits for the job.
    """

    reason: str
    hint: str = ""
    retryable: bool = False
    code: str = field(default="", compare=False)
    parameters: Mapping[str, Any] = field(default_factory=dict, compare=False)
    within: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    sort: str = field(default=GreenroomError.__name__, compare=False)

    @classmethod
    def of(cls, error: GreenroomError) -> JobError:
        fields = error.as_dict()
        return cls(**{**fields, "within": tuple(fields.get("within", ())), "sort": type(error).__name__})

    @classmethod
    def of_row(cls, kept: Mapping[str, Any]) -> JobError:
        """Read what `as_row` has written, in this or an earlier version."""
        return cls.of(restored(kept, error_class(str(kept.get("class", "")))))

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the public API gives it."""
        return {
            "reason": self.reason, "hint": self.hint, "retryable": self.retryable,
            "code": self.code, "parameters": dict(self.parameters),
        }  # fmt: skip

    def as_row(self) -> dict[str, Any]:
        """Return the error as it is stored."""
        with speaking(SOURCE_LANGUAGE):
            return {"class": self.sort, **self.raised().as_dict()}

    def raised(self) -> GreenroomError:
        """Return the error as an exception, for a caller who waited for the job."""
        return restored({**self.as_dict(), "within": list(self.within)}, error_class(self.sort))


@dataclass(frozen=True)
class JobOutput:
    """One result: the library's id, the absolute path of the file, and its kind (audio, subtitles, video, image, archive)."""

    id: str
    path: str
    kind: str


@dataclass(frozen=True)
class JobEvent:
    """One line of a job's history. `seq` rises over all jobs and never repeats; `job_id` is "" for the store's own events."""

    seq: int
    job_id: str
    at: float
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One row of the job table. Times are seconds since the epoch; `version` rises with every change of the row."""

    id: str
    kind: str
    title: str
    lane: str
    spec: dict[str, Any]
    state: JobState
    progress: float
    note: str
    eta_seconds: float | None
    created: float
    started: float | None
    ended: float | None
    error: JobError | None
    outputs: tuple[JobOutput, ...] = field(default=())
    version: int = 0
    ahead: int = 0
    """Jobs before it in its lane while it is queued."""
    peak_gib: float = 0.0
    """The most memory that any one engine held for it, measured; 0 when none worked."""
    work_seconds: float = 0.0
    """Seconds of loading and running over all attempts; waiting is left out."""

    def as_dict(self) -> dict[str, Any]:
        """Return the job as the public API gives it: a fixed set of keys that scripts depend on."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state.value,
            "progress": round(self.progress, 4),
            "note": self.note,
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "error": None if self.error is None else self.error.as_dict(),
            "outputs": [{"path": output.path, "kind": output.kind} for output in self.outputs],
        }  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """One attempt at one job. Writes with it have an effect only while this attempt is the job's present one."""

    job: Job
    attempt: int


@dataclass(frozen=True)
class JobCost:
    """What an attempt used: seconds of loading and of running, and the most memory that one engine held, in GiB."""

    seconds: float = 0.0
    peak_gib: float = 0.0


NO_COST = JobCost()


@dataclass(frozen=True)
class Recovery:
    """The unfinished jobs that were found at the start: ids, by what was done with them."""

    resumed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
