"""The pose of a head relative to another one: rotation, scale and translation, from points that do not move within the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.analysis import mesh_points as points


def alignment(moving: NDArray[np.float32], fixed: NDArray[np.float32]) -> tuple[NDArray, float, NDArray]:
    """Return rotation, scale and translation from a head's rigid points to another's (Kabsch algorithm with scale)."""
    rigid = list(points.RIGID)
    a, b = moving[rigid].astype(np.float64), fixed[rigid].astype(np.float64)
    middle_a, middle_b = a.mean(axis=0), b.mean(axis=0)
    a, b = a - middle_a, b - middle_b
    u, sizes, vt = np.linalg.svd(a.T @ b)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    turn = vt.T @ np.diag(signs) @ u.T
    scale = float((sizes * signs).sum() / max(1e-9, (a**2).sum()))
    return turn, scale, middle_b - scale * turn @ middle_a
