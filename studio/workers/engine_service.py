"""Engines for pages and programs: which there are, whether they are ready, and which are in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from engines.common.weights import missing_files
from engines.contract import Card, Engine, EngineKind, EngineOptions, EnginePaths, PresetVoice, Readiness
from media.messages.message import Message
from studio.validation import validated
from studio.workers.model import UnloadReport, WorkerState
from studio.workers.process.launch import environment_can_be_installed, environment_readiness, environment_size


class EngineCatalog(Protocol):
    """The part of the catalog that this service uses."""

    def all(self) -> list[type[Engine]]: ...

    def get(self, engine_id: str) -> type[Engine]:
        """Raises NotFound naming near matches."""
        ...


class EngineLoader(Protocol):
    """The part of the worker pool that this service uses."""

    def residency(self, engine_id: str) -> WorkerState: ...

    def load(self, engine_id: str) -> None: ...

    def unload(self, engine_id: str, *, force: bool = False) -> UnloadReport: ...


@dataclass(frozen=True)
class EngineStatus:
    """The present state of an engine.

    Args:
        readiness: one sentence, also if it is ready. next_step: what to do if it is not; else "".
        options_schema: the JSON schema of its options; each field says whether it is `common`, its `unit`, and whether changing
            it needs a `reload`.
        preset_voices: returns the voices that come with it, the default first; a function, because some engines read files for
            it.
    """

    card: Card
    ready: bool
    readiness: str
    next_step: str
    residency: WorkerState
    options_schema: dict[str, Any]
    preset_voices: Callable[[], tuple[PresetVoice, ...]]

    def as_dict(self) -> dict[str, Any]:
        """Return the engine as the public API gives it: a fixed set of keys that scripts depend on."""
        return {
            "id": self.card.id,
            "title": self.card.title,
            "capability": self.card.capability.value,
            "ready": self.ready,
            "readiness": f"{self.readiness} {self.next_step}".strip(),
            "residency": self.residency.value,
            "tier": self.card.tier.value,
            "environment": self.card.environment,
            "licence": licence_text(self.card),
            "commercial_use": self.card.commercial_use,
            "options": self.options_schema,
        }


class EngineService:
    """Reads cards and readiness, checks options, loads and unloads. Has no state; any thread may call any method."""

    def __init__(self, catalog: EngineCatalog, site: EnginePaths, loader: EngineLoader) -> None:
        self._catalog, self._site, self._loader = catalog, site, loader

    def statuses(self, capability: EngineKind | None = None) -> list[EngineStatus]:
        """Return all engines, or those of one capability, in the catalog's order."""
        engines = self._catalog.all()
        return [self._status(engine) for engine in engines if capability in (None, engine.card.capability)]

    def status(self, engine_id: str) -> EngineStatus:
        """Return one engine. Raises NotFound, with similar names."""
        return self._status(self._catalog.get(engine_id))

    def options(self, engine_id: str, values: Mapping[str, Any]) -> EngineOptions:
        """Check values as the options of an engine and fill in defaults.

        Raises:
            NotFound: no such engine. InvalidInput: names the first wrong key, its value and what is allowed.
        """
        return validated(self._catalog.get(engine_id).Options, values, "option")

    def load(self, engine_id: str) -> EngineStatus:
        """Load the engine with its default options, through the memory gate. Blocks until it is warm.

        Raises:
            NotFound, EngineNotReady, MemoryRefused, WorkerDied, and what the engine raised while loading.
        """
        self._loader.load(engine_id)
        return self.status(engine_id)

    def unload(self, engine_id: str, *, force: bool = False) -> UnloadReport:
        """End its workers and return how much memory was freed, as measured.

        Raises:
            NotFound; EngineError: it is working and `force` is not given.
        """
        return self._loader.unload(engine_id, force=force)

    def _status(self, engine: type[Engine]) -> EngineStatus:
        readiness = readiness_of(engine, self._site)
        return EngineStatus(
            engine.card,
            readiness.ready,
            readiness.sentence,
            readiness.next_step,
            self._loader.residency(engine.card.id),
            _schema(engine.Options),
            lambda: engine.preset_voices(self._site),
        )


@cache
def _schema(options: type[EngineOptions]) -> dict[str, Any]:
    """Return the JSON schema of options, cached: pages read every engine often, and a schema takes milliseconds to make."""
    return options.model_json_schema()


def readiness_of(engine: type[Engine], site: EnginePaths) -> Readiness:
    """Return whether an engine can work, with everything that is missing (environment, weights) and the one step that installs
    it. Pages, errors and the API all use this."""
    card = engine.card
    environment, own = environment_readiness(card, site), engine.readiness(site)
    if environment.ready:
        return own if own.ready or not missing_files(card, site) else Readiness(False, own.why, set_up_step(card))
    if environment_can_be_installed(card, site):
        size = environment_size(card, site)
        weights = "" if own.ready else own.why
        why = Message.of("environment.needed-and-shared", environment=environment.why, size=size, weights=weights)
        return Readiness(False, why, set_up_step(card))
    return environment


def set_up_step(card: Card) -> Message:
    """Return the next step for an engine that needs downloads: one button does all of them (capabilities/setup)."""
    return Message.of("environment.set-up-engine", engine=card.title)


def licence_text(card: Card) -> str:
    """Return the licence of code and weights, written once if they are the same."""
    code, weights = card.code_licence.name, card.weights_licence.name
    return code if code == weights else f"{code} (code), {weights} (weights)"
