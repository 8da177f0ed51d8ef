"""F5-TTS, VoxCPM2 and Whisper in full size on this machine's GPU: load, real-time factor alone and in batches, peak, unload.

    python -m bench.engines.models [ENGINE …] [--tiny]

Weights are random (bench.engines.full_size_weights writes them, nothing is downloaded), so what is spoken or written down is
noise; a step costs the same. They run in the studio's own workers. Where there is no NVIDIA GPU nothing is measured, unless
--tiny tries
the bench itself with the tests' small weights on the processor.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from engines.catalog import Catalog
from engines.contract import Engine, EngineOptions, EnginePaths, SpeakingVoice, SpeechRequest
from engines.transcription.whisper_transformers.engine import WhisperTransformersOptions
from media.audio.audio import Audio, concatenate
from media.audio.decode import decode_audio
from studio.environments import EnvironmentManager
from studio.memory.machine.gpu import NvmlProbe
from studio.settings import HOME, WorkerSettings, load_settings
from studio.workers.model import SilentObserver, UnloadReport
from studio.workers.pool import WorkerPool
from studio.workers.pool_options import PoolOptions

ENGINES = ("f5-tts", "voxcpm2", "whisper-gpu")
CLIP = HOME / "assets" / "voices" / "LJ001-0005.wav"
SAID = (
    "the invention of movable metal letters in the middle of the fifteenth century may justly be considered as the invention of "
    "the art of printing."
)
TEXT = "The house stood on a hill and was empty, and the road to the station was long and cold."
BATCH = 8
ROUNDS = 3
RANDOM = {
    "f5-tts": "weights random; 32 steps; what is said is as long as its text and clip make it, as with real ones",
    "voxcpm2": "weights random, no stop: it speaks to the end that the studio sets; 10 steps",
    "whisper-gpu": "weights random (large-v3-turbo); each piece is written down to 24 tokens, where speech has 60 to 90",
}


@dataclass
class Books(SilentObserver):
    """The host's memory figures by kind, in GiB, and the seconds of the load."""

    told: dict[str, float] = field(default_factory=dict)

    def on_loaded(self, engine_id: str, pid: int, resident_gib: float, seconds: float) -> None:
        self.told |= {"loaded": resident_gib, "load": seconds}

    def on_peak(self, engine_id: str, pid: int, peak_gib: float, variant: str = "") -> None:
        self.told["peak"] = max(peak_gib, self.told.get("peak", 0.0))

    def on_returned(self, engine_id: str, pid: int, report: UnloadReport) -> None:
        self.told["returned"] = report.returned_gib


def main() -> int:
    """1 when something could not be measured."""
    parser = argparse.ArgumentParser(description="Time full-size models with random weights on the GPU.")
    parser.add_argument("engines", nargs="*", default=[], help=f"of {', '.join(ENGINES)}; all when none is named")
    parser.add_argument("--tiny", action="store_true", help="try the bench itself, with small weights and without a GPU")
    given = parser.parse_args()
    gpu = _probe().facts()
    environments = Path(os.environ.get("MODEL_ENVIRONMENTS") or load_settings().data_folder / "environments").absolute()
    status = EnvironmentManager(environments).status("models")
    if gpu is None and not given.tiny:
        print("Not measured: this machine has no NVIDIA GPU.")
        return 0
    if not status.ready:
        print(f"Not measured: {status.sentence} {status.next_step}")
        return 0
    where = gpu.name if gpu is not None else "the processor (tiny weights: figures mean nothing)"
    print(f"On {where}; real-time factor is seconds of work for a second of sound\n")
    print("| engine | load s | loaded GiB | RTF, 1 | RTF, batch | peak GiB | unload s | returned GiB | what was random |")
    print("| --- " * 9 + "|")
    for engine in given.engines or ENGINES:
        with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
            print(measured(engine, Path(folder), environments, tiny=given.tiny), flush=True)
    return 0


def measured(engine_id: str, folder: Path, environments: Path, *, tiny: bool) -> str:
    """One row of the table."""
    _write_weights(engine_id, folder / "weights", environments, tiny=tiny)
    with _host(folder, environments) as (host, books):
        engine = Catalog().get(engine_id)
        rounds, batch_size = (1, 2) if tiny else (ROUNDS, BATCH)
        options, alone, together = WORK[engine_id](engine, batch_size)
        with host.lease(engine, options) as leased:
            alone(leased)  # the first call chooses kernels and compiles
            one = _real_time_factor(alone, leased, rounds)
        many = None
        if together is not None:
            with host.lease(engine, options) as leased:
                together(leased)
                many = _real_time_factor(together, leased, rounds)
        began = time.perf_counter()
        host.unload(engine_id)
        unload = time.perf_counter() - began
    told = books.told
    batch = "no batches" if many is None else f"{many:.3f}"
    return (
        f"| {engine_id} | {told['load']:.1f} | {told['loaded']:.2f} | {one:.3f} | {batch} | {told['peak']:.2f} | {unload:.2f} "
        f"| {told['returned']:+.2f} | {RANDOM[engine_id]} |"
    )


Work = Callable[[Any], float]
"""Asks a leased engine for something; gives the seconds of sound that it was about."""


def _speaking(engine: type[Engine], batch_size: int) -> tuple[EngineOptions, Work, Work | None]:
    voice = SpeakingVoice(reference=CLIP, transcript=SAID)
    options = engine.Options()

    def alone(leased: Any) -> float:
        return float(leased.synthesize(SpeechRequest(TEXT, voice, seed=1)).audio.duration)

    def together(leased: Any) -> float:
        requests = [SpeechRequest(TEXT, voice, seed=number) for number in range(batch_size)]
        return float(sum(made.audio.duration for made in leased.synthesize_batch(requests)))

    return options, alone, together if hasattr(engine, "synthesize_batch") else None


def _listening(engine: type[Engine], batch_size: int) -> tuple[EngineOptions, Work, Work | None]:
    clip = decode_audio(CLIP)
    many = concatenate([clip] * (4 * batch_size))
    piece = clip.slice(0, 8.0)

    def hear(leased: Any, sound: Audio) -> float:
        leased.transcribe(sound, "en")
        return sound.duration

    options = WhisperTransformersOptions(size="large-v3-turbo", batch_size=batch_size)
    return options, lambda leased: hear(leased, piece), lambda leased: hear(leased, many)


WORK = {"f5-tts": _speaking, "voxcpm2": _speaking, "whisper-gpu": _listening}


def _real_time_factor(work: Work, leased: Any, rounds: int) -> float:
    """The best of some rounds: what disturbs only ever adds."""
    factors: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        sound = work(leased)
        factors.append((time.perf_counter() - began) / sound)
    return min(factors)


def _write_weights(engine_id: str, folder: Path, environments: Path, *, tiny: bool) -> None:
    python = environments / "models" / "bin" / "python"
    size: Sequence[str] = ["--tiny"] if tiny else []
    command = [str(python), "-m", "bench.engines.full_size_weights", str(folder), *size, engine_id]
    variables = {**os.environ, "PYTHONPATH": str(HOME), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=HOME, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"The weights of {engine_id} could not be written: {done.stderr[-1500:]}")


def _probe() -> NvmlProbe:
    return NvmlProbe(lambda: int(psutil.virtual_memory().total))


@contextmanager
def _host(folder: Path, environments: Path) -> Iterator[tuple[WorkerPool, Books]]:
    probe, books = _probe(), Books()

    def gpu_bytes(pid: int) -> int:
        facts = probe.facts()
        return 0 if facts is None else facts.process_bytes.get(pid, 0)

    site = EnginePaths(HOME / "assets", folder / "cache", (folder / "weights",), environments)
    settings = WorkerSettings(start_seconds=600, heartbeat_seconds=120)
    host = WorkerPool(settings, site, Catalog(), logs=folder / "logs", options=PoolOptions(observer=books, gpu_bytes=gpu_bytes))
    try:
        yield host, books
    finally:
        host.close()


if __name__ == "__main__":
    sys.exit(main())
