"""Runs queued jobs in order, on threads of the server that do not depend on any page."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.errors import Cancelled, GreenroomError, NotFound, StorageError
from studio.jobs.capability import Capability
from studio.jobs.context import AttemptContext, EngineLeaser, EngineResolver
from studio.jobs.failure import job_error
from studio.jobs.lanes import JobLanes
from studio.jobs.model import Claim, JobError, JobState, Recovery
from studio.jobs.store import KILL_WEIGHT, JobStore
from studio.presence.live_use import LiveUse
from studio.validation import validated

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
STORAGE_RETRY_SECONDS = 2.0


class JobRunner:
    """One thread for each place in a lane; each runs the lane's next job as soon as the lane has a free place.

    A job is claimed only once its lane's slot is held, so the order of the queue is decided as late as possible, and a job that
    still waits for its lane is queued and can be cancelled at once. One more thread writes the progress of all running jobs.

    Lock order: `_wakeup` or `_running_lock`, then the store's; `_wakeup` and `_running_lock` are never held together. A job is
    claimed and its context registered under `_running_lock`, so `cancel` finds the context of every claimed job.
    """

    def __init__(
        self,
        store: JobStore,
        capabilities: Mapping[str, Capability[Any]],
        lanes: JobLanes,
        lender: EngineLeaser,
        catalog: EngineResolver,
        scratch: Path,
        live_use: LiveUse | None = None,
    ) -> None:
        self._store, self._capabilities, self._lanes = store, capabilities, lanes
        self._lender, self._catalog, self._scratch = lender, catalog, scratch
        self._live_use = live_use or LiveUse()
        self._wakeup = threading.Condition()
        self._running_lock = threading.Condition()
        self._running: dict[str, AttemptContext] = {}
        self._pending_ends: dict[str, str] = {}
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, suspicious: bool = True) -> Recovery:
        """Queue the jobs that the last server left unfinished, then start the threads. Called once.

        Args:
            suspicious: whether the work of the last server may have caused its end.
        """
        recovery = self._store.recover(1.0 if suspicious else KILL_WEIGHT)
        for outcome in ("resumed", "failed", "cancelled"):
            if jobs := getattr(recovery, outcome):
                log.warning("Jobs that the last server left unended, now %s: %s", outcome, ", ".join(jobs))
        for lane, places in self._lanes.places().items():
            for number in range(places):
                self._spawn(f"jobs-{lane}-{number + 1}", self._serve, lane)
        self._spawn("jobs-progress", self._write_progress)
        self._spawn("jobs-scratch", self._sweep_scratch)
        return recovery

    def wake(self) -> None:
        """Notify the lanes that a job was queued."""
        with self._wakeup:
            self._wakeup.notify_all()

    def cancel(self, job_id: str) -> JobState | None:
        """Ask a job to stop and return its state after that, None for an unknown id. Returns at once."""
        state = self._store.request_cancel(job_id)
        with self._running_lock:
            if (stage := self._running.get(job_id)) is not None:
                stage.stop()
        return state

    def running(self) -> tuple[str, ...]:
        """Return the ids of the jobs that a thread is working on."""
        with self._running_lock:
            return tuple(self._running)

    def pending_end(self, job_id: str) -> str:
        """Return why the end of a job is not in its row yet; "" if it is."""
        return self._pending_ends.get(job_id, "")

    def close(self, timeout: float = 4.0) -> None:
        """Interrupt running jobs and end the threads. A job that does not react in time is recovered at the next start."""
        self._closing.set()
        self.wake()
        with self._running_lock:
            for stage in self._running.values():
                stage.stop()
            self._running_lock.notify_all()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if left := [thread.name for thread in self._threads if thread.is_alive()]:
            log.warning("These threads did not end in time: %s", ", ".join(left))

    def _spawn(self, name: str, target: object, *arguments: str) -> None:
        thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _serve(self, lane: str) -> None:
        while not self._closing.is_set():
            try:
                with self._wakeup:
                    self._wakeup.wait_for(lambda: self._closing.is_set() or self._store.next_queued(lane) is not None)
                with self._lanes.slot(
                    lane, lambda: self._nothing_for(lane), lambda reason: self._store.note_queued(lane, reason)
                ):
                    self._run_next(lane)
            except Cancelled:
                continue
            except Exception:
                log.exception("The %s lane could not take its next job; it tries again", lane)
                self._closing.wait(STORAGE_RETRY_SECONDS)

    def _nothing_for(self, lane: str) -> bool:
        return self._closing.is_set() or self._store.next_queued(lane) is None

    def _run_next(self, lane: str) -> None:
        with self._running_lock:
            if self._closing.is_set() or (claim := self._store.claim(lane)) is None:
                return
            folder = self._scratch / claim.job.id
            stage = AttemptContext(claim, self._store, self._lender, self._catalog, folder, self._live_use)
            self._running[claim.job.id] = stage
            self._running_lock.notify_all()
        try:
            self._attempt(claim, stage)
        finally:
            with self._running_lock:
                del self._running[claim.job.id]

    def _attempt(self, claim: Claim, stage: AttemptContext) -> None:
        log.info("Job %s (%s) begins, attempt %d", claim.job.id, claim.job.kind, claim.attempt)
        capability = self._capabilities.get(claim.job.kind)
        if capability is None:
            self._finish(claim, JobState.FAILED, error=JobError.of(NotFound("job.kind-gone", kind=claim.job.kind)))
            return
        try:
            outputs = capability.run(validated(capability.Spec, claim.job.spec), stage)
        except BaseException as error:
            if isinstance(error, Cancelled) or stage.stopped:
                if self._closing.is_set():
                    note = "Interrupted; it goes on when the studio is opened again."
                    self._finish(claim, JobState.INTERRUPTED, note=note, cost=stage.cost)
                else:
                    self._finish(claim, JobState.CANCELLED, note="Cancelled.", cost=stage.cost)
            else:
                with suppress(GreenroomError):
                    stage.flush()
                self._finish(claim, JobState.FAILED, error=job_error(error, claim.job.id), cost=stage.cost)
        else:
            self._finish(claim, JobState.DONE, outputs=tuple(outputs), note=stage.warnings, cost=stage.cost)

    def _finish(self, claim: Claim, state: JobState, **facts: object) -> None:
        """Write the end of an attempt, and try again while the disk refuses; if that never succeeds, the next start recovers
        the job."""
        while True:
            try:
                self._store.finish(claim, state, **facts)  # type: ignore[arg-type]
                self._pending_ends.pop(claim.job.id, None)
                break
            except StorageError as error:
                fresh = claim.job.id not in self._pending_ends
                self._pending_ends[claim.job.id] = f"The work is over ({state}), but its end cannot be written yet: {error}"
                if fresh:
                    self._store.announce()
                log.error("The end of job %s (%s) could not be written: %s", claim.job.id, state, error)
                if self._closing.wait(STORAGE_RETRY_SECONDS):
                    return
        log.info("Job %s: %s", claim.job.id, state)
        if state.ended:
            shutil.rmtree(self._scratch / claim.job.id, ignore_errors=True)

    def _write_progress(self) -> None:
        while not self._closing.wait(FLUSH_SECONDS):
            with self._running_lock:
                self._running_lock.wait_for(lambda: self._running or self._closing.is_set())
                stages = list(self._running.values())
            for stage in stages:
                try:
                    stage.flush()
                except GreenroomError as error:
                    log.warning("Progress of job %s could not be written: %s", stage.job_id, error)

    def _sweep_scratch(self) -> None:
        """Remove scratch folders of jobs that have ended or are gone, left by a server that died."""
        if not self._scratch.is_dir():
            return
        for folder in list(self._scratch.iterdir()):
            job = self._store.get(folder.name)
            if job is None or job.state.ended:
                shutil.rmtree(folder, ignore_errors=True)
