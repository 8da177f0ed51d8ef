"""The Flite program as WebAssembly: compiled once for this machine, run in a sandbox for each text.

A run sees one private temporary folder and nothing else: no network, no environment, no other file.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import platform
import tempfile
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import wasmtime
from numpy.typing import NDArray

from engines.contract.errors import EngineError, EngineNotReady

MEMORY_LIMIT = 1 << 30
"""Bytes that one run may grow to; 2,000 characters in the hungriest voice take about a tenth."""


@dataclass(frozen=True)
class Phone:
    """A sound segment by its ARPAbet name, "pau" for a pause; `end` is in seconds from the start of its utterance."""

    name: str
    end: float


@dataclass(frozen=True)
class FliteResult:
    """What one run made: samples, and the phones of each utterance (Flite speaks a text sentence by sentence)."""

    samples: NDArray[np.int16]
    rate: int
    utterances: tuple[tuple[Phone, ...], ...]


class FliteProgram:
    """A compiled Flite. Loading it takes a second the first time and some 50 ms from then on; a run is a fresh instance,
    so all of its memory is freed.

    Args:
        packed: the xz-packed .wasm file.
        cache: folder for the compiled code; may be emptied at any time.

    Raises:
        EngineNotReady: when the packed file is missing or damaged.
    """

    def __init__(self, packed: Path, cache: Path) -> None:
        self._engine = wasmtime.Engine()
        self._module = _module(self._engine, packed, cache)
        self._linker = wasmtime.Linker(self._engine)
        self._linker.define_wasi()

    def speak(self, text: str, voice: str, features: Mapping[str, float]) -> FliteResult:
        """Speak ASCII text. `features` are Flite's own, as its --setf takes them.

        Raises:
            EngineError: when the program fails or makes no sound.
        """
        settings = [word for name, value in features.items() for word in ("--setf", f"{name}={value:g}")]
        with tempfile.TemporaryDirectory(prefix="greenroom-flite-") as name:
            folder = Path(name)
            printed = self._run(folder, text, ["-voice", voice, "-psdur", *settings, "-o", "/box/speech.wav"])
            samples, rate = _read_wav(folder / "speech.wav")
        return FliteResult(samples, rate, tuple(_utterance(line) for line in printed.splitlines() if line.strip()))

    def phones(self, paragraphs: list[str], voice: str) -> list[list[str]]:
        """The phones of each paragraph spoken on its own, without pauses; no sound is kept."""
        with tempfile.TemporaryDirectory(prefix="greenroom-flite-") as name:
            printed = self._run(Path(name), "\n\n".join(paragraphs), ["-voice", voice, "-ps", "-o", "none"])
        return [[phone for phone in line.split() if phone != "pau"] for line in printed.splitlines() if line.strip()]

    def _run(self, folder: Path, text: str, arguments: list[str]) -> str:
        # By file, not by argument: a text may begin with a dash. Without a last newline Flite drops a lone last word.
        (folder / "text.txt").write_text(text + "\n", encoding="ascii")
        config = wasmtime.WasiConfig()
        config.argv = ["flite", *arguments, "-f", "/box/text.txt"]
        config.preopen_dir(str(folder), "/box")
        config.stdout_file = str(folder / "printed.txt")
        with wasmtime.Store(self._engine) as store:
            store.set_limits(memory_size=MEMORY_LIMIT)
            store.set_wasi(config)
            start = self._linker.instantiate(store, self._module).exports(store)["_start"]
            try:
                start(store)  # type: ignore[operator]
            except wasmtime.ExitTrap as trap:
                if trap.code != 0:
                    raise EngineError("flite.failed", status=trap.code) from None
            except (wasmtime.Trap, wasmtime.WasmtimeError):
                raise EngineError("flite.stopped") from None
        return (folder / "printed.txt").read_text(encoding="ascii", errors="replace")


def _utterance(line: str) -> tuple[Phone, ...]:
    pairs = (word.rpartition(":") for word in line.split())
    return tuple(Phone(name, float(end)) for name, _, end in pairs)


def _read_wav(path: Path) -> tuple[NDArray[np.int16], int]:
    try:
        with wave.open(str(path), "rb") as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()
    except (OSError, EOFError, wave.Error):
        raise EngineError("flite.no-sound") from None


def _module(engine: wasmtime.Engine, packed: Path, cache: Path) -> wasmtime.Module:
    """The compiled program: from the cache where that is whole and fits this wasmtime and machine, else made anew."""
    try:
        source = packed.read_bytes()
    except OSError:
        raise EngineNotReady("flite.file-missing", file=packed.name) from None
    key = hashlib.sha256(source).hexdigest()[:16]
    compiled = cache / f"flite-{key}-wasmtime-{version('wasmtime')}-{platform.machine()}.cwasm"
    kept = _kept(engine, compiled)
    if kept is not None:
        return kept
    try:
        module = wasmtime.Module(engine, lzma.decompress(source))
    except (lzma.LZMAError, wasmtime.WasmtimeError):
        raise EngineNotReady("flite.file-damaged", file=packed.name) from None
    _keep(module.serialize(), compiled)
    return module


def _kept(engine: wasmtime.Engine, compiled: Path) -> wasmtime.Module | None:
    """The digest guards what wasmtime does not check: damaged machine code would run."""
    try:
        digest, code = compiled.with_suffix(".sha256").read_text(), compiled.read_bytes()
        if hashlib.sha256(code).hexdigest() != digest.strip():
            return None
        return wasmtime.Module.deserialize(engine, code)
    except (OSError, UnicodeDecodeError, wasmtime.WasmtimeError):
        return None


def _keep(code: bytearray, compiled: Path) -> None:
    """Write the compiled code whole or not at all; a cache that cannot be written costs time, nothing else."""
    digest = hashlib.sha256(code).hexdigest().encode()
    try:
        compiled.parent.mkdir(parents=True, exist_ok=True)
        for path, content in ((compiled, code), (compiled.with_suffix(".sha256"), digest)):
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            fresh.write_bytes(content)
            fresh.replace(path)
    except OSError:
        return
