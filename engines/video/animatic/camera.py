"""Slow camera moves over painted layers or over one picture; near layers move more than far ones (parallax)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from engines.video.animatic.canvas import Layer
from media.video.read import Picture

OVERSCAN = 1.14
"""How much larger than the picture the layers are painted, so that the camera can move."""

_ZOOMS = {"push in": (1.0, 1.11), "pull out": (1.11, 1.0), "still": (1.03, 1.04)}
_PANS = {"pan left": (0.045, -0.045), "pan right": (-0.045, 0.045)}


class Camera:
    """Renders layers of one size to frames of another.

    Not for use by two threads at once: it draws into its own buffers.

    Args:
        layers: farthest first; the first covers the whole frame.
        strength: range of the movement; 1 is the usual range.
    """

    def __init__(self, layers: Sequence[Layer], size: tuple[int, int], move: str, strength: float = 1.0) -> None:
        self._layers, self._size = layers, size
        self._sheets = [_sheet(layer) for layer in layers]
        self._zoom = _ZOOMS.get(move, (1.045, 1.06))
        self._pan = _PANS.get(move, (0.012, -0.012))
        self._rise = (0.03, -0.02) if move == "rise" else (0.0, 0.0)
        self._strength = strength
        self._shown, self._seen, self._kept = (np.empty((size[1], size[0], 4), np.uint8) for _ in range(3))

    def picture(self, moment: float, into: Picture | None = None) -> Picture:
        """Return the frame at a moment from 0 to 1, drawn into `into` if given."""
        eased = moment * 0.72 + 0.28 * moment * moment * (3 - 2 * moment)
        placed = [(layer, self._view(layer, eased)) for layer in self._layers]
        hidden, limits = self._size[1], []
        for layer, view in reversed(placed):
            limits.append(hidden)
            hidden = min(hidden, _covers_from(layer, view))
        for (layer, view), sheet, limit in zip(placed, self._sheets, reversed(limits), strict=True):
            self._over(layer, sheet, view, limit)
        picture: Picture = cv2.cvtColor(self._shown, cv2.COLOR_RGBA2RGB, into)
        return picture

    def _view(self, layer: Layer, eased: float) -> np.ndarray:
        """Return the affine map from a layer to the frame."""
        width, height = self._size
        wide, tall = layer.canvas
        amount = (0.2 + 0.8 * layer.depth) * self._strength
        zoom = 1 + (self._zoom[0] + (self._zoom[1] - self._zoom[0]) * eased - 1) * amount
        across = (self._pan[0] + (self._pan[1] - self._pan[0]) * eased) * amount * width
        down = (self._rise[0] + (self._rise[1] - self._rise[0]) * eased) * amount * height
        scale = zoom * max(width / wide, height / tall) * (1 + (OVERSCAN - 1) * 0.72 * self._strength)
        left = min(0.0, max(width - scale * wide, width / 2 - scale * wide / 2 + across))
        top = min(0.0, max(height - scale * tall, height * 0.55 - scale * tall * 0.55 + down))
        return np.array([[scale, 0, left], [0, scale, top]], np.float64)

    def _over(self, layer: Layer, sheet: Picture, view: np.ndarray, height: int) -> None:
        """Draw a layer down to the row from which nearer layers cover everything."""
        width, shown = self._size[0], self._shown
        if height <= 0:
            return
        if layer.alpha is None:
            _moved(sheet, view, shown[:height])
            return
        scale = view[0, 0]
        left, top = scale * layer.left + view[0, 2], scale * layer.top + view[1, 2]
        whole = layer.rgb.shape[1] == layer.canvas[0]
        x, y = 0 if whole else max(0, int(left)), max(0, int(top))
        right = width if whole else min(width, int(left + scale * layer.rgb.shape[1]) + 1)
        low = height if layer.solid < len(layer.rgb) else min(height, int(top + scale * len(layer.rgb)) + 1)
        if right <= x or low <= y:
            return
        solid = max(y, min(low, int(top + scale * layer.solid) + 3))
        if low > solid:
            _moved(sheet, np.array([[scale, 0, left - x], [0, scale, top - solid]]), shown[solid:low, x:right])
        if solid > y:
            seen, kept = self._seen[: solid - y, : right - x], self._kept[: solid - y, : right - x]
            _moved(sheet, np.array([[scale, 0, left - x], [0, scale, top - y]]), seen)
            cv2.cvtColor(cv2.extractChannel(seen, 3), cv2.COLOR_GRAY2RGBA, kept)
            under = shown[y:solid, x:right]
            cv2.multiply(under, kept, under, scale=1 / 255)
            cv2.add(under, seen, under)


def _moved(sheet: Picture, view: np.ndarray, into: Picture) -> None:
    size = (into.shape[1], into.shape[0])
    cv2.warpAffine(sheet, view, size, into, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _sheet(layer: Layer) -> Picture:
    """Return premultiplied colour and the remaining transparency side by side.

    Warping four channels takes a third of the time of three, and compositing then needs integer arithmetic only.
    """
    if layer.alpha is None:
        return np.dstack((layer.rgb, np.zeros(layer.rgb.shape[:2], np.uint8)))
    alpha = np.round(layer.alpha * 255).astype(np.uint8)
    covered = cv2.multiply(layer.rgb, cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    return np.dstack((covered, 255 - alpha))


def _covers_from(layer: Layer, view: np.ndarray) -> int:
    """Return the row of the frame from which this layer hides all farther ones."""
    if layer.alpha is None:
        return 0
    if layer.solid >= len(layer.rgb):
        return 1 << 30
    return int(view[0, 0] * (layer.top + layer.solid) + view[1, 2]) + 4


def picture_layer(picture: Picture, size: tuple[int, int]) -> Layer:
    """Return the user's own picture as the only layer of a scene, cropped to the aspect ratio of the clip slightly above its
    centre.
    """
    width, height = round(size[0] * OVERSCAN), round(size[1] * OVERSCAN)
    scale = max(width / picture.shape[1], height / picture.shape[0])
    new = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large = cv2.resize(picture, new, interpolation=way)
    left, top = (new[0] - width) // 2, round((new[1] - height) * 0.4)
    return Layer(np.ascontiguousarray(large[top : top + height, left : left + width]), None, 1.0, (width, height))
