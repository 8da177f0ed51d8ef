"""The machine, its engines and its disk as calls give them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.operations.operation import Answer


class EngineAnswer(Answer):
    """An engine: what it does, whether it is ready, and the options that it takes."""

    id: str
    title: str
    capability: str
    ready: bool
    readiness: str = Field(description="In a sentence, with what is missing.")
    residency: str = Field(description="cold, loading, warm or busy.")
    tier: str = Field(description="light, medium or heavy.")
    environment: str
    licence: str
    commercial_use: bool | None
    options: dict[str, Any] = Field(description="The JSON schema of its options.")


class UnloadAnswer(Answer):
    """What came back when an engine left memory."""

    engine_id: str
    returned_gib: float


class WorkerAnswer(Answer):
    """A process in which an engine lives."""

    engine: str
    title: str
    pid: int | None
    tier: str
    memory: float
    state: str


class MemoryAnswer(Answer):
    """The memory that engines load into, in GiB."""

    pool: float
    used: float
    available: float
    cached: float
    reserve: float
    reserves: dict[str, float]
    workers: list[WorkerAnswer]
    limits: dict[str, float]
    verdicts: dict[str, dict[str, Any]] = Field(description="Whether an engine of each tier would be admitted now.")
    level: str


class MemoryReadingAnswer(Answer):
    """Memory at one moment, in GiB."""

    at: float
    used: float
    available: float
    swap: float
    pressure: float
    card: float | None = None


class MachineEventAnswer(Answer):
    """Something that happened to the machine."""

    at: float
    kind: str
    sentence: str


class IdleAnswer(Answer):
    """How long an engine may stay unused."""

    engine: str
    idle_seconds: float
    chosen: bool = Field(description="Whether it was set by a call, and not by the settings.")


class EnvironmentAnswer(Answer):
    """An environment of model packages."""

    name: str
    state: str
    sentence: str
    next_step: str
    size_bytes: int


class WeightsAnswer(Answer):
    """The weights of an engine."""

    engine: str
    state: str
    size_bytes: int
    here_bytes: int
    licence: str
    commercial_use: bool | None
    gated: bool
    repos: list[str]


class RunTimeAnswer(Answer):
    """What one kind of work took on this machine."""

    engine: str
    runs: int
    seconds: float
    low: float
    high: float
    off: float | None
    judged: int


class RemovableAnswer(Answer):
    """What can go from the disk."""

    name: str = Field(description="What `free_disk` takes.")
    title: str
    bytes: int
    loss: str = Field(description="What is lost with it.")


class DiskAnswer(Answer):
    """What lies where in the data folder, in bytes."""

    at: float
    total: int
    free: int
    rooms: list[dict[str, Any]]
    can_go: list[RemovableAnswer]


class FreedAnswer(Answer):
    """What came back."""

    what: str
    freed_bytes: int
    freed_gib: float


class LogRecordAnswer(Answer):
    """A record of a log."""

    at: str
    level: str
    source: str
    text: str


class DoctorAnswer(Answer):
    """A report of the doctor; empty while there is none."""

    healthy: bool = True
    sentence: str = ""
    findings: list[dict[str, Any]] = Field([], description="Every check with what was found, and its repair.")
