"""Idle motion of a still face while it speaks: occasional blinks and slight movements of the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.faces.common.head_motion import HeadPose

_BLINK_TIMES = (0.0, 0.04, 0.08, 0.12, 0.18, 0.26)
"""Seconds from a blink's beginning."""
_BLINK_CLOSED = (0.0, 0.45, 1.0, 1.0, 0.55, 0.0)
_FIRST, _SHORTEST, _LONGEST = 1.1, 2.2, 4.8


class IdleMotion:
    """Blinks and head movements of one clip by a seed; the value at any time is independent of earlier ones.

    Args:
        motion: 0 to 2, amplitude of the head's movement; 0 keeps it still.
    """

    def __init__(self, seconds: float, seed: int, blinks: bool, motion: float) -> None:
        random = np.random.default_rng(seed + 1)
        self._starts = np.array(_blink_times(seconds, random) if blinks else [])
        self._phases = random.uniform(0, 2 * np.pi, 8)
        self._motion = motion

    def blink(self, time: float) -> float:
        if not len(self._starts):
            return 0.0
        since = time - self._starts[np.searchsorted(self._starts, time, side="right") - 1]
        return float(np.interp(since, _BLINK_TIMES, _BLINK_CLOSED, left=0, right=0)) if since >= 0 else 0.0

    def pose(self, time: float, energy: float) -> HeadPose:
        """Return the pose of the head; `energy` 0 to 1 is the loudness of the speech at that time."""
        if self._motion <= 0:
            return HeadPose()
        amount, phase = self._motion * min(1.0, time / 0.6), self._phases

        def wave(slow: float, quick: float, at: int) -> float:
            turn = 2 * np.pi * time
            return float(slow * np.sin(0.23 * turn + phase[at]) + quick * np.sin(0.41 * turn + phase[at + 1]))

        return HeadPose(
            yaw=amount * wave(0.042, 0.026, 0),
            pitch=amount * (wave(0.018, 0.012, 2) - 0.022 * energy),
            roll=amount * wave(0.010, 0.007, 4),
            down=amount * 0.010 * float(np.sin(2 * np.pi * 0.25 * time + phase[6])),
        )


def energy_of(openings: NDArray[np.float32], rate: float) -> NDArray[np.float32]:
    """Return the activity of a mouth around each of its values, 0 to 1, over about half a second."""
    width = max(1, round(0.5 * rate))
    smooth = np.convolve(np.pad(openings, (width // 2, width - 1 - width // 2), mode="edge"), np.ones(width) / width, "valid")
    return np.clip(smooth / 0.2, 0, 1).astype(np.float32)


def _blink_times(seconds: float, random: np.random.Generator) -> list[float]:
    times, at = [], _FIRST
    while at < seconds - 0.4:
        times.append(at)
        at += float(random.uniform(_SHORTEST, _LONGEST))
    return times
