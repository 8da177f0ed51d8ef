"""One engine proven: made ready, loaded, worked with, judged, unloaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.prove.inputs import Work, work_of
from bench.prove.judging import Judge
from bench.prove.record import Row
from capabilities.common.memory_fit import memory_fit
from capabilities.setup.set_up_engine import can_be_set_up, setup_plan
from capabilities.video.capability import TextToVideo
from engines.contract import Device, Engine, EngineOptions
from media.audio.decode import probe
from media.errors import GreenroomError
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.workers.engine_service import readiness_of

Ask = Callable[[str], bool]
Say = Callable[[str], None]
LONGEST_JOB = 4 * 3600.0


@dataclass(frozen=True)
class Prover:
    """Proves engines of one studio.

    Args:
        folder: for inputs that are made. ask: whether something may be fetched; say: one line to the person.
        on_processor: try engines for a graphics card without one, too.
    """

    studio: Services
    folder: Path
    ask: Ask
    say: Say
    on_processor: bool = False

    def prove(self, engine: type[Engine]) -> Row | None:
        """The engine's row; None for an engine that only serves others."""
        work = None
        try:
            if why := self.obstacle(engine):
                return self._row(engine, "not run", why=why)
            work = work_of(self.studio, engine, self.folder)
            return None if work is None else self._measured(engine, work)
        except GreenroomError as error:
            return self._row(engine, "failed", why=str(error))
        finally:
            if work is not None:
                self.studio.workers.unload(engine.card.id, force=True)

    def obstacle(self, engine: type[Engine]) -> str:
        """Why it cannot run here, with what would help; "" when it can. What can be fetched is asked for and fetched."""
        card = engine.card
        if card.device is Device.CUDA and self.studio.memory.gpu() is None and not self.on_processor:
            return "It needs an NVIDIA graphics card, and there is none here. With --cpu it is tried on the processor, slowly."
        found = readiness_of(engine, self.studio.site)
        if not found.ready:
            if not can_be_set_up(self.studio, engine):
                return f"{found.sentence} {found.next_step}".strip()
            plan = setup_plan(self.studio, card.id)
            told = plan.sentence if plan else found.sentence
            if plan and not plan.fits:
                return told
            if not self.ask(f"{card.title} ({card.weights_licence.name}): {told} Fetch it?"):
                return f"{found.sentence} It was not to be fetched; --yes fetches everything that is asked for."
            self._done(self.studio.jobs.submit("set_up_engine", {"engine": card.id, "sample": False}))
        fits, told = memory_fit(self.studio, engine, self._options(engine))
        return "" if fits else told

    def _measured(self, engine: type[Engine], work: Work) -> Row:
        card, workers = engine.card, self.studio.workers
        self.say(f"{card.title}: loading")
        workers.unload(card.id, force=True)  # the doctor may have left it warm
        begun = time.monotonic()
        workers.load(card.id, self._options(engine))
        loaded = time.monotonic() - begun
        job, peak = self._rounds(card.title, work)
        seconds = job.work_seconds
        measures = Judge(self.studio, self.folder).measures(engine, work, job)
        begun = time.monotonic()
        report = workers.unload(card.id, force=True)
        good = all(one.good for one in measures)
        sound = work.spec["audio"] if work.kind == "transcription" else job.outputs[0].path
        return self._row(
            engine, "proven" if good else "not as expected", load_seconds=loaded, seconds=seconds,
            made=probe(Path(sound)).duration,
            unit=work.unit, peak_gib=peak, unload_seconds=time.monotonic() - begun, returned=report.within_tolerance,
            measured=tuple(f"{one}{'' if one.good else ' MISSED'}" for one in measures),
        )  # fmt: skip

    def _rounds(self, title: str, work: Work) -> tuple[Job, float]:
        """The last job, and the most memory of all."""
        peak = 0.0
        for number in range(work.rounds):
            self.say(f"{title}: {'working' if number + 1 == work.rounds else 'warming up'}")
            seed = {} if work.kind in ("transcription", "upscale", "character_swap") else {"seed": number + 1}
            job = self._done(self.studio.jobs.submit(work.kind, {**work.spec, **seed}))
            peak = max(peak, job.peak_gib)
        return job, peak

    def _done(self, job: Job) -> Job:
        """
        Raises:
            GreenroomError: the job's own, when it did not get through.
        """
        ended = self.studio.jobs.wait(job.id, LONGEST_JOB)
        if ended.error is not None:
            raise ended.error.raised()
        if ended.state is not JobState.DONE:
            raise GreenroomError("job.ended-early", retryable=True)
        return ended

    def _options(self, engine: type[Engine]) -> EngineOptions:
        """As its jobs will have them: what is marked for a reload must not differ."""
        if hasattr(engine, "clip_rules"):
            clips = self.studio.capability(TextToVideo)
            return clips.engines.form(engine, {}, "", 0).options
        return engine.settled(self.studio.site, engine.Options())

    @staticmethod
    def _row(engine: type[Engine], outcome: Any, **more: Any) -> Row:
        card = engine.card
        return Row(card.id, card.title, card.version, outcome, **more)
