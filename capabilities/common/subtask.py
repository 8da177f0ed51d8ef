"""Work within a job: another capability fills a part of the job's progress."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from engines.contract import Engine, EngineOptions
from engines.contract.card import ProblemSize
from studio.jobs.capability import JobContext
from studio.jobs.model import JobState


class SubtaskContext:
    """The context of a capability that works within another one's job and fills its progress from `start` to `end`.

    Args:
        note: shown instead of the notes of the inner work; "" shows those.
    """

    def __init__(self, context: JobContext, start: float, end: float, note: str = "") -> None:
        self._context, self._start, self._width, self._note = context, start, end - start, note

    @property
    def job_id(self) -> str:
        return self._context.job_id

    @property
    def scratch(self) -> Path:
        return self._context.scratch

    def engine(
        self, engine: type[Engine] | str, options: EngineOptions, extent: ProblemSize | None = None
    ) -> AbstractContextManager[Any]:
        return self._context.engine(engine, options, extent)

    def release(self, engine: type[Engine]) -> None:
        self._context.release(engine)

    def progress(self, fraction: float, note: str = "", eta_seconds: float | None = None) -> None:
        self._context.progress(self._start + self._width * fraction, self._note or note)

    def span(self, start: float, end: float) -> AbstractContextManager[None]:
        return self._context.span(self._start + self._width * start, self._start + self._width * end)

    def phase(self, state: JobState, note: str = "") -> None:
        self._context.phase(state, note)

    def check(self) -> None:
        self._context.check()

    def warn(self, sentence: str) -> None:
        self._context.warn(sentence)

    def event(self, kind: str, **data: Any) -> None:
        self._context.event(kind, **data)
