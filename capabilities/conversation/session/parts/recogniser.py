"""The studio's recogniser: a transcription engine, leased and warmed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capabilities.conversation.session.parts.part_thread import PartThread
from capabilities.conversation.session.parts.roles import Understood
from engines.contract import Engine, EngineOptions, Transcript
from media.audio.audio import Audio
from media.audio.voice_activity import RATE
from studio.workers.pool import WorkerPool

_PADDING = int(0.2 * RATE)
"""Silence around a stretch: recognisers leave out a word that begins with the first sample."""


class WorkerRecogniser:
    """See roles.RecogniserPart."""

    def __init__(
        self, workers: WorkerPool, engine: type[Engine], options: EngineOptions, language: str, waiting: Callable[[str], None]
    ) -> None:
        self.title, self._language = engine.card.title, language

        def opened(cancelled: Callable[[], bool], state: Callable[[str, str], None]) -> AbstractContextManager[Any]:
            return workers.lease(engine, options, cancelled=cancelled, on_state=state)

        self._thread: PartThread[Any] = PartThread("conversation recogniser", opened, waiting)

    async def open(self) -> None:
        await self._thread.open()
        await self.hear(np.zeros(RATE // 2, np.float32))  # the first call of a recogniser takes several times as long

    async def hear(self, samples: NDArray[np.float32]) -> Understood:
        silence = np.zeros(_PADDING, np.float32)
        sound = Audio(np.concatenate([silence, samples, silence])[:, None], RATE)
        found: Transcript = await self._thread.call(lambda engine: engine.transcribe(sound, self._language))
        doubtful = bool(found.segments) and all(one.doubt for one in found.segments)
        return Understood(found.text.strip(), found.language, doubtful)

    async def close(self) -> None:
        await self._thread.close()
