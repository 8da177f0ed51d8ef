"""A small but real kind of job: renders numbered pieces into the segment store and joins them into one file."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from media.audio.audio import Audio
from studio.artifacts.segments import SegmentStore
from studio.errors import InvalidInput
from studio.files import write_atomic
from studio.jobs.capability import CPU_LANE, Capability, JobContext
from studio.jobs.model import JobOutput

RATE = 8_000


class PiecesSpec(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    pieces: int = Field(3, ge=1, le=1000)
    seconds_each: float = Field(0.0, ge=0, le=60)
    lane: Literal["cpu", "gpu"] = "cpu"
    voice: str = ""


class Pieces(Capability[PiecesSpec]):
    """Every render is told to `log`, one line each; the file beside it is written whole at the end."""

    kind = "pieces"
    Spec = PiecesSpec

    def __init__(
        self, segments: SegmentStore, outputs: Path, before_piece: Callable[[JobContext, int], None] | None = None
    ) -> None:
        self.segments, self.outputs, self.before_piece = segments, outputs, before_piece
        self.log = outputs / "renders.log"
        self.running, self.most_at_once = 0, 0
        self._lock = threading.Lock()
        outputs.mkdir(parents=True, exist_ok=True)

    def prepare(self, spec: PiecesSpec) -> PiecesSpec:
        if spec.voice == "nobody":
            raise InvalidInput("voice.unknown", voice="nobody", suggestion="")
        return spec.model_copy(update={"voice": spec.voice or "chosen"})

    def title(self, spec: PiecesSpec) -> str:
        return spec.name

    def lane(self, spec: PiecesSpec) -> str:
        return spec.lane or CPU_LANE

    def run(self, spec: PiecesSpec, context: JobContext) -> list[JobOutput]:
        with self._lock:
            self.running += 1
            self.most_at_once = max(self.most_at_once, self.running)
        try:
            return self._run(spec, context)
        finally:
            with self._lock:
                self.running -= 1

    def _run(self, spec: PiecesSpec, context: JobContext) -> list[JobOutput]:
        (context.scratch / "begun").touch()
        keys = [self.segments.key({"name": spec.name, "voice": spec.voice, "piece": number}) for number in range(spec.pieces)]
        for number, key in enumerate(keys):
            context.progress(number / spec.pieces, f"Piece {number + 1} of {spec.pieces}")
            if self.before_piece is not None:
                self.before_piece(context, number)
            if self.segments.get(key) is None:
                self.segments.put(key, self._render(key, spec, context), {"piece": number})
                context.event("piece", number=number)
        path = self.outputs / f"{spec.name}.pcm"
        pieces = [self.segments.get(key) for key in keys]
        write_atomic(path, b"".join(piece.audio.samples.tobytes() for piece in pieces if piece is not None))
        context.progress(1.0, "Joined")
        return [JobOutput(spec.name, str(path), "audio")]

    def _render(self, key: str, spec: PiecesSpec, context: JobContext) -> Audio:
        self._tell(key)
        until = time.monotonic() + spec.seconds_each
        while time.monotonic() < until:
            context.check()
            time.sleep(0.005)
        seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
        return Audio(np.random.default_rng(seed).uniform(-1, 1, 400).astype(np.float32), RATE)

    def _tell(self, key: str) -> None:
        handle = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{key}\n".encode())
        os.close(handle)

    def rendered(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


def spec(name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"name": name, **fields}
