"""The choice of an engine that renders faces, and of its options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from capabilities.common.face_spec import AUTO
from engines.catalog import Catalog
from engines.common.devices import has_nvidia_gpu
from engines.contract import Device, Engine, EngineKind, EngineOptions, EnginePaths
from engines.contract.errors import EngineNotReady
from engines.contract.faces import FacesTraits
from studio.errors import InvalidInput
from studio.jobs.capability import CPU_LANE, GPU_LANE
from studio.validation import validated
from studio.workers.engine_service import readiness_of

ANALYSIS_ENGINE = "face-analysis"
"""The engine that finds faces, tracks mouths and measures results, whichever engine renders."""


def animates_videos(engine: type[Engine]) -> bool:
    """Return whether the engine takes a video as the portrait."""
    return engine.card.traits_of(FacesTraits).animates_videos


class RenderEngineSelector:
    """Chooses the engine and its options."""

    def __init__(self, catalog: Catalog, site: EnginePaths) -> None:
        self._catalog, self._site = catalog, site

    def choose(self, engine_id: str, method: str, fits: Callable[[type[Engine]], bool] = lambda engine: True) -> type[Engine]:
        """Return the requested engine; for "auto" the first ready one on a GPU if the machine has one, else the built-in.

        Args:
            fits: which engines "auto" prefers; another one if none of them is ready.

        Raises:
            NotFound, InvalidInput, EngineNotReady.
        """
        able = [engine for engine in self._catalog.of(EngineKind.FACES) if callable(getattr(engine, method, None))]
        if engine_id in ("", AUTO):
            ready = [engine for engine in able if readiness_of(engine, self._site).ready]
            on_gpu = has_nvidia_gpu()  # without a GPU, studio quality takes ten seconds a picture
            ready.sort(key=lambda engine: (engine.card.device is Device.CUDA) is not on_gpu)
            ready.sort(key=lambda engine: not fits(engine))
            if not ready:
                raise EngineNotReady("face.no-engine-ready")
            return ready[0]
        engine = self._catalog.get(engine_id)
        if engine not in able:
            names = ", ".join(one.card.id for one in able)
            raise InvalidInput("engine.cannot-do-this", engine=engine.card.title, able=names)
        return self._ready(engine)

    def analysis(self) -> type[Engine]:
        """Return the engine that detects, tracks and measures.

        Raises:
            NotFound, EngineNotReady.
        """
        return self._ready(self._catalog.get(ANALYSIS_ENGINE))

    def lane(self, engine_id: str, method: str) -> str:
        return GPU_LANE if self.choose(engine_id, method).card.device is Device.CUDA else CPU_LANE

    def _ready(self, engine: type[Engine]) -> type[Engine]:
        readiness = readiness_of(engine, self._site)
        if not readiness.ready:
            raise EngineNotReady("engine.not-ready", engine=engine.card.title, why=readiness.why, next_step=readiness.step)
        return engine

    @staticmethod
    def options(engine: type[Engine], given: dict[str, Any]) -> EngineOptions:
        return validated(engine.Options, given, "option")
