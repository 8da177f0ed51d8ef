"""Jobs as calls give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from api.operations.files import Links
from api.operations.operation import Answer
from studio.jobs.model import Job


class JobErrorAnswer(Answer):
    """Why a job failed."""

    reason: str = Field(description="What is wrong, in a sentence.")
    hint: str = Field(description="What to do, empty where the reason says it.")
    retryable: bool = Field(description="Whether the same job may succeed later.")
    code: str = Field("", description="Of the error, for programs.")
    parameters: dict[str, Any] = Field({}, description="What the sentences are made with.")


class JobOutputAnswer(Answer):
    """One file that a job left."""

    path: str = Field(description="Where it lies on the machine of the studio.")
    kind: str = Field(description="audio, subtitles, video, image, text or archive.")
    url: str = Field("", description="Where it is fetched; over HTTP and for tools.")


class JobAnswer(Answer):
    """A job: what is asked of the studio, how far it is, and what came of it."""

    id: str
    kind: str = Field(description="voiceover, transcription, lip_sync and so on.")
    state: str = Field(description="queued, waiting, loading, running, done, failed, cancelled or interrupted.")
    progress: float = Field(description="0 to 1.")
    note: str = Field(description="What is being done, or waited for.")
    created: float = Field(description="Seconds since the epoch, like all times here.")
    started: float | None
    ended: float | None
    error: JobErrorAnswer | None
    outputs: list[JobOutputAnswer]

    @classmethod
    def of(cls, job: Job, links: Links | None) -> JobAnswer:
        fields = job.as_dict()
        if links is not None:
            fields["outputs"] = [
                {**told, "url": links.output(output.id, Path(output.path))}
                for told, output in zip(fields["outputs"], job.outputs, strict=True)
            ]
        return cls.model_validate(fields)


class JobEventAnswer(Answer):
    """One line of a job's history."""

    at: float
    kind: str
    data: dict[str, Any]


class JobHistory(Answer):
    """What a job cost and what happened to it."""

    id: str
    work_seconds: float = Field(description="Of loading and running over all attempts; waiting is left out.")
    peak_gib: float = Field(description="The most memory that one engine held for it.")
    ahead: int = Field(description="Jobs before it in its queue.")
    events: list[JobEventAnswer]


class TimeEstimate(Answer):
    """What work takes here, learned from finished jobs or, until there is one, reckoned from published figures."""

    seconds: float
    low: float
    high: float
    runs: int
    reckoned: bool = False


class EstimateAnswer(Answer):
    """What a job would amount to."""

    engine: str
    seconds: float = Field(description="Of the result.")
    frames: int
    time: TimeEstimate | None = Field(description="What it would take here; null while nothing like it has run.")
    fits: bool = Field(description="Whether its engine fits into memory now.")
    memory: str = Field(description="That in a sentence.")
    spoken: list[tuple[str, str]] = Field(
        default=[], description="Of speech: the first sentences that are said otherwise than they are written, written and said."
    )
