"""The endpoints of the System page: the list of jobs, the machine, engines, disk and log; part of api.endpoints.Endpoints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from api.operations.endpoint import endpoint
from capabilities.setup.doctor import last_report
from studio.comfyui.memory_request import COMFYUI_ID
from studio.doctor.log_viewer import LEVELS, read_log
from studio.doctor.support_bundle import bundle_name, support_bundle
from studio.errors import InvalidInput
from studio.files import write_atomic
from studio.jobs.model import Job
from studio.library.quota import GIB
from studio.services import Services
from studio.weights import EngineWeights


class SystemCalls:
    """What the System page can do, for programs."""

    _studio: Services
    _incoming: tuple[Path, Path]

    def _finished(self, job: Job) -> Job:
        """Of Endpoints: the job when it has ended well; raises its error otherwise."""
        raise AssertionError

    # Jobs

    @endpoint
    def retry(self, job_id: str) -> dict[str, Any]:
        """Hand in the work of an ended job again, as a new job; what the old one had rendered is used again.

        Args:
            job_id: the id of the ended job.
        """
        return self._studio.jobs.retry(job_id).as_dict()

    @endpoint
    def move_job(self, job_id: str, place: int = 1) -> dict[str, Any]:
        """Give a queued job another place in its queue.

        Args:
            job_id: the id of a job in the state "queued".
            place: 1 is the next to run; a large number is the last.
        """
        if not 1 <= place <= 1_000_000:
            raise InvalidInput("job.place-wrong", place=place)
        return self._studio.jobs.move(job_id, place).as_dict()

    @endpoint
    def remove_job(self, job_id: str) -> dict[str, Any]:
        """Take an ended job off the list; its outputs stay.

        Args:
            job_id: the id of the ended job.
        """
        found = self._studio.jobs.get(job_id)
        self._studio.jobs.remove(job_id)
        return found.as_dict()

    @endpoint
    def job_history(self, job_id: str) -> dict[str, Any]:
        """What a job cost and what happened to it: seconds of work, the most GiB one engine held, its history.

        Args:
            job_id: the id that /submit gave.
        """
        job = self._studio.jobs.get(job_id)
        events = [{"at": one.at, "kind": one.kind, "data": one.data} for one in self._studio.jobs.events(job.id)]
        return {
            "id": job.id, "work_seconds": round(job.work_seconds, 3), "peak_gib": round(job.peak_gib, 3),
            "ahead": job.ahead, "events": events,
        }  # fmt: skip

    # Machine

    @endpoint
    def engines(self) -> list[dict[str, Any]]:
        """Every engine: what it does, whether it is ready and if not what is missing, whether it is in memory, its options."""
        return [status.as_dict() for status in self._studio.engines.statuses()]

    @endpoint
    def load(self, engine: str) -> dict[str, Any]:
        """Bring an engine into memory ahead of its first job.

        Args:
            engine: its id as /engines lists it.
        """
        return self._studio.engines.load(engine).as_dict()

    @endpoint
    def unload(self, engine: str) -> dict[str, Any]:
        """End an engine's workers and say how much memory came back.

        Args:
            engine: its id as /engines lists it; "comfyui" has a ComfyUI server unload its models.
        """
        studio = self._studio
        return asdict(studio.comfyui.unload() if engine == COMFYUI_ID else studio.engines.unload(engine))

    @endpoint
    def memory(self) -> dict[str, Any]:
        """The shared memory pool: size, use, reserve, what each worker holds, and whether each tier would be admitted now."""
        return self._studio.memory.report()

    @endpoint
    def memory_history(self) -> list[dict[str, Any]]:
        """Memory over the last hour, oldest first: time, used, available, swap and card's memory in GiB, pressure in percent."""
        return self._studio.memory.history()

    @endpoint
    def machine_events(self, limit: int = 50) -> list[dict[str, Any]]:
        """What happened to the machine's memory and heat, newest first: limits crossed, engines ended or unloaded, pauses.

        Args:
            limit: at most so many, 1 to 200.
        """
        return [event.as_dict() for event in self._studio.memory.events.newest(_within(limit, 200))]

    @endpoint
    def set_idle(self, engine: str, seconds: float = -1) -> dict[str, Any]:
        """How long an engine may stay in memory without being used.

        Args:
            engine: its id as /engines lists it.
            seconds: 0 keeps it warm; a negative number goes back to what the settings say.
        """
        workers = self._studio.workers
        workers.set_idle(engine, None if seconds < 0 else seconds)
        card = self._studio.catalog.get(engine).card
        return {"engine": card.id, "idle_seconds": workers.idle.of(card), "chosen": workers.idle.chosen(card.id) is not None}

    @endpoint
    def environments(self) -> list[dict[str, Any]]:
        """The model environments and how each stands. /submit with the kind "install_environment" installs or removes one."""
        rows = self._studio.environments.statuses()
        return [
            {"name": row.name, "state": row.state.value, "sentence": row.sentence, "next_step": row.next_step,
             "size_bytes": row.size_bytes} for row in rows
        ]  # fmt: skip

    @endpoint
    def weights(self) -> list[dict[str, Any]]:
        """The weights of every engine that has some, with sizes and licence. /submit with the kind "download_weights" gets
        or deletes them."""
        return [_weights_row(one) for one in self._studio.weights.statuses()]

    @endpoint
    def run_times(self) -> list[dict[str, Any]]:
        """What work takes on this machine, learned from finished jobs, and how far estimates were off."""
        return [
            {**asdict(one.work), "runs": one.runs, "seconds": one.seconds, "low": one.low, "high": one.high,
             "off": one.off, "judged": one.judged} for one in self._studio.estimate_accuracy()
        ]  # fmt: skip

    # Disk, log, help

    @endpoint
    def disk(self, fresh: bool = False) -> dict[str, Any]:
        """What lies where in the data folder, and what of it can go; sizes in bytes.

        Args:
            fresh: measure now; otherwise figures may be five minutes old.
        """
        return self._studio.disk.report(fresh=fresh).as_dict()

    @endpoint
    def free_disk(self, what: str) -> dict[str, Any]:
        """Remove what can go under a name that /disk lists, never what a job that has not ended needs.

        Args:
            what: outputs, segments, uploads, cache or logs.
        """
        freed = self._studio.disk.clear(what)
        return {"what": what, "freed_bytes": freed, "freed_gib": round(freed / GIB, 3)}

    @endpoint
    def log(self, name: str = "greenroom", level: str = "", text: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """Records of a log, newest first, without secrets and home folders.

        Args:
            name: "greenroom", or the id of an engine for what its workers printed.
            level: INFO, WARNING or ERROR and above; empty for all.
            text: words that every record must hold.
            limit: at most so many, 1 to 1000.
        """
        if level and level not in LEVELS:
            raise InvalidInput("log.level-unknown", level=level[:20], known=LEVELS)
        found = read_log(self._studio.paths.logs, name, level, text, _within(limit, 1000))
        return [record.as_dict() for record in found]

    @endpoint
    def estimate(self, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Ask how long a job would take on this machine, how long its result would be and whether its engine fits into memory
        now, without making anything. Worth a call before long work; nothing is queued, loaded or spent.

        Args:
            kind: voiceover, lip_sync, animate_portrait, character_swap, text_to_video or image_to_video.
            spec: its fields, the same as /submit takes for that kind.

        Returns:
            The engine, seconds and frames of the result, the time (with its spread, and from how many runs; null while nothing
            like it has run here), whether it fits, and that in a sentence.
        """
        return self._studio.jobs.estimate(kind, spec).as_dict()

    @endpoint
    def doctor(self, fresh: bool = True) -> dict[str, Any]:
        """Find out why something does not work on this machine: everything the studio needs is tried (disk, formats, engines,
        GPU, ComfyUI), and what fails comes with a repair. Not needed before ordinary work; a call that was refused has said why.

        Args:
            fresh: false gives the last report at once, {} when there is none yet; true examines anew, a minute or two.

        Returns:
            Every check with its state (ok, warning, failed, skipped), what was found, and the repair.
        """
        if fresh:
            self._finished(self._studio.jobs.submit("doctor", {}))
        return last_report(self._studio.paths.root) or {}

    @endpoint
    def support_bundle(self) -> gr.FileData:
        """A ZIP for those who help: log, settings, versions, machine facts and the last jobs, without secrets, texts, names."""
        path = self._incoming[0] / bundle_name()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, support_bundle(self._studio, self._studio.disk))
        return gr.FileData(path=str(path), orig_name=path.name)


def _weights_row(one: EngineWeights) -> dict[str, Any]:
    licence = one.card.weights_licence
    return {
        "engine": one.card.id, "state": one.state.value, "size_bytes": one.whole_bytes, "here_bytes": one.here_bytes,
        "licence": licence.name, "commercial_use": licence.commercial_use, "gated": one.gated, "repos": list(one.repos),
    }  # fmt: skip


def _within(limit: int, most: int) -> int:
    if not 1 <= limit <= most:
        raise InvalidInput("call.limit-wrong", limit=limit, most=most)
    return limit
