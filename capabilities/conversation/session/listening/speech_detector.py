"""Where the person speaks, window by window, on the session's clock."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.audio.voice_activity import RATE, WINDOW, VoiceActivity

Likelihood = Callable[[NDArray[np.float32]], float]
"""How likely it is that somebody speaks in the next `WINDOW` samples, 0 to 1."""

HYSTERESIS = 0.15
"""What is so much below the threshold still goes on with speech."""

SPARE = 4
"""Windows more than asked for that are kept from before speech: those in which it was not yet sure to be speech."""


@dataclass(frozen=True)
class JudgedWindow:
    """`WINDOW` samples of the person's sound.

    Args:
        at: its first sample on the session's clock. likely: that it is speech. speech: whether it counts as such.
        quiet: how many windows without speech have passed by now. loud: how many with speech in a row.
    """

    at: int
    samples: NDArray[np.float32]
    likely: float
    speech: bool
    loud: int
    quiet: int

    @property
    def end(self) -> int:
        return self.at + WINDOW


class SpeechDetector:
    """Cuts sound into windows and judges each. For one session; `before` holds the last windows.

    Args:
        prefix: seconds from before speech that `prefix_of` gives.
    """

    def __init__(self, threshold: float, likelihood: Likelihood | None = None, *, prefix: float = 0.3) -> None:
        self.threshold = threshold
        self._likelihood = likelihood or VoiceActivity().likelihood
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)
        self._loud = self._quiet = 0
        self.before: deque[JudgedWindow] = deque()
        self.adapt(threshold, prefix)

    def adapt(self, threshold: float, prefix: float) -> None:
        """Judge by this threshold, and keep so many seconds, from now on."""
        self.threshold, self._prefix = threshold, math.ceil(prefix * RATE / WINDOW)
        self.before = deque(self.before, maxlen=self._prefix + SPARE)

    def prefix_of(self, begun: int) -> list[JudgedWindow]:
        """What lies before the present window of speech whose last `begun` windows belong to it already, and these."""
        kept = self._prefix + begun
        return list(self.before)[-kept:] if kept else []

    def feed(self, samples: NDArray[np.float32], end: int) -> Iterator[JudgedWindow]:
        """The windows that are whole by now; `end`: where these samples end on the session's clock."""
        self._rest = np.concatenate([self._rest, samples])
        start = end - self._rest.size
        while self._rest.size >= WINDOW:
            window, self._rest = self._rest[:WINDOW], self._rest[WINDOW:]
            judged = self._judged(window, start)
            start += WINDOW
            yield judged
            self.before.append(judged)

    def _judged(self, window: NDArray[np.float32], at: int) -> JudgedWindow:
        likely = self._likelihood(window)
        speech = likely >= (self.threshold - HYSTERESIS if self._loud else self.threshold)
        self._loud = self._loud + 1 if speech else 0
        self._quiet = 0 if speech else self._quiet + 1
        return JudgedWindow(at, window, likely, speech, self._loud, self._quiet)
