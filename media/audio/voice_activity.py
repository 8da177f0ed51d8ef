"""Voice activity detection in a live sound with Silero VAD, 32 ms at a time.

The network is Silero VAD v6 (Silero Team, https://github.com/snakers4/silero-vad, MIT), in the file that the package
faster-whisper includes. Each window is evaluated with the 64 samples before it and the network's state.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
WINDOW = 512
"""Samples that are judged at once: 32 ms."""

_CONTEXT = 64
_STATE = (1, 1, 128)


def model_file() -> Path | None:
    """Return the network's file; None if faster-whisper is not installed or does not include it."""
    found = importlib.util.find_spec("faster_whisper")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "assets" / "silero_vad_v6.onnx"
    return path if path.is_file() else None


@cache
def _network() -> Any:
    """Load the network, once for all callers; it holds no state of a run.

    Raises:
        FileNotFoundError: the file does not exist.
    """
    import onnxruntime

    path = model_file()
    if path is None:
        raise FileNotFoundError("silero_vad_v6.onnx")
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"], sess_options=options)


class VoiceActivity:
    """The likelihood of speech, window by window. For one sound and one thread."""

    def __init__(self) -> None:
        self._network = _network()
        self._context: NDArray[np.float32] = np.zeros(_CONTEXT, np.float32)
        self._h: NDArray[np.float32] = np.zeros(_STATE, np.float32)
        self._c: NDArray[np.float32] = np.zeros(_STATE, np.float32)

    def likelihood(self, window: NDArray[np.float32]) -> float:
        """Return 0 to 1 for the next `WINDOW` samples, mono at `RATE`."""
        given = np.concatenate([self._context, window])[None].astype(np.float32)
        said, self._h, self._c = self._network.run(None, {"input": given, "h": self._h, "c": self._c})
        self._context = window[-_CONTEXT:]
        return float(np.asarray(said).reshape(-1)[0])


@dataclass(frozen=True)
class SpeechTiming:
    """When a stretch of speech begins and ends.

    Args:
        threshold: likelihood from which a window is speech; during speech, a window counts down to `hysteresis` below it.
        start: seconds of speech after which a stretch begins, so that a click is none.
        stop: seconds of silence after which it ends.
        before: seconds of sound before its beginning that belong to it.
    """

    threshold: float = 0.5
    hysteresis: float = 0.15
    start: float = 0.1
    stop: float = 0.6
    before: float = 0.3


@dataclass(frozen=True)
class Utterance:
    """A stretch of speech: its sound (float32, mono, `RATE`) and its beginning, in seconds from the first sample."""

    samples: NDArray[np.float32]
    start: float

    @property
    def duration(self) -> float:
        return self.samples.size / RATE


class UtteranceCutter:
    """Cuts a live sound into stretches of speech. For one thread."""

    def __init__(self, timing: SpeechTiming | None = None, longest: float = 30.0) -> None:
        self._timing, self._longest = timing or SpeechTiming(), longest
        self._activity = VoiceActivity()
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)
        self._kept: list[NDArray[np.float32]] = []
        self._loud = self._quiet = 0
        self._seen = 0
        self.speaking = False
        """Whether somebody speaks now."""

    def feed(self, samples: NDArray[np.float32]) -> list[Utterance]:
        """Return the utterances that ended within these samples (mono, `RATE`), usually none.

        One that exceeds the maximum length is returned as it is, and the rest follows as the next.
        """
        ended: list[Utterance] = []
        self._rest = np.concatenate([self._rest, samples.astype(np.float32, copy=False)])
        while self._rest.size >= WINDOW:
            window, self._rest = self._rest[:WINDOW], self._rest[WINDOW:]
            self._kept.append(window)
            self._seen += WINDOW
            if self._judged(window):
                ended.append(self._taken())
        return ended

    def finish(self) -> Utterance | None:
        """Return the unfinished utterance at the end of the sound; None if there is none."""
        return self._taken() if self.speaking else None

    def _judged(self, window: NDArray[np.float32]) -> bool:
        """Return whether an utterance ends with this window."""
        timing, likely = self._timing, self._activity.likelihood(window)
        if not self.speaking:
            self._loud = self._loud + 1 if likely >= timing.threshold else 0
            if self._loud * WINDOW >= timing.start * RATE:
                self.speaking, self._quiet = True, 0
            else:
                spare = round((timing.before + timing.start) * RATE / WINDOW)
                del self._kept[: max(0, len(self._kept) - spare)]
            return False
        self._quiet = 0 if likely >= timing.threshold - timing.hysteresis else self._quiet + 1
        return self._quiet * WINDOW >= timing.stop * RATE or len(self._kept) * WINDOW >= self._longest * RATE

    def _taken(self) -> Utterance:
        samples = np.concatenate(self._kept) if self._kept else np.zeros(0, np.float32)
        self._kept, self.speaking, self._loud, self._quiet = [], False, 0, 0
        return Utterance(samples, (self._seen - samples.size) / RATE)
