"""Engines as a person or a program asks for them: what there is, whether it can work, where it stands in memory."""

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
    """What is needed of the catalog."""

    def all(self) -> list[type[Engine]]: ...

    def get(self, engine_id: str) -> type[Engine]:
        """Raises NotFound naming near matches."""
        ...


class EngineLoader(Protocol):
    """What is needed of the worker host."""

    def residency(self, engine_id: str) -> WorkerState: ...

    def load(self, engine_id: str) -> None: ...

    def unload(self, engine_id: str, *, force: bool = False) -> UnloadReport: ...


@dataclass(frozen=True)
class EngineStatus:
    """One engine now.

    Args:
        readiness: one sentence, also when it is ready. next_step: what to do when it is not; else "".
        options_schema: the JSON schema of its options; each field says whether it is `common`, its `unit`, and whether
            changing it needs a `reload`.
        preset_voices: gives the voices that come with it, the default first; a call, because some read files for it.
    """

    card: Card
    ready: bool
    readiness: str
    next_step: str
    residency: WorkerState
    options_schema: dict[str, Any]
    preset_voices: Callable[[], tuple[PresetVoice, ...]]

    def as_dict(self) -> dict[str, Any]:
        """The engine as the public API promises it: a fixed set of keys that scripts depend on."""
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
    """Reads cards and readiness, checks options, loads and unloads. Holds no state of its own; safe from any thread."""

    def __init__(self, catalog: EngineCatalog, site: EnginePaths, loader: EngineLoader) -> None:
        self._catalog, self._site, self._loader = catalog, site, loader

    def statuses(self, capability: EngineKind | None = None) -> list[EngineStatus]:
        """All engines, or those of one capability, in the catalog's order."""
        engines = self._catalog.all()
        return [self._status(engine) for engine in engines if capability in (None, engine.card.capability)]

    def status(self, engine_id: str) -> EngineStatus:
        """Raises NotFound naming near matches."""
        return self._status(self._catalog.get(engine_id))

    def options(self, engine_id: str, values: Mapping[str, Any]) -> EngineOptions:
        """Values as the options of an engine, defaults filled in.

        Raises:
            NotFound: no such engine. InvalidInput: names the first wrong key, its value and what is allowed there.
        """
        return validated(self._catalog.get(engine_id).Options, values, "option")

    def load(self, engine_id: str) -> EngineStatus:
        """Have it warm, with its default options. Blocks until it is, through the memory gate.

        Raises:
            NotFound, EngineNotReady, MemoryRefused, WorkerDied, and what the engine raised while loading.
        """
        self._loader.load(engine_id)
        return self.status(engine_id)

    def unload(self, engine_id: str, *, force: bool = False) -> UnloadReport:
        """End its workers; what came back, measured.

        Raises:
            NotFound; EngineError: it is at work and `force` is not given.
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
    """Made once: pages look at every engine again and again, and a schema takes milliseconds."""
    return options.model_json_schema()


def readiness_of(engine: type[Engine], site: EnginePaths) -> Readiness:
    """Whether it can work, the one truth that pages, errors and the API tell: all that is missing, its environment and its
    weights, and the one step that brings both."""
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
    """The next step for an engine of which something is to be fetched: one button does all of it (capabilities/setup)."""
    return Message.of("environment.set-up-engine", engine=card.title)


def licence_text(card: Card) -> str:
    """The licence of code and weights, once when they are the same."""
    code, weights = card.code_licence.name, card.weights_licence.name
    return code if code == weights else f"{code} (code), {weights} (weights)"
