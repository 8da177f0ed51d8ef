"""The composition root: makes every part of the studio in the right order, and closes them in reverse order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any, TypeVar

from engines.catalog import Catalog
from engines.contract import EngineKind, EnginePaths
from studio.artifacts.segments import SegmentStore
from studio.comfyui.memory_request import COMFYUI_ESTIMATE, COMFYUI_ID
from studio.comfyui.service import ComfyUIService
from studio.data_format import bring_forward
from studio.environments import EnvironmentManager
from studio.errors import GreenroomError
from studio.jobs.capability import Capability
from studio.jobs.lanes import JobLanes
from studio.jobs.model import ACTIVE, Job, JobState
from studio.jobs.runner import JobRunner
from studio.jobs.runtime_stats import EstimateAccuracy, estimate_accuracy
from studio.jobs.service import JobService
from studio.jobs.store import JobStore
from studio.language.residency import SERVER_ESTIMATE, SERVER_ID, LanguageServerResidency
from studio.language.service import LanguageService
from studio.library import Library
from studio.licences import UNKNOWN, LicenceTerms, terms_of_card
from studio.logs import open_log
from studio.maintenance.disk_usage import DiskUsage
from studio.maintenance.follow_settings import follow_settings
from studio.maintenance.housekeeping import MaintenanceTimer
from studio.maintenance.last_shutdown import ShutdownMarker
from studio.maintenance.memory_holders import MemoryHolders
from studio.memory.estimate import MemoryEstimate
from studio.memory.manager import MemoryManager
from studio.paths import DataFolderLock, DataPaths
from studio.preferences.preferences import Preferences
from studio.presence.live_use import LiveUse
from studio.presence.restart import Restart
from studio.pronunciations import PronunciationList
from studio.provenance.provenance import Provenance
from studio.provenance.signed_copies import SignedCopies
from studio.settings import HOME, Settings
from studio.voices.voices import Voices
from studio.weights import WeightStore
from studio.workers.engine_service import EngineService
from studio.workers.idle_times import IdleTimeouts
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions
from studio.workers.process.metering import MemoryMeter
from studio.workflows import TemplateCollection

log = logging.getLogger(__name__)

ASSETS = HOME / "assets"
GIB = 1024**3
RUNNER_CLOSE_SECONDS = 3.0
SHARED_ENVIRONMENT = "models"
LIST_RESTORED = "The list of jobs was deleted on the disk; it was written anew, nothing is lost."

CapabilityFactory = Callable[["Services"], Iterable[Capability[Any]]]
"""Makes the kinds of job of a studio whose other parts are ready; `jobs` is made after them. `Services.capability` finds each
before the next is made."""

CapabilityT = TypeVar("CapabilityT", bound=Capability[Any])


class Services:
    """The parts of one studio; it holds the lock of its data folder from `open` to `close`.

    The parts are made in this order: lock, log, run marker, memory, workers, lanes, segments, voices, library, job store,
    capabilities, runner, maintenance. `close` goes in reverse: maintenance stops, running jobs are interrupted, which ends their
    engines' calls, the workers are ended, and the lock is released last, so that the next studio finds the folder unused.

    Attributes: preferences (and `settings`, as they count now), restart, paths, site, catalog, memory, workers, comfyui,
    language, engines, environments, lanes, weights, live_use, segments, voices, pronunciations, provenance, library,
    signed_copies, templates, capabilities, jobs, disk.
    """

    def __init__(self, settings: Settings, parts: ExitStack, capabilities: CapabilityFactory) -> None:
        """For `open` only. Each part registers its close function with `parts`."""
        self.paths = DataPaths(settings.data_folder)
        self.preferences = Preferences(settings, self.paths.root, self._speech_engines)
        self._parts = parts
        life = self._take_data_folder()
        self.catalog = Catalog(settings.engines.extra)
        self.catalog.all()  # reports a wrong entry of the settings at the start, not at the first job
        self.site = engine_paths(settings, self.paths)
        self._open_memory_holders()
        store = JobStore(self.paths.jobs, lambda: self.memory.events.tell("storage", LIST_RESTORED))
        parts.callback(store.close)
        self._open_shelves(store)
        self.lanes = JobLanes(settings.lanes)
        self.live_use = LiveUse()
        self.restart = Restart(lambda: len(self.jobs.list(ACTIVE)) + self.live_use.going_on)
        self.capabilities: dict[str, Capability[Any]] = {}
        for capability in capabilities(self):
            self.capabilities[capability.kind] = capability
        runner = JobRunner(store, self.capabilities, self.lanes, self.workers, self.catalog, self.paths.scratch, self.live_use)
        self.jobs = JobService(store, runner, self.capabilities, settings.jobs, self.paths.root, self._prewarm_for)
        parts.callback(runner.close, RUNNER_CLOSE_SECONDS)
        parts.callback(self.comfyui.leave)
        runner.start(life.last.suspicious)
        self.disk = DiskUsage(
            self.paths, self.library, self.segments, self.jobs, settings.library,
            engines_at_work=lambda: bool(self.workers.snapshot()),
        )  # fmt: skip
        self._housekeeper()
        follow_settings(self.preferences, self.idle, self.comfyui, self.language, self.library, self.disk)
        self._install_for_gpu()

    @property
    def settings(self) -> Settings:
        """The settings as they count now."""
        return self.preferences.now

    def _take_data_folder(self) -> ShutdownMarker:
        """Lock the data folder, migrate its formats, open the log, and read how the last studio ended."""
        self._parts.callback(DataFolderLock(self.paths.lock).release)
        bring_forward(self.paths.root)
        self._parts.callback(open_log(self.paths.logs))
        life = ShutdownMarker(self.paths.alive, self.paths.logs / "fault.log")
        self._parts.callback(life.close)
        return life

    def _open_memory_holders(self) -> None:
        """Make what uses memory (workers, ComfyUI, language server) and the manager that admits and ends it."""
        settings = self.settings
        self.memory = MemoryManager(settings.memory, self.paths.root)
        self._parts.callback(self.memory.close)
        self.idle = IdleTimeouts(settings.workers, self.paths.root / "idle.json")
        self.workers = self._worker_host()
        self._parts.callback(self.workers.close)
        self.comfyui = self._comfyui()
        self._parts.callback(self.comfyui.close)
        language_server = LanguageServerResidency(
            MemoryMeter(gpu_bytes=self.memory.gpu_bytes, tolerance_gib=settings.memory.return_tolerance_gib)
        )
        self.language = LanguageService(
            settings.without_choices.language, self.preferences.local, self.catalog, self.site, self.workers, language_server,
            settings.server.port,
        )  # fmt: skip
        self.memory.attach(MemoryHolders(self.workers, self.comfyui, language_server), self._memory_estimate)
        self.engines = EngineService(self.catalog, self.site, self.workers)

    def _open_shelves(self, store: JobStore) -> None:
        """Make what stores files: environments, weights, segments, voices, pronunciations, outputs and templates."""
        settings = self.settings
        self.environments = EnvironmentManager(self.paths.environments)
        self.weights = WeightStore(self.site, self.catalog.all, settings.weights)
        self.segments = SegmentStore(
            self.paths.segments, int(settings.library.segment_cache_gib * GIB), protected_since=store.earliest_start
        )
        self.voices = Voices(self.paths.voices, ASSETS / "voices", settings.voices)
        self.pronunciations = PronunciationList(
            self.paths.pronunciations, lambda: {voice.id: voice.name for voice in self.voices.list()}
        )
        self.provenance = Provenance(self.paths.provenance, lambda: {engine.card.id for engine in self.catalog.all()})
        self.library = Library(self.paths.outputs, settings.library, engine_terms=self._engine_terms)
        self.signed_copies = SignedCopies(self.provenance, self.library, self.paths.cache / "signed")
        self.templates = TemplateCollection((HOME / "workflows", self.paths.workflows))

    @classmethod
    def open(cls, settings: Settings, capabilities: CapabilityFactory) -> Services:
        """Make all parts and start them. Jobs that the last server left unfinished are resumed.

        Raises:
            StorageError: another studio uses the data folder, or it cannot be read or written.
            EngineError: an entry of `engines.extra` is wrong.
        """
        started = time.monotonic()
        with ExitStack() as parts:
            studio = cls(settings, parts, capabilities)
            studio._parts = parts.pop_all()
        log.info("Opened in %.2f s", time.monotonic() - started)
        return studio

    def close(self) -> None:
        """End everything, within about five seconds. Further calls do nothing."""
        self._parts.close()

    def capability(self, kind: type[CapabilityT]) -> CapabilityT:
        """Return the capability of this class.

        Raises:
            LookupError: the studio was opened without it.
        """
        for one in self.capabilities.values():
            if type(one) is kind:
                return one
        raise LookupError(f"This studio has no {kind.__name__}.")

    def kinds_of_tab(self, tab: str, *, with_form: bool = False) -> tuple[str, ...]:
        """Return the kinds of job that a tab shows; `with_form`: only those whose settings its form can restore."""
        described = {kind: one.describe() for kind, one in self.capabilities.items()}
        return tuple(kind for kind, one in described.items() if one.tab == tab and (one.has_form or not with_form))

    def estimate_accuracy(self) -> list[EstimateAccuracy]:
        """Return the run times measured on this machine, for all kinds of job, and how accurate their estimates were."""
        return estimate_accuracy(one.runtime_stats for one in self.capabilities.values())

    def _worker_host(self) -> WorkerPool:
        return WorkerPool(
            self.settings.workers,
            self.site,
            self.catalog,
            logs=self.paths.logs,
            options=PoolOptions(
                light_workers=self.settings.lanes.cpu_jobs,
                admit=self.memory.admit_load,
                reuse=self.memory.reuse,
                idle=self.idle,
                tell=self.memory.events.tell,
                observer=self.memory.observer,
                room_for_spares=self.memory.has_room_to_spare,
                gpu_bytes=self.memory.gpu_bytes,
                tolerance_gib=self.settings.memory.return_tolerance_gib,
            ),
        )

    def _comfyui(self) -> ComfyUIService:
        memory, settings = self.memory, self.settings
        comfyui = ComfyUIService(
            settings.comfyui,
            self.paths.logs,
            idle_seconds=settings.workers.idle_heavy_seconds,
            meter=MemoryMeter(gpu_bytes=memory.gpu_bytes, tolerance_gib=settings.memory.return_tolerance_gib),
            observer=memory.ledger,
        )
        comfyui.open()
        return comfyui

    def _memory_estimate(self, holder: str) -> MemoryEstimate:
        return {COMFYUI_ID: COMFYUI_ESTIMATE, SERVER_ID: SERVER_ESTIMATE}.get(holder) or self.catalog.get(holder).card

    def _speech_engines(self) -> list[str]:
        return [one.card.id for one in self.catalog.all() if one.card.capability is EngineKind.SPEECH]

    def _engine_terms(self, engine_id: str) -> LicenceTerms:
        engine = next((one for one in self.catalog.all() if one.card.id == engine_id), None)
        return UNKNOWN if engine is None else terms_of_card(engine.card)

    def _install_for_gpu(self) -> None:
        """Install the shared environment in the background where an NVIDIA GPU is found."""
        wanted = self.settings.environments.install_on_gpu and "install_environment" in self.capabilities
        if not wanted or self.memory.gpu() is None or not self.environments.wants_install(SHARED_ENVIRONMENT):
            return
        if any(job.spec.get("name") == SHARED_ENVIRONMENT for job in self.jobs.list(ACTIVE, ["install_environment"])):
            return
        try:
            self.jobs.submit("install_environment", {"name": SHARED_ENVIRONMENT})
        except GreenroomError as error:
            log.warning("The shared model environment is not installed: %s", error)

    def _prewarm_for(self, job: Job) -> None:
        """Import the libraries of a job's engine in a spare process while the job waits for another of its lane."""
        engine_id = job.spec.get("engine")
        if engine_id not in {engine.card.id for engine in self.catalog.all()}:
            return  # "auto", or a kind of job without one engine
        if any(other.lane == job.lane and other.id != job.id for other in self.jobs.list((JobState.LOADING, JobState.RUNNING))):
            self.workers.prepare(str(engine_id))

    def _housekeeper(self) -> None:
        housekeeper = MaintenanceTimer(
            {
                "list of jobs": self.jobs.prune,
                "rendered pieces": self.segments.prune,
                "library": self.disk.enforce_quota,
                "uploads": self.disk.remove_unused_uploads,
            }
        )
        self._parts.callback(housekeeper.close)
        housekeeper.start()


def engine_paths(settings: Settings, paths: DataPaths) -> EnginePaths:
    """Return the folders that engines use. The studio's own weights folder comes before those of the settings."""
    further = (HOME / folder.expanduser() for folder in settings.data.weights)
    return EnginePaths(
        assets=ASSETS,
        cache=paths.cache,
        weights=(paths.weights, *further),
        environments=paths.environments,
        fish_url=settings.engines.fish_url,
    )
