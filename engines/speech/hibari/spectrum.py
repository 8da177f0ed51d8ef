"""Waveform from the spectra that Hibari's network predicts, by one inverse short-time Fourier transform.

Per frame of 12.5 ms the network predicts magnitude and phase of a filter for the glottal pulses, the magnitude of noise, and
magnitude and phase of the residual. The formula is that of the model's own description (hibari-tts 0.2.1, "ONNX interface"): S =
exp(lh) exp(i pi tanh(theta)) E + exp(ln) Z + exp(lr) exp(i phi), where E is the spectrum of a pulse train at the predicted pitch
and Z complex Gaussian noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

RATE, HOP, WINDOW_LENGTH = 24_000, 300, 1_200
VOICED_FROM, HIGHEST_HARMONIC = 40.0, 11_000.0
"""Hz: below the first a frame has no pulses; harmonics above the second are left out."""

_LARGEST_LOG = 7.0
_SMALLEST_SINE = 2e-3
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_LENGTH) / WINDOW_LENGTH)).astype(np.float32)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Spectra:
    """The network's outputs: arrays [601, frames], and the pitch in Hz per frame, 0 for unvoiced ones."""

    pulse_log: Floats
    pulse_phase: Floats
    noise_log: Floats
    rest_log: Floats
    rest_phase: Floats
    pitch: Floats


def waveform(spectra: Spectra, noise: np.random.Generator) -> Floats:
    """Return mono sound at `RATE`, `HOP` samples per frame."""
    frames = len(spectra.pitch)
    spectrum = _transform(pulses(spectra.pitch), frames)
    spectrum *= _rotated(np.float32(np.pi) * np.tanh(spectra.pulse_phase), spectra.pulse_log)
    shape = spectra.noise_log.shape
    gaussian = noise.standard_normal((shape[0], 2 * shape[1]), dtype=np.float32).view(np.complex64)
    spectrum += gaussian * np.exp(np.minimum(spectra.noise_log, _LARGEST_LOG))
    spectrum += _rotated(spectra.rest_phase, spectra.rest_log)
    return _inverse(spectrum)


def pulses(pitch: Floats) -> Floats:
    """Return the sum of all harmonics of the pitch up to HIGHEST_HARMONIC, each at amplitude 1, in closed form; 0 if unvoiced."""
    frames = len(pitch)
    at = (np.arange(frames * HOP) + 0.5) / HOP - 0.5
    frequency = np.interp(at, np.arange(frames), pitch)
    voiced = frequency > VOICED_FROM
    frequency = np.maximum(frequency, VOICED_FROM)
    phase = 2 * np.pi * np.modf(np.cumsum(frequency) / RATE)[0]
    harmonics = np.floor(HIGHEST_HARMONIC / frequency)
    sine = 2 * np.sin(phase / 2)
    at_peak = np.abs(sine) <= _SMALLEST_SINE
    sum_of_all = np.sin((harmonics + 0.5) * phase) / np.where(at_peak, 1, sine)
    return (np.where(at_peak, harmonics + 0.5, sum_of_all) - 0.5).astype(np.float32) * voiced


def _rotated(phase: Floats, log_magnitude: Floats) -> NDArray[np.complex64]:
    turned = np.empty(phase.shape, np.complex64)
    np.cos(phase, out=turned.real)
    np.sin(phase, out=turned.imag)
    turned *= np.exp(np.minimum(log_magnitude, _LARGEST_LOG))
    return turned


def _transform(sound: Floats, frames: int) -> NDArray[np.complex64]:
    """Return the centred short-time spectrum, [bins, frames], scaled so that a unit cosine has the window's gain."""
    padded = np.pad(sound, WINDOW_LENGTH // 2, mode="reflect" if len(sound) > WINDOW_LENGTH // 2 else "constant")
    windows = sliding_window_view(padded, WINDOW_LENGTH)[::HOP][:frames] * (_WINDOW / (WINDOW_LENGTH / 4))
    return np.ascontiguousarray(fft.rfft(windows, axis=1).T)


def _inverse(spectrum: NDArray[np.complex64]) -> Floats:
    """Return the overlap-add of the windowed frames, divided by the sum of the squared windows, without the padding."""
    frames, overlap = spectrum.shape[1], WINDOW_LENGTH // HOP
    windows = (fft.irfft(spectrum.T, n=WINDOW_LENGTH, axis=1) * _WINDOW).reshape(frames, overlap, HOP)
    squared = (_WINDOW * _WINDOW).reshape(overlap, HOP)
    sound = np.zeros((frames + overlap - 1, HOP), np.float32)
    weight = np.zeros_like(sound)
    for shift in range(overlap):
        sound[shift : shift + frames] += windows[:, shift]
        weight[shift : shift + frames] += squared[shift]
    sound /= np.maximum(weight, 1e-11)
    return np.asarray(sound.reshape(-1)[WINDOW_LENGTH // 2 :][: frames * HOP], np.float32)
