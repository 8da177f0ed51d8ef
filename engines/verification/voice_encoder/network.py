"""A small recurrent speaker encoder in numpy: 1.4 million weights, no torch.

Method: L. Wan et al., "Generalized End-to-End Loss for Speaker Verification", ICASSP 2018. Layers, features and weights are those
of Resemblyzer (github.com/resemble-ai/Resemblyzer, Apache-2.0); tests compare it with torch's layers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FRAME, HOP, BANDS = 400, 160, 40
LAYERS = 3
WINDOW_FRAMES = 160
"""The network's window: 1.6 seconds."""

STEP_FRAMES = 77
LEAST_COVERED = 0.75

Array = NDArray[np.float32]


class VoiceNetwork:
    """Three LSTM layers, then one linear layer.

    Args:
        weights: by torch's names (`lstm.weight_ih_l0`, `linear.bias` …).
    """

    def __init__(self, weights: Mapping[str, NDArray]) -> None:
        full = {name: np.asarray(value, np.float32) for name, value in weights.items()}
        self._layers = [
            (
                full[f"lstm.weight_ih_l{layer}"].T.copy(),
                full[f"lstm.weight_hh_l{layer}"].T.copy(),
                full[f"lstm.bias_ih_l{layer}"] + full[f"lstm.bias_hh_l{layer}"],
            )
            for layer in range(LAYERS)
        ]
        self._last, self._offset = full["linear.weight"].T.copy(), full["linear.bias"]

    def embed(self, windows: Array) -> Array:
        """Return one vector of length 1 for each window: [windows, 256] from [windows, frames, bands]."""
        heard = windows
        for into, onward, bias in self._layers:
            heard = _recurrent(heard, into, onward, bias)
        raw = np.maximum(heard[:, -1] @ self._last + self._offset, 0.0)
        return raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)


def windows_of(samples: Array) -> Array:
    """Return overlapping windows of the mel spectrogram of mono sound at 16 kHz, [windows, 160, 40]; at least one, padded with
    silence.
    """
    frames = samples.size // HOP + 1
    starts = list(range(0, max(1, frames - WINDOW_FRAMES + STEP_FRAMES + 1), STEP_FRAMES))
    if len(starts) > 1 and (samples.size / HOP - starts[-1]) / WINDOW_FRAMES < LEAST_COVERED:
        starts.pop()
    padded = np.pad(samples, (0, max(0, (starts[-1] + WINDOW_FRAMES) * HOP - samples.size)))
    spectrogram = mel_spectrogram(padded)
    return np.stack([spectrogram[start : start + WINDOW_FRAMES] for start in starts])


def mel_spectrogram(samples: Array) -> Array:
    """Return the power in 40 bands for each 10 ms, [frames, 40], without a logarithm."""
    padded = np.pad(samples.astype(np.float64), FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    return np.asarray(power @ _bands().T, np.float32)


def _recurrent(heard: Array, into: Array, onward: Array, bias: Array) -> Array:
    """Return the output of one LSTM layer, with gates in torch's order (input, forget, cell, output)."""
    width = onward.shape[0]
    given = heard @ into + bias
    state, memory = np.zeros((len(heard), width), np.float32), np.zeros((len(heard), width), np.float32)
    said = np.empty((*heard.shape[:2], width), np.float32)
    for step in range(heard.shape[1]):
        gates = given[:, step] + state @ onward
        opening = _sigmoid(gates)
        memory = opening[:, width : 2 * width] * memory + opening[:, :width] * np.tanh(gates[:, 2 * width : 3 * width])
        state = opening[:, 3 * width :] * np.tanh(memory)
        said[:, step] = state
    return said


def _sigmoid(values: Array) -> Array:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), np.float32)


def _bands() -> NDArray[np.float64]:
    """Return triangular filters on M. Slaney's mel scale (linear below 1 kHz, then logarithmic), each of the same area."""
    top = 15.0 + 27.0 * np.log(RATE / 2 / 1000.0) / np.log(6.4)
    mels = np.linspace(0.0, top, BANDS + 2)
    edges = np.where(mels < 15.0, mels * 200.0 / 3, 1000.0 * np.exp((mels - 15.0) * np.log(6.4) / 27.0))
    hertz = np.fft.rfftfreq(FRAME, 1 / RATE)
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]
