"""The five networks: strictly loaded from the published files, optimised, and run in batches."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engines.common.loading import drop_page_cache, fill
from engines.contract.errors import EngineError
from engines.faces.liveportrait.networks.appearance import AppearanceExtractor
from engines.faces.liveportrait.networks.generator import Generator, folded
from engines.faces.liveportrait.networks.keypoints import Motion, motion_of
from engines.faces.liveportrait.networks.motion import MotionExtractor
from engines.faces.liveportrait.networks.retargeting import Retargeting
from engines.faces.liveportrait.networks.warping import WarpingNetwork

TITLE = "LivePortrait"
RETARGETING_PARTS = {"retarget_shoulder": "stitching", "retarget_mouth": "lips", "retarget_eye": "eyes"}
"""The published names of the three perceptrons, and ours."""


@dataclass(frozen=True)
class Sizes:
    """Widths and depths of the networks; the published ones by default.

    Args:
        side: pixels per side of the input of F and M; the generator's output has twice as many.
    """

    side: int = 256
    appearance_width: int = 64
    appearance_blocks: int = 6
    motion_channels: tuple[int, ...] = (96, 192, 384, 768)
    motion_blocks: tuple[int, ...] = (3, 3, 9, 3)
    hourglass_width: int = 32
    hourglass_most: int = 1024
    hourglass_blocks: int = 5
    generator_inputs: int = 256
    generator_last: int = 64

    def appearance(self) -> AppearanceExtractor:
        return AppearanceExtractor(self.appearance_width, self.appearance_blocks)

    def motion(self) -> MotionExtractor:
        return MotionExtractor(self.motion_channels, self.motion_blocks)

    def warping(self) -> WarpingNetwork:
        return WarpingNetwork(self.generator_inputs, self.hourglass_width, self.hourglass_most, self.hourglass_blocks)

    def generator(self) -> Generator:
        return Generator(self.generator_inputs, self.generator_last)


@dataclass(frozen=True)
class Files:
    """Paths of the five published files."""

    appearance: Path
    motion: Path
    warping: Path
    generator: Path
    retargeting: Path


class Networks:
    """The five networks for pictures of `sizes.side` pixels per side. Not thread-safe; without gradients.

    The motion estimators (F, M and the perceptrons) stay in float32: they are a small part of the work, and half precision would
    cause jitter. W and G, which are nearly all of the work, may run in half precision.
    """

    def __init__(self, sizes: Sizes, device: str, parts: dict[str, Any], dtype: torch.dtype) -> None:
        self.sizes, self.device, self._dtype = sizes, device, dtype
        self._appearance, self._motion = parts["appearance"], parts["motion"]
        self._warping, self._generator = parts["warping"], parts["generator"]
        self._retargeting: Retargeting = parts["retargeting"]
        self._compiled = 0

    @classmethod
    def load(
        cls,
        files: Files,
        device: str,
        *,
        half: bool = False,
        sizes: Sizes | None = None,
        told: Callable[[str], None] | None = None,
    ) -> Networks:
        """Load the weights.

        Args:
            half: W and G in float16; only on a GPU.
            told: called with the name of the next file; may raise to cancel.

        Raises:
            EngineError: a file is damaged or belongs to another network; the message names the first mismatches.
        """
        sizes, told = sizes or Sizes(), told or (lambda note: None)
        dtype = torch.float16 if half and device != "cpu" else torch.float32
        parts: dict[str, Any] = {}
        for name in ("appearance", "motion", "warping", "generator"):
            told(name)
            path: Path = getattr(files, name)
            state = _read(path)
            net = _standing(getattr(sizes, name), device)
            fill(net, _tensors(folded(state) if name == "generator" else state, path), f"{TITLE} ({name})")
            if name == "warping" and dtype != torch.float32:
                fuse_norms(net)  # in float32 the values stay upstream's to the last bit
            parts[name] = net.to(dtype) if name in ("warping", "generator") else net
        told("retargeting")
        parts["retargeting"] = net = _standing(Retargeting, device)
        fill(net, _retargeting_tensors(files.retargeting), f"{TITLE} (retargeting)")
        return cls(sizes, device, parts, dtype)

    def compile(self, batch: int) -> None:
        """Compile W and G at their first call; later calls are padded to `batch`, so that this happens once."""
        self._warping, self._generator = torch.compile(self._warping), torch.compile(self._generator)
        self._compiled = batch

    @torch.inference_mode()
    def features(self, faces: NDArray[np.uint8]) -> Tensor:
        """Return the feature volumes of square RGB pictures [n, side, side, 3]."""
        return self._appearance(self._input(faces)).to(self._dtype)

    @torch.inference_mode()
    def motion(self, faces: NDArray[np.uint8]) -> Motion:
        """Return the motion of square RGB pictures [n, side, side, 3]."""
        return motion_of(self._motion(self._input(faces)))

    @torch.inference_mode()
    def stitched(self, source: Tensor, driving: Tensor) -> Tensor:
        """Return stitched driving key points, see Retargeting, as are the next two."""
        return self._retargeting.stitched(source, driving)

    @torch.inference_mode()
    def lip_change(self, source: Tensor, ratios: NDArray[np.float32]) -> Tensor:
        return self._retargeting.lip_change(source, torch.from_numpy(ratios).to(self.device))

    @torch.inference_mode()
    def eye_change(self, source: Tensor, ratios: NDArray[np.float32]) -> Tensor:
        return self._retargeting.eye_change(source, torch.from_numpy(ratios).to(self.device))

    @torch.inference_mode()
    def pictures(self, features: Tensor, driving: Tensor, source: Tensor) -> NDArray[np.uint8]:
        """Return RGB pictures [n, 2 side, 2 side, 3] of the source's face at the driving key points; all arguments have length n.

        Raises:
            EngineError: the result contains values that are not finite.
        """
        count = len(driving)
        if self._compiled > count:
            features, driving, source = (_filled(one, self._compiled) for one in (features, driving, source))
        made = self._generator(self._warping(features, driving, source))[:count].float()
        if not bool(torch.isfinite(made).all()):
            raise EngineError("face.not-numbers", engine="LivePortrait")
        return (made * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()

    def _input(self, faces: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(faces)).to(self.device).permute(0, 3, 1, 2).float() / 255


def fuse_norms(net: nn.Module) -> None:
    """Fuse batch normalisations into the preceding convolutions of a network in evaluation mode."""
    for module in net.modules():
        norm = getattr(module, "norm", None)
        if isinstance(norm, nn.BatchNorm2d | nn.BatchNorm3d):
            name = "conv" if hasattr(module, "conv") else "compress"
            setattr(module, name, fuse_conv_bn_eval(getattr(module, name), norm))
            module.norm = nn.Identity()


def _standing(make: Callable[[], nn.Module], device: str) -> nn.Module:
    """Return a network with uninitialised weights on the device."""
    with torch.device("meta"):
        net = make()
    return net.to_empty(device=device).eval().requires_grad_(False)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise EngineError("engine.weights-damaged", file=path.name) from error
    if not isinstance(found, dict):
        raise EngineError("engine.weights-of-other-kind", file=path.name)
    return found


def _tensors(state: dict[str, Any], path: Path) -> Iterator[tuple[str, Tensor]]:
    yield from ((name, value) for name, value in state.items() if isinstance(value, Tensor))
    drop_page_cache(path)


def _retargeting_tensors(path: Path) -> Iterator[tuple[str, Tensor]]:
    state = _read(path)
    for published, name in RETARGETING_PARTS.items():
        part = state.get(published)
        for key, value in part.items() if isinstance(part, dict) else ():
            yield f"{name}.{key.removeprefix('module.')}", value
    drop_page_cache(path)


def _filled(rows: Tensor, count: int) -> Tensor:
    return torch.cat((rows, rows[-1:].expand(count - len(rows), *[-1] * (rows.ndim - 1))))
