"""Conversion of high dynamic range (PQ, HLG; BT.2100) or wide colours (BT.2020) to standard range (BT.709)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

PQ, HLG = 16, 18
HDR_CURVES = frozenset({PQ, HLG})
"""Transfer characteristics as ITU-T H.273 numbers them."""

_WHITE_NITS = 203.0
"""Diffuse white of HDR programmes (ITU-R BT.2408)."""
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2
"""The screen that HLG is shown for, and its system gamma (ITU-R BT.2100)."""
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
"""Of BT.2020's primaries."""
_SCREEN_GAMMA = 2.4
"""Of usual video (ITU-R BT.1886)."""

_KNEE = 0.95
"""Of diffuse white: light up to here is kept as it is, all that is brighter shares the rest. White itself loses 1.8 %."""

_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)  # ITU-R BT.2087

_BT2020 = 9
"""The number of its primaries and of its matrix (ITU-T H.273, and libswscale)."""
_STEPS = 4095


def is_beyond(frame: VideoFrame) -> bool:
    """Return whether a frame needs `tone_mapped` for a standard screen."""
    return int(frame.color_trc) in HDR_CURVES or int(frame.color_primaries) == _BT2020


def tone_mapped(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return a frame as RGB for standard screens: diffuse white and below unchanged, highlights compressed, colours of BT.709."""
    curve = int(frame.color_trc)
    deep: Any = frame.reformat(format="rgb48le", src_colorspace=_BT2020).to_ndarray()
    light = _linear(curve)[deep >> 4]
    if curve == HLG:
        light *= _system_gamma(light @ _LUMINANCE)[..., np.newaxis]
    light = np.maximum(light @ _BT2020_TO_BT709.T, 0)
    if curve in HDR_CURVES:
        brightest = light.max(axis=2, keepdims=True)
        light *= _rolled_off(brightest) / np.maximum(brightest, 1e-6)
    return _display()[np.minimum((np.sqrt(light) * _STEPS + 0.5).astype(np.int32), _STEPS)]


def _rolled_off(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values unchanged up to the knee, then compressed smoothly towards 1 and never over it."""
    room = 1 - _KNEE
    over = _KNEE + room * (1 - np.exp(-np.maximum(light - _KNEE, 0) / room))
    return np.where(light > _KNEE, over, light).astype(np.float32)


def _system_gamma(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the factor from a scene's light to the screen's, by its luminance 0 to 1 (the OOTF of BT.2100)."""
    factor = _HLG_PEAK / _WHITE_NITS * np.power(np.maximum(scene, 1e-6), _HLG_GAMMA - 1)
    return np.asarray(factor, np.float32)


@cache
def _linear(curve: int) -> NDArray[np.float32]:
    """Return light for the 4096 code values of a curve: relative to diffuse white, or for HLG that of the scene, 0 to 1."""
    code = np.arange(4096) / 4095
    if curve == PQ:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = code ** (1 / m2)
        light = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / _WHITE_NITS
    elif curve == HLG:  # ARIB STD-B67
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    else:
        light = code**_SCREEN_GAMMA
    return light.astype(np.float32)


@cache
def _display() -> NDArray[np.uint8]:
    """Return 8-bit code values for the square roots of light 0 to 1: finer steps in the dark, where eyes distinguish them."""
    root = np.arange(_STEPS + 1) / _STEPS
    return np.round(255 * root ** (2 / _SCREEN_GAMMA)).astype(np.uint8)
