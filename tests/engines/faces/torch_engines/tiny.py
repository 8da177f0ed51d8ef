"""LivePortrait in small: the same engine and networks, with few channels and a smaller square."""

from __future__ import annotations

from typing import Any, ClassVar

from engines.contract import Engine
from engines.faces.liveportrait.engine import LivePortrait
from engines.faces.musetalk.engine import MuseTalk
from media.errors import NotFound

SIZES: dict[str, Any] = {
    "side": 64, "appearance_width": 4, "appearance_blocks": 1, "motion_channels": (8, 8, 16, 16),
    "motion_blocks": (1, 1, 2, 1), "hourglass_width": 4, "hourglass_most": 16, "hourglass_blocks": 3,
    "generator_inputs": 8, "generator_last": 4,
}  # fmt: skip


class TinyLivePortrait(LivePortrait):
    """Its weights are those that `build.liveportrait` writes."""

    sizes: ClassVar[dict[str, Any]] = SIZES


class TinyCatalog:
    """The two engines of these tests; MuseTalk reads its sizes from the settings beside its weights."""

    _engines: ClassVar[dict[str, type[Engine]]] = {"liveportrait": TinyLivePortrait, "musetalk": MuseTalk}

    def get(self, engine_id: str) -> type[Engine]:
        if engine_id not in self._engines:
            raise NotFound("engine.unknown", engine=engine_id, near=[], known=[])
        return self._engines[engine_id]

    def all(self) -> list[type[Engine]]:
        return list(self._engines.values())
