"""The smoother of portrait videos gives what pykalman 0.11 gives with upstream's settings; its figures were computed once."""

from __future__ import annotations

import numpy as np

from engines.faces.liveportrait.networks.smoothing import smoothed

SEEN = np.array([[0.0], [0.01], [0.0], [0.02], [0.01]])
BY_PYKALMAN = (0.00327271, 0.00654545, 0.00636363, 0.01254545, 0.01127273)
"""Process and observation variance 1e-5."""


def test_it_is_the_smoother_that_upstream_uses() -> None:
    assert np.allclose(smoothed(SEEN, 1e-5)[:, 0], BY_PYKALMAN, atol=1e-8)
    assert smoothed(SEEN[:1]).tolist() == [[0.0]]


def test_with_upstreams_variance_jitter_is_damped_and_motion_is_kept() -> None:
    rng = np.random.default_rng(0)
    path = np.sin(np.arange(200) / 10)[:, np.newaxis] * 0.1
    shaky = path + rng.normal(0, 5e-4, path.shape)
    smooth = smoothed(shaky)
    assert np.abs(np.diff(smooth, n=2, axis=0)).mean() < 0.97 * np.abs(np.diff(shaky, n=2, axis=0)).mean()
    assert np.abs(smooth - path).max() < 3e-3
