"""Random weights and inputs that come out the same everywhere: numpy's uniform numbers, seeded by each tensor's name.

So outputs of upstream's code on these weights can be recorded once, and our networks be compared with them without that code.
Needs torch: it runs in the model environment.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

FRAMES = 8


def numbers(name: str, *shape: int) -> NDArray[np.float32]:
    """-1 to 1."""
    return (np.random.default_rng(zlib.crc32(name.encode())).random(shape) * 2 - 1).astype(np.float32)


def weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """A state dict of these names and shapes; spectral normalisation gets a u, and the v that belongs to it."""
    state: dict[str, torch.Tensor] = {}
    for name, shape in shapes.items():
        last = name.rpartition(".")[2]
        if last == "num_batches_tracked":
            value: Any = np.array(1, np.int64)
        elif last == "running_var" or (last == "weight" and len(shape) == 1):
            value = 1 + 0.3 * numbers(name, *shape)
        elif last in ("running_mean", "bias", "beta", "gamma") or len(shape) == 1:
            value = 0.2 * numbers(name, *shape)
        else:
            value = numbers(name, *shape) * np.float32(np.sqrt(3 / np.prod(shape[1:])))
        state[name] = torch.from_numpy(np.asarray(value))
    for name in [name for name in shapes if name.endswith(".weight_orig")]:
        layer, matrix = name.removesuffix("_orig"), state[name].flatten(1).double()
        u = torch.nn.functional.normalize(torch.from_numpy(numbers(f"{layer}_u", len(matrix))).double(), dim=0)
        v = torch.nn.functional.normalize(matrix.T @ u, dim=0)
        u = torch.nn.functional.normalize(matrix @ v, dim=0)
        state[f"{layer}_u"], state[f"{layer}_v"] = u.float(), v.float()
    return state


def shapes_of(net: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in net.state_dict().items()}


def faces(side: int, count: int = FRAMES) -> NDArray[np.uint8]:
    """Smooth pictures that change from one to the next, [count, side, side, 3]."""
    y, x = np.mgrid[:side, :side] / side
    waves = [
        np.sin(6 * (x + 0.1 * at) + channel) * np.cos(5 * y - 0.2 * at * channel) for at in range(count) for channel in range(3)
    ]
    rounded = np.round((np.stack(waves).reshape(count, 3, side, side) * 0.5 + 0.5) * 255).astype(np.uint8)
    return np.ascontiguousarray(rounded.transpose(0, 2, 3, 1))


def key_points() -> tuple[torch.Tensor, torch.Tensor]:
    """One source's key points [1, 21, 3], and driving ones [FRAMES, 21, 3] that move away from it."""
    source = torch.from_numpy(0.6 * numbers("source", 1, 21, 3))
    reach = torch.linspace(0.01, 0.25, FRAMES)[:, None, None]
    return source, source + reach * torch.from_numpy(numbers("driving", FRAMES, 21, 3))


def speech(seconds: float) -> NDArray[np.float32]:
    """Tones with pauses, mono at 16 kHz."""
    time = np.arange(round(16_000 * seconds)) / 16_000
    return (0.3 * np.sin(2 * np.pi * (200 + 90 * np.sin(3 * time)) * time) * (np.sin(5 * time) > 0)).astype(np.float32)
