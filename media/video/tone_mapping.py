"""High dynamic range pictures (PQ, HLG; BT.2100) brought into the range and colours of usual screens (BT.709)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

PQ, HLG = 16, 18
HDR_CURVES = frozenset({PQ, HLG})
"""Transfer characteristics as ITU-T H.273 numbers them."""

_WHITE_NITS = 203.0
"""Diffuse white of HDR programmes (ITU-R BT.2408)."""
_PEAK = 1000.0 / _WHITE_NITS

_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)  # ITU-R BT.2087


def tone_mapped(frame: VideoFrame) -> NDArray[np.uint8]:
    """An HDR frame as RGB for usual screens: diffuse white and below as it is, highlights rolled off."""
    deep: Any = frame.reformat(format="rgb48le", src_colorspace=Colorspace.DEFAULT).to_ndarray()
    light = _linear(int(frame.color_trc))[deep >> 4]
    light = np.maximum(light @ _BT2020_TO_BT709.T, 0)
    brightest = light.max(axis=2, keepdims=True)
    light *= _rolled_off(brightest) / np.maximum(brightest, 1e-6)
    return _display()[np.minimum((light * 4095).astype(np.int32), 4095)]


def _rolled_off(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Extended Reinhard curve: about linear in the dark, 1 at the peak."""
    return np.clip(light * (1 + light / _PEAK**2) / (1 + light * 0.5), 0, 1)


@cache
def _linear(curve: int) -> NDArray[np.float32]:
    """Light relative to diffuse white for the 4096 code values of a curve."""
    code = np.arange(4096) / 4095
    if curve == PQ:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = code ** (1 / m2)
        light = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / _WHITE_NITS
    else:  # ARIB STD-B67, for a screen of 1000 nits
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
        light = 1000 * scene**1.2 / _WHITE_NITS
    return light.astype(np.float32)


@cache
def _display() -> NDArray[np.uint8]:
    """8-bit code values for light 0..1 in 4096 steps (sRGB curve)."""
    light = np.arange(4096) / 4095
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * code).astype(np.uint8)
