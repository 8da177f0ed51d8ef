"""How the tests ask a face engine through its worker, and look at what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.contract.faces import AnimateRequest, LipSyncRequest, MouthTrack, RenderedPart
from media.video.read import read_frames
from studio.workers.pool import WorkerPool
from tests.engines.faces.torch_engines.conftest import FPS
from tests.engines.faces.torch_engines.tiny import TinyCatalog

Pictures = NDArray[np.float32]


def mouth(opening: float, seconds: float = 2.0) -> MouthTrack:
    values = np.zeros((round(100 * seconds), 4), np.float32)
    values[:, 0] = opening
    return MouthTrack(values, "exact")


def speaking(face: Path, sound: Path, folder: Path, frames: int = 4, opening: float = 0.3, **wishes: Any) -> LipSyncRequest:
    folder.mkdir(exist_ok=True)
    request = LipSyncRequest(face, sound, mouth(opening), folder, FPS, frames, quality=100)
    return replace(request, **wishes)


def performing(portrait: Path, driving: Path, folder: Path, frames: int = 4, **wishes: Any) -> AnimateRequest:
    folder.mkdir(exist_ok=True)
    return replace(AnimateRequest(portrait, driving, folder, FPS, frames, quality=100), **wishes)


def made(
    host: WorkerPool, engine_id: str, request: LipSyncRequest | AnimateRequest, *,
    cancelled: Callable[[], bool] = lambda: False, on_progress: Callable[[float, str], None] = lambda fraction, note: None,
    **options: Any,
) -> tuple[list[RenderedPart], Pictures]:  # fmt: skip
    """The parts, and their pictures end to end."""
    engine = TinyCatalog().get(engine_id)
    with host.lease(engine, engine.Options(**options), cancelled=cancelled, on_progress=on_progress) as faces:
        method = faces.lip_sync if isinstance(request, LipSyncRequest) else faces.animate
        parts = list(method(request))
    return parts, np.concatenate([pictures_of(part.path) for part in parts])


def pictures_of(path: Path) -> Pictures:
    return np.stack([one.picture for one in read_frames(path, Fraction(*FPS))]).astype(np.float32)


def change(one: Pictures, other: Pictures) -> float:
    """The mean difference, in levels of 255."""
    return float(np.abs(one - other).mean())
