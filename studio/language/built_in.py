"""The built-in language model: an engine in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from engines.contract import ChatPiece, ChatRequest, Engine, EngineKind, EnginePaths, LanguageEngine
from studio.language.chat import Constraint
from studio.workers.engine_service import readiness_of


class LanguageCatalog(Protocol):
    """The part of the catalog that this module uses."""

    def of(self, capability: EngineKind) -> list[type[Engine]]: ...


def built_in_engine(catalog: LanguageCatalog, site: EnginePaths) -> tuple[type[Engine] | None, bool]:
    """Return the default language engine and whether it is ready: the first ready one, else the first of all."""
    engines = catalog.of(EngineKind.LANGUAGE)
    ready = next((one for one in engines if readiness_of(one, site).ready), None)
    return (ready or next(iter(engines), None)), ready is not None


class BuiltInModel:
    """A leased engine as a language model; see asking.LanguageModel. It always supports a schema."""

    def __init__(self, engine: LanguageEngine, name: str) -> None:
        self._engine, self.name, self.strictest = engine, name, Constraint.SCHEMA

    def chat(self, request: ChatRequest, constraint: Constraint, check: Callable[[], None]) -> Iterator[ChatPiece]:
        asked = request if constraint is Constraint.SCHEMA else replace(request, schema=None)
        for piece in self._engine.chat(asked):
            check()
            yield piece
