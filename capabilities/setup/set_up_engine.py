"""Set-up of an engine by one button: its environment, its weights, and a first sample."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from capabilities.common.memory_fit import memory_fit
from capabilities.setup.install_environment import Stop
from engines.common.weights import missing_files, size_text
from engines.contract import Engine, EngineKind, SpeechTraits
from studio.errors import GreenroomError, InvalidInput
from studio.jobs.capability import SETUP_LANE, Capability, CapabilityDescription, JobContext
from studio.jobs.model import JobOutput
from studio.services import Services
from studio.weights import WeightsState
from studio.workers.engine_service import readiness_of
from studio.workers.process.launch import environment_can_be_installed, environment_readiness

log = logging.getLogger("greenroom")

SAMPLE = "Good evening. This is how I sound on your own machine."
SAMPLE_VOICE = "Linda (sample)"
LINE_BYTES_A_SECOND = 6_250_000
"""50 Mbit/s, for estimates before the first download."""
_ENVIRONMENT_SHARE = 0.6
"""Of the progress, where an environment is to be installed and weights are to be fetched."""


def sample_spec(engine: str, voice: str, title: str) -> dict[str, str]:
    """Return the narration that is the first sample of an engine or a voice."""
    return {"script": SAMPLE, "engine": engine, "voice": voice, "title": title}


@dataclass(frozen=True)
class SetupPlan:
    """The set-up of an engine on this machine.

    Args:
        download_bytes: approximate size of the download.
        free_bytes: free space on the disk.
        seconds: approximate time.
        fits: whether disk and memory suffice.
        memory: a sentence on the memory.
    """

    engine: str
    title: str
    download_bytes: float
    free_bytes: float
    seconds: float
    fits: bool
    memory: str

    @property
    def sentence(self) -> str:
        """Size, time, and whether it fits."""
        minutes = max(1, round(self.seconds / 60))
        enough = "" if self.download_bytes < self.free_bytes else ", too little"
        fetched = f"About {size_text(self.download_bytes)} to fetch, {minutes} min on a line of 50 Mbit/s"
        return f"{fetched}; the disk has {size_text(self.free_bytes)} free{enough}. {self.memory}"


def setup_plan(studio: Services, engine_id: str) -> SetupPlan | None:
    """Return the plan for an engine that is not ready and can be set up by the studio; None for any other.

    Raises:
        NotFound: no such engine.
    """
    engine = studio.catalog.get(engine_id)
    if readiness_of(engine, studio.site).ready or not can_be_set_up(studio, engine):
        return None
    card = engine.card
    wanted = [file for file in missing_files(card, studio.site) if card.first_repo in ("", file.repo)]
    needed = float(sum(file.size_bytes for file in wanted))
    if environment_can_be_installed(engine.card, studio.site):
        declared = studio.environments.declared(engine.card.environment).declared.download_gb
        needed += (declared.cuda if studio.memory.gpu() is not None else declared.cpu) * 1e9
    free = shutil.disk_usage(studio.paths.root).free
    fits, memory = memory_fit(studio, engine)
    seconds = needed / LINE_BYTES_A_SECOND
    return SetupPlan(engine.card.id, engine.card.title, needed, free, seconds, fits and needed < free, memory)


def can_be_set_up(studio: Services, engine: type[Engine]) -> bool:
    """Return whether the studio can download what the engine lacks."""
    missing = bool(missing_files(engine.card, studio.site))
    if missing and studio.weights.offline:
        return False
    if not environment_readiness(engine.card, studio.site).ready:
        return environment_can_be_installed(engine.card, studio.site)
    return missing


class SetUpSpec(BaseModel):
    """A set-up.

    Args:
        engine: its id.
        sample: whether a sample is made at the end.
        voice: the saved voice of the sample, "" for one of the engine or the studio.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    engine: str = Field(max_length=100)
    sample: bool = True
    voice: str = Field("", max_length=100)


class SetUpEngine(Capability[SetUpSpec]):
    """The capability "set_up_engine". After an interruption it continues with the partial download."""

    kind: ClassVar[str] = "set_up_engine"
    Spec = SetUpSpec

    def __init__(self, services: Services) -> None:
        self._studio = services

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Setting up an engine")

    def prepare(self, spec: SetUpSpec) -> SetUpSpec:
        """
        Raises:
            NotFound: no such engine or voice. WeightsError: downloads are switched off. InvalidInput: it is ready, or what it
            lacks is nothing that the studio can fetch; the reason says what.
        """
        engine = self._studio.catalog.get(spec.engine)
        if spec.voice:
            self._studio.voices.get(spec.voice)
        found = readiness_of(engine, self._studio.site)
        if found.ready:
            raise InvalidInput("setup.ready-already", engine=engine.card.title)
        if missing_files(engine.card, self._studio.site):
            self._studio.weights.refuse_offline()
        if not can_be_set_up(self._studio, engine):
            raise InvalidInput("setup.not-possible", engine=engine.card.title, why=found.why, next_step=found.step)
        return spec

    def title(self, spec: SetUpSpec) -> str:
        return f"Set up {self._studio.catalog.get(spec.engine).card.title}"

    def lane(self, spec: SetUpSpec) -> str:
        return SETUP_LANE

    def run(self, spec: SetUpSpec, context: JobContext) -> list[JobOutput]:
        engine, stop = self._studio.catalog.get(spec.engine), Stop(context)
        before = 0.0
        if not environment_readiness(engine.card, self._studio.site).ready:
            before = _ENVIRONMENT_SHARE

            def say(share: float, note: str = "") -> None:
                context.progress(_ENVIRONMENT_SHARE * share, note)

            self._studio.environments.install(engine.card.environment, say, stop)
        self._fetch(engine, context, stop, before)
        found = readiness_of(engine, self._studio.site)
        if not found.ready:
            raise InvalidInput("setup.not-possible", engine=engine.card.title, why=found.why, next_step=found.step)
        context.progress(1.0, f"{engine.card.title} is ready")
        if spec.sample:
            self._make_sample(engine, spec.voice)
        return []

    def _fetch(self, engine: type[Engine], context: JobContext, stop: Stop, before: float) -> None:
        """The weights; of an engine to which one of several repositories is enough (a size, a language) the card's first."""
        if not engine.card.hub_files:
            return
        status = self._studio.weights.status(engine.card.id)
        wanted = (engine.card.first_repo,) if engine.card.first_repo else status.repos
        left = [repo for repo in wanted if status.of_repo(repo).state is not WeightsState.PRESENT]
        for at, repo in enumerate(left):
            if engine.readiness(self._studio.site).ready:
                return

            def say(share: float, note: str = "", at: int = at) -> None:
                context.progress(before + (1 - before) * (at + share) / len(left), note)

            self._studio.weights.download(engine.card.id, say, stop, repo)

    def _make_sample(self, engine: type[Engine], chosen: str) -> None:
        """A first result, as a job of its own; the engine is set up whether that succeeds or not."""
        card = engine.card
        try:
            if card.capability is EngineKind.SPEECH:
                own = engine.preset_voices(self._studio.site)
                clones = card.traits_of(SpeechTraits).clones
                voice = f"{card.id}/{own[0].id}" if own else SAMPLE_VOICE if clones else ""
                title = f"{card.title}: a first sample"
                if clones and chosen:
                    voice, title = chosen, f"{chosen}: a first sample"
                self._studio.jobs.submit("voiceover", sample_spec(card.id, voice, title))
        except GreenroomError as error:
            log.info("No first sample of %s: %s", card.id, error)
