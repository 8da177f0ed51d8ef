"""The Kalman smoother that upstream applies to the motion of a portrait video (utils/filter.py), for values that do not interact.

Upstream uses pykalman with diagonal covariances, so each value is smoothed alone and all of them have the same gains.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OBSERVATION_VARIANCE = 3e-7
"""Upstream's driving_smooth_observation_variance."""
PROCESS_VARIANCE = 1e-5
_FIRST_VARIANCE = 1.0


def smoothed(
    values: NDArray[np.float64], observation: float = OBSERVATION_VARIANCE, process: float = PROCESS_VARIANCE
) -> NDArray[np.float64]:
    """Return the smoothed means of a random walk [n, ...] that was observed with noise (Rauch, Tung and Striebel, 1965)."""
    means = np.array(values, np.float64)
    variances, expected = np.empty(len(means)), np.empty(len(means))
    expected[:1] = _FIRST_VARIANCE
    for at in range(len(means)):
        if at:
            expected[at] = variances[at - 1] + process
            means[at] = means[at - 1]
        gain = expected[at] / (expected[at] + observation)
        means[at] += gain * (values[at] - means[at])
        variances[at] = (1 - gain) * expected[at]
    for at in range(len(means) - 2, -1, -1):
        means[at] += variances[at] / expected[at + 1] * (means[at + 1] - means[at])
    return means
