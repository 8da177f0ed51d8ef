"""Particles in front of the camera: snow, rain, leaves, fireflies. Their positions are functions of time alone."""

from __future__ import annotations

import cv2
import numpy as np

from engines.video.animatic.scene import ShotScene
from media.video.read import Picture

_COUNTS = {"snow": 240, "rain": 300, "leaves": 34, "fireflies": 40}


class Weather:
    """The particles of one scene, drawn into frames in place."""

    def __init__(self, scene: ShotScene, size: tuple[int, int]) -> None:
        self._kind, (self._width, self._height) = scene.weather, size
        chance = scene.chance("weather")
        self._parts = chance.random((_COUNTS.get(scene.weather, 0), 4))
        self._unit = min(size) / 720

    def draw(self, shown: Picture, seconds: float) -> None:
        """Draw the particles into a frame, `seconds` after the start of the shot."""
        if not len(self._parts):
            return
        if self._kind == "rain":
            self._rain(shown, seconds)
        else:
            for part in self._parts:
                self._speck(shown, part, seconds)

    def _at(self, part: np.ndarray, seconds: float, wind: float, fall: float, sway: float) -> tuple[int, int]:
        near = 0.4 + 0.6 * part[2]
        swing = sway * np.sin(seconds * (0.8 + part[3]) + 9 * part[3])
        x = (part[0] + (wind * near * seconds + swing) / 16) % 1.06 - 0.03
        y = (part[1] + fall * near * seconds / 9) % 1.08 - 0.04
        return round(x * self._width * 16), round(y * self._height * 16)

    def _rain(self, shown: Picture, seconds: float) -> None:
        under = shown.copy()
        for part in self._parts:
            x, y = self._at(part, seconds, -2.2, 13.0, 0)
            long = round((9 + 22 * part[2]) * self._unit * 16)
            cv2.line(shown, (x, y), (x - long // 6, y + long), (206, 214, 224), 1, cv2.LINE_AA, 4)
        cv2.addWeighted(shown, 0.42, under, 0.58, 0, dst=shown)

    def _speck(self, shown: Picture, part: np.ndarray, seconds: float) -> None:
        unit = self._unit * 16
        if self._kind == "snow":
            x, y = self._at(part, seconds, -0.25, 0.75, 0.12)
            cv2.circle(shown, (x, y), round((0.9 + 2.3 * part[2] ** 3) * unit), (250, 251, 255), -1, cv2.LINE_AA, 4)
        elif self._kind == "fireflies":
            x, y = self._at(part, seconds, 0.08, -0.12, 0.25)
            bright = 0.5 + 0.5 * np.sin(seconds * (1.2 + part[3]) + 20 * part[3])
            tint = tuple(float(one * bright) for one in (255, 226, 130))
            if bright > 0.35 and y > 0.3 * self._height * 16:
                cv2.circle(shown, (x, y), round((1.2 + 1.6 * part[2]) * unit), tint, -1, cv2.LINE_AA, 4)
        else:
            x, y = self._at(part, seconds, -0.9, 0.9, 0.5)
            turn = float(360 * part[3] + 200 * seconds * (part[2] - 0.3))
            tall = 0.3 + 0.7 * abs(np.sin(seconds * 2 + 7 * part[3]))
            axes = (round((3 + 4 * part[2]) * unit), round((2 + 2 * part[2]) * tall * unit))
            tint = (190 + 40 * part[3], 96 + 60 * part[2], 44.0)
            cv2.ellipse(shown, (x, y), axes, turn, 0, 360, tint, -1, cv2.LINE_AA, 4)
