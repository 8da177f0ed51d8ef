"""A speech engine that does what its text says, well or badly, to show what the worker host does about it.

The text is a word and arguments: "say", "stream 5", "sleep 3", "deaf 30", "hold-gil 30", "signal SIGSEGV", "exit 3",
"hog", "garbage", "noise", "nan", "raise", …
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engines.contract import (
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    Licence,
    RunContext,
    Speech,
    SpeechRequest,
    SpeechTraits,
    Tier,
    TimedMark,
    option,
)
from engines.contract.errors import EngineError
from media.audio.audio import Audio

APACHE = Licence("Apache-2.0")
RATE = 16_000


class ProbeOptions(EngineOptions):
    level: float = option(0.5, "Level", "Peak of the tone.", ge=0, le=1)
    size: Literal["small", "large"] = option("small", "Size", "Which weights.", reload=True)
    load: str = option("", "Load", "What loading does instead of succeeding.")


class Probe(Engine):
    card = Card(
        id="probe", title="Probe", capability=EngineKind.SPEECH, summary="Does what it is told.", version="1",
        code_licence=APACHE, weights_licence=APACHE, tier=Tier.LIGHT, traits=SpeechTraits(sample_rate=RATE), longest_text=10_000,
        stall_seconds=3.0,
    )  # fmt: skip
    Options = ProbeOptions

    def load(self) -> None:
        assert isinstance(self.options, ProbeOptions)
        if self.options.load:
            self._do(self.options.load)
        sys.stdout.write("Probe is loaded\n")

    def synthesize(self, request: SpeechRequest) -> Any:
        return self._do(request.text)

    def stream(self, request: SpeechRequest) -> Iterator[Audio]:
        count = int(request.text.split()[1])
        for index in range(count):
            self.made = index + 1
            self.run.progress(index / count, f"part {index}")
            yield Audio(np.full(100, index / count, np.float32), RATE)

    def secret(self) -> str:
        return "not callable from outside"

    def _do(self, text: str) -> Any:
        word, *arguments = text.split(" ", 1)
        deeds: dict[str, Callable[..., Any]] = {
            "say": self._say, "sleep": self._sleep, "deaf": lambda seconds: time.sleep(float(seconds)),
            "hold-gil": _hold_gil, "compute": _compute, "stop": _stop,
            "signal": _die_by, "exit": lambda code: sys.exit(int(code)), "hog": lambda: _hog(self.run),
            "garbage": _write_garbage, "hang-up": _hang_up, "noise": _make_noise, "nan": _not_numbers, "raise": _raise,
            "refuse": _refuse, "thing": lambda: object(), "pid": lambda: os.getpid(), "level": self._level,
            "size": self._size, "child": _start_child, "big": _big, "secret-path": _fail_with_secrets,
            "tell": self._tell, "vanish": lambda: os._exit(0), "facts": _facts, "hold": self._hold,
            "length": len, "made": lambda: self.made, "loaded": lambda name: f"{os.getpid()} {name in sys.modules}",
        }  # fmt: skip
        return deeds[word](*arguments)

    def _say(self) -> Speech:
        tone = 0.5 * np.sin(np.arange(RATE // 10) * 0.1)
        marks = (TimedMark("word", 0.0, 0.1, 0, 4),)
        return Speech(Audio(tone.astype(np.float32), RATE), marks)

    def _sleep(self, seconds: str) -> None:
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            self.run.check()
            time.sleep(0.02)

    def _tell(self, steps: str) -> None:
        for step in range(int(steps)):
            self.run.progress((step + 1) / int(steps), f"step {step + 1}")
            time.sleep(0.06)

    def _level(self) -> float:
        return self.options.level  # type: ignore[attr-defined]

    def _size(self) -> str:
        return self.options.size  # type: ignore[attr-defined]

    def _hold(self, mebibytes: str) -> int:
        self.held = []
        for step in range(int(mebibytes) // 20):
            self.held.append(np.ones(20 << 17))
            self.run.progress(step / int(mebibytes), "taking memory")
        time.sleep(0.3)
        return sum(block.nbytes for block in self.held)


class HeavyProbe(Probe):
    card = Card(
        id="heavy-probe", title="Heavy probe", capability=EngineKind.SPEECH, summary="There is one of it.", version="1",
        code_licence=APACHE, weights_licence=APACHE, tier=Tier.HEAVY, idle_seconds=0.4, stall_seconds=5.0,
    )  # fmt: skip


class FarProbe(Probe):
    card = Card(
        id="far-probe", title="Far probe", capability=EngineKind.SPEECH, summary="Lives in an environment of its own.",
        version="1", code_licence=APACHE, weights_licence=APACHE, tier=Tier.LIGHT, environment="far",
    )  # fmt: skip


def _hold_gil(seconds: str) -> None:
    """PyDLL keeps the interpreter's lock, as a C extension in a hung kernel does."""
    ctypes.PyDLL(None).sleep(int(seconds))


def _compute() -> None:
    """One step of C code that takes hours and keeps the interpreter's lock."""
    sum(range(10**14))


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _die_by(name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))
    time.sleep(5)


def _hog(run: RunContext) -> None:
    """Under a limit of its own, so that the machine of the tests is safe."""
    limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + (200 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    hoard = []
    while True:
        hoard.append(np.ones(1 << 21))
        run.progress(0.5)


def _write_garbage() -> None:
    os.write(_pipe(), os.urandom(64) * 1024)
    time.sleep(10)


def _hang_up() -> None:
    os.close(_pipe())
    time.sleep(30)


def _pipe() -> int:
    return int(sys.argv[sys.argv.index("--fd") + 1])


def _make_noise() -> str:
    sys.stdout.write("a library prints\n")
    sys.stdout.flush()
    os.write(1, b"progress 1%\rprogress 2%\r" + b"\xff\xfe" * 50)
    os.write(2, b"x" * 3_000_000 + b"\n")
    return "still well"


def _not_numbers() -> Speech:
    """Past the constructor's check, as a bug in a library would."""
    sound = Audio(np.zeros(100, np.float32), RATE)
    object.__setattr__(sound, "samples", np.full((100, 1), np.nan, np.float32))
    return Speech(sound)


def _raise() -> None:
    raise ValueError("the tensor has the wrong shape")


def _fail_with_secrets() -> None:
    raise RuntimeError("cannot open /Users/someone/models/weights.bin with token=abcd1234efgh5678")


def _refuse() -> None:
    raise EngineError("speech.language-unknown", engine="Probe", language="tlh", languages=["en"], retryable=True)


def _start_child() -> int:
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    return pid


def _big() -> Any:
    return np.arange(12 << 20, dtype=np.float32)


def _facts() -> dict[str, Any]:
    score = int(Path("/proc/self/oom_score_adj").read_text())
    secrets = [name for name in os.environ if "TOKEN" in name or name.startswith("GREENROOM_")]
    return {
        "oom": score, "nice": os.nice(0), "leader": os.getpgrp() == os.getpid() == os.getsid(0),
        "secrets": secrets, "offline": os.environ.get("HF_HUB_OFFLINE"), "modules": sorted(sys.modules),
    }  # fmt: skip
