"""The network realesr-animevideov3 on ncnn, run on overlapping tiles of a picture. Imported in workers only.

Real-ESRGAN (arXiv 2107.10833), the compact network for animated video: 18 convolutions of 3 × 3 and a pixel shuffle, added to the
picture upscaled by nearest-neighbour interpolation. Files: assets/upscaling, see NOTICE.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import ncnn
import numpy as np
from numpy.typing import NDArray

from engines.contract.errors import EngineError
from media.video.read import Picture

OWN_SCALE = 4
MARGIN = 18
"""Pixels around a tile that are worked on with it: as far as the network sees, so that tiles are the same as the whole."""
TILE = 256
_TONES = 2.0
"""Standard deviation, in pixels of the source, of what counts as tone: finer than that is the network's."""


class AnimeVideoNetwork:
    """One loaded network. The result does not depend on the tiling.

    Args:
        files: the path of the network's two files without their suffix.

    Raises:
        EngineError: a file is missing or damaged.
    """

    def __init__(self, files: Path) -> None:
        net = ncnn.Net()
        net.opt.use_vulkan_compute = False
        net.opt.num_threads = int(os.environ.get("OMP_NUM_THREADS") or 2)
        for load, ending in ((net.load_param, ".param"), (net.load_model, ".bin")):
            path = files.with_name(files.name + ending)
            if not path.is_file() or load(str(path)):
                raise EngineError("upscaling.files-damaged", file=path.name)
        self._net = net

    def enlarged(self, picture: Picture, scale: int, check: Callable[[], None], tile: int = TILE) -> Picture:
        """Return a picture `scale` times as wide and high: the network's factor 4, averaged down to smaller ones, in the source's
        tones.

        Args:
            picture: [height, width, 3] RGB.
            check: called before each tile; may raise.
        """
        height, width = picture.shape[:2]
        made = np.empty((height * scale, width * scale, 3), np.uint8)
        for top in range(0, height, tile):
            for left in range(0, width, tile):
                check()
                low, right = min(height, top + tile), min(width, left + tile)
                first, begin = max(0, top - MARGIN), max(0, left - MARGIN)
                around = picture[first : low + MARGIN, begin : right + MARGIN]
                down, across = (top - first) * OWN_SCALE, (left - begin) * OWN_SCALE
                size = ((low - top) * OWN_SCALE, (right - left) * OWN_SCALE)
                part = self._through(around)[down : down + size[0], across : across + size[1]]
                if scale != OWN_SCALE:
                    part = cv2.resize(part, ((right - left) * scale, (low - top) * scale), interpolation=cv2.INTER_AREA)
                made[top * scale : low * scale, left * scale : right * scale] = part
        return _with_tones_of(picture, made)

    def _through(self, picture: Picture) -> NDArray[np.uint8]:
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / 255
        with self._net.create_extractor() as run:
            run.input("data", ncnn.Mat(planes).clone())  # a copy: ncnn would read memory that Python may have freed
            failed, out = run.extract("output")
            if failed:
                raise EngineError("upscaling.no-memory-for-picture", width=picture.shape[1], height=picture.shape[0])
            values = np.array(out)
        return np.ascontiguousarray((values.clip(0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))


def _with_tones_of(source: Picture, made: Picture) -> Picture:
    """Return the result with the low-frequency difference to its source removed: the network brightens middle greys by three
    levels.
    """
    again = cv2.resize(made, source.shape[1::-1], interpolation=cv2.INTER_AREA)
    off = cv2.GaussianBlur(cv2.subtract(source, again, dtype=cv2.CV_32F), (0, 0), _TONES)
    larger = cv2.resize(off, made.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(made, larger, dtype=cv2.CV_8U), np.uint8)
