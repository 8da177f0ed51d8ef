"""A loaded network of Real-ESRGAN, run on overlapping tiles of a picture. Imported in workers only."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engines.common.loading import drop_page_cache, fill, read_tensors
from engines.common.torch_device import choose_device, tune_convolutions
from engines.contract.errors import EngineError
from engines.upscaling.real_esrgan.networks.architectures import NETWORKS

if TYPE_CHECKING:
    from media.video.read import Picture

TITLE = "Real-ESRGAN"
OVERLAP = 16
"""Pixels of the source around a tile that are worked on with it and thrown away, so that its edges do not show."""
_TILE = {"cuda": 512, "cpu": 192}
_WRAPPERS = ("params_ema", "params", "state_dict")


class Enlarger:
    """One loaded network.

    The result of `enlarged` is independent of the tiling, except for rounding and for influences from beyond the overlap.
    """

    def __init__(self, network: Any, device: str, dtype: torch.dtype) -> None:
        self._network, self._device, self._dtype = network, device, dtype

    @classmethod
    def load(cls, model: str, path: Path, *, half: bool) -> Enlarger:
        """Load a checkpoint.

        Raises:
            EngineError: the file is damaged, or holds another network.
        """
        device = choose_device()
        tune_convolutions(device)
        dtype = torch.float16 if half and device == "cuda" else torch.float32
        with torch.device("meta"):
            network = NETWORKS[model]()
        network = network.to(dtype).to_empty(device=device).eval().requires_grad_(False)
        fill(network, stored_tensors(path), f"{TITLE} ({model})")
        return cls(network.to(memory_format=torch.channels_last), device, dtype)  # type: ignore[call-overload]

    def enlarged(self, picture: Picture, scale: int, tile: int, check: Callable[[], None]) -> Picture:
        """Return a picture `scale` times as wide and high, with even sides, as video needs them, if the source's are even.

        Args:
            tile: side of a tile in the source's pixels, 0 for the default.
            check: called before each tile; may raise.
        """
        side = tile or _TILE[self._device]
        own = self._network.scale
        height, width = picture.shape[:2]
        given = torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].to(self._dtype) / 255
        made = np.empty((height * own, width * own, 3), np.uint8)
        with torch.inference_mode():
            for top in range(0, height, side):
                for left in range(0, width, side):
                    check()
                    low, right = min(height, top + side), min(width, left + side)
                    part = self._tile(given, top, low, left, right)
                    made[top * own : low * own, left * own : right * own] = part
        if own == scale:
            return made
        resized: Picture = cv2.resize(
            made, (width * scale, height * scale), interpolation=cv2.INTER_AREA if scale < own else cv2.INTER_LANCZOS4
        )
        return resized

    def _tile(self, given: Tensor, top: int, low: int, left: int, right: int) -> Picture:
        """Return one tile's result, computed with a margin and cropped."""
        own, fold = self._network.scale, self._network.fold
        height, width = given.shape[2:]
        # A network that folds pixels takes even places only, or tiles would be folded otherwise than the whole.
        first, begin = ((max(0, place - OVERLAP) // fold) * fold for place in (top, left))
        last, end = min(height, low + OVERLAP), min(width, right + OVERLAP)
        part = given[:, :, first:last, begin:end]
        more = (-part.shape[3] % fold, -part.shape[2] % fold)
        if any(more):
            part = functional.pad(part, (0, more[0], 0, more[1]), mode="replicate")
        result = self._network(part.contiguous(memory_format=torch.channels_last))
        cut = result[0, :, (top - first) * own : (low - first) * own, (left - begin) * own : (right - begin) * own]
        picture: Picture = (cut.float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        return picture


def stored_tensors(path: Path) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a checkpoint, without the wrappers of upstream's training code.

    Raises:
        EngineError: the file is damaged, or holds other objects than weights; it is never unpickled into objects.
    """
    if path.suffix == ".safetensors":
        yield from ((_unwrapped(name), tensor) for name, tensor in read_tensors(path))
        return
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise EngineError("engine.weights-damaged", file=path.name) from error
    for wrapper in _WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
            break
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise EngineError("engine.weights-of-other-kind", file=path.name)
    yield from state.items()
    drop_page_cache(path)


def _unwrapped(name: str) -> str:
    wrapper, dot, rest = name.partition(".")
    return rest if dot and wrapper in _WRAPPERS else name
