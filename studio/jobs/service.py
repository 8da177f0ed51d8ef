"""The interface to jobs for tabs, endpoints and the command line."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from studio.callbacks import no_op
from studio.errors import InvalidInput, NotFound, StorageError
from studio.jobs.capability import Capability
from studio.jobs.estimate import JobEstimate
from studio.jobs.model import Job, JobEvent, JobState
from studio.jobs.runner import JobRunner
from studio.jobs.store import JobStore
from studio.settings import JobSettings
from studio.validation import validated

log = logging.getLogger(__name__)

LEAST_FREE_BYTES = 256 * 1024**2
"""Below this no job is accepted: it would only fail at its end, after hours perhaps."""

DAY = 86_400.0


class JobService:
    """Accepts jobs and answers queries about them. No method does a job's work, so every call but `wait` returns at once.

    Any thread may call any method. All state is in the store.
    """

    def __init__(
        self,
        store: JobStore,
        runner: JobRunner,
        capabilities: Mapping[str, Capability[Any]],
        settings: JobSettings,
        data_folder: Path,
        on_accepted: Callable[[Job], object] = no_op,
    ) -> None:
        """Args:
        on_accepted: called with each accepted job, to prepare what it will need; must return at once.
        """
        self._store, self._runner, self._capabilities, self._settings = store, runner, capabilities, settings
        self._data_folder, self._on_accepted = data_folder, on_accepted

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of job that `submit` accepts."""
        return tuple(self._capabilities)

    def submit(self, kind: str, spec: Mapping[str, Any] | BaseModel) -> Job:
        """Accept a job: it is checked, prepared and stored in the database before this returns.

        Args:
            spec: the fields of the kind's spec; or a spec of that class, which is not validated again.

        Raises:
            InvalidInput: an unknown kind, or a field that is wrong, named with what is allowed.
            NotFound, EngineError and others of the capability's `prepare`.
            StorageError: the disk is full or nearly so.
        """
        capability = self._capability(kind)
        made = capability.accept(_checked(capability.Spec, spec))
        self._refuse_full_disk()
        job = self._store.add(kind, made.title, made.lane, made.spec.model_dump(mode="json"))
        self._runner.wake()
        self._on_accepted(job)
        return job

    def estimate(self, kind: str, spec: Mapping[str, Any]) -> JobEstimate:
        """Estimate a job of this kind with these fields. Nothing is queued.

        Raises:
            InvalidInput: a kind without estimates, or a field that is wrong.
            NotFound, EngineNotReady, MediaError: as `submit` would.
        """
        capability = self._capabilities.get(kind)
        if capability is None or not capability.estimates:
            able = [name for name, one in self._capabilities.items() if one.estimates]
            raise InvalidInput("job.kind-not-foretold", kind=kind, able=able)
        return capability.estimate(validated(capability.Spec, spec))

    def get(self, job_id: str) -> Job:
        """Return the job with this id.

        Raises:
            NotFound: there is none.
        """
        job = self._store.get(str(job_id))
        if job is None:
            raise _unknown(job_id)
        return self._with_pending_end(job)

    def cancel(self, job_id: str) -> Job:
        """Stop a job. A queued one is cancelled when this returns, a running one within two seconds; one that has ended is not
        changed."""
        if self._runner.cancel(str(job_id)) is None:
            raise _unknown(job_id)
        return self.get(job_id)

    def retry(self, job_id: str) -> Job:
        """Submit the same work as a new job, which reuses what the old one had rendered.

        Raises:
            InvalidInput: the job has not ended, or its spec is no longer valid (because a voice was deleted, for example).
        """
        old = self.get(job_id)
        if not old.state.ended:
            raise InvalidInput("job.not-ended")
        job = self.submit(old.kind, old.spec)
        self._store.add_event(old.id, "retried", {"job": job.id})
        return job

    def remove(self, job_id: str) -> None:
        """Remove an ended job from the list. Its outputs stay in the library.

        Raises:
            NotFound, InvalidInput: no such job, or it has not ended.
        """
        if not self._store.remove(self.get(job_id).id):
            raise InvalidInput("job.not-ended")

    def put_back(self, job_id: str) -> Job:
        """Undo `remove`: the job is in the list again, with its history.

        Raises:
            NotFound: it was never removed, or so long ago that it is no longer kept.
        """
        if not self._store.put_back(str(job_id)):
            raise NotFound("job.not-kept")
        return self.get(job_id)

    def move(self, job_id: str, place: int) -> Job:
        """Move a queued job to a place in its lane's queue: 1 is the next to run, a large number the last.

        Raises:
            NotFound, InvalidInput: no such job, or it is not queued (any more).
        """
        if not self._store.move(self.get(job_id).id, int(place)):
            raise InvalidInput("job.not-queued")
        return self.get(job_id)

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """Return the job as soon as it has ended, or its present state after `timeout` seconds; None waits without limit."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            seen = self._store.change_counter()
            job = self.get(job_id)
            left = 60.0 if deadline is None else deadline - time.monotonic()
            if job.state.ended or left <= 0:
                return job
            self._store.wait_for_change(seen, min(left, 60.0))

    def events(self, job_id: str | None = None, after: int = 0, limit: int = 1000) -> list[JobEvent]:
        """Return history lines with sequence numbers above `after`, oldest first, of one job or (None) of all jobs and of the
        store."""
        return self._store.events(job_id, after, max(1, min(int(limit), 10_000)))

    def specs_naming(self, text: str) -> Iterator[dict[str, Any]]:
        """Return the specs of all jobs on the list that contain `text`."""
        return self._store.specs_naming(text)

    def active(self) -> dict[tuple[str, JobState], int]:
        """Count the jobs that have not ended, by kind and state."""
        return self._store.active()

    def last_event(self) -> int:
        """Return the sequence number of the newest history line, 0 if there is none."""
        return self._store.last_event()

    def ensure_stored(self) -> None:
        """Detect a job list that was deleted from the disk, and write it again.

        Raises:
            StorageError: it cannot be read or written.
        """
        self._store.ensure_stored()

    def change_counter(self) -> int:
        """Return a number that increases with every change of any job.

        Reading it is cheap: while it is unchanged, a page has nothing to update.
        """
        return self._store.change_counter()

    def wait_for_change(self, seen: int, timeout: float) -> int:
        """Return the change counter as soon as it is above `seen`, or its value after `timeout` seconds."""
        return self._store.wait_for_change(seen, timeout)

    def prune(self) -> int:
        """Remove old jobs from the list, as settings.jobs says; return their number."""
        gone = self._store.prune(time.time() - self._settings.keep_days * DAY, self._settings.keep_count)
        if gone:
            log.info("%d old jobs left the list", gone)
        return gone

    def list(
        self, states: Collection[JobState | str] = (), kinds: Collection[str] = (), limit: int = 50, text: str = ""
    ) -> Sequence[Job]:
        """Return jobs, newest first, of these states and kinds (() = all), whose title or id contains `text`.

        Raises:
            InvalidInput: a state that does not exist.
        """
        found = self._store.find([_state(state) for state in states], kinds, max(1, min(int(limit), 1000)), text.strip())
        return [self._with_pending_end(job) for job in found]

    def _with_pending_end(self, job: Job) -> Job:
        """Return the job, with a note if its work is over but its end could not be written to disk."""
        pending = "" if job.state.ended else self._runner.pending_end(job.id)
        return replace(job, note=pending) if pending else job

    def _capability(self, kind: str) -> Capability[Any]:
        capability = self._capabilities.get(kind)
        if capability is None:
            near = get_close_matches(str(kind), self._capabilities, n=1)
            raise InvalidInput("job.kind-unknown", kind=kind, near=near, known=sorted(self._capabilities))
        return capability

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self._data_folder).free
        if free < LEAST_FREE_BYTES:
            needed = LEAST_FREE_BYTES // 1024**2
            raise StorageError("storage.too-little-for-job", retryable=True, free=free // 1024**2, needed=needed)


def _checked(model: type[BaseModel], spec: Mapping[str, Any] | BaseModel) -> BaseModel:
    if isinstance(spec, model):
        return spec
    return validated(model, spec.model_dump() if isinstance(spec, BaseModel) else spec)


def _state(name: JobState | str) -> JobState:
    try:
        return JobState(name)
    except ValueError:
        raise InvalidInput("job.state-unknown", state=name, known=JobState) from None


def _unknown(job_id: str) -> NotFound:
    return NotFound("job.unknown", job=str(job_id)[:40])
