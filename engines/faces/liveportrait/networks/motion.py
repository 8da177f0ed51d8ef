"""M, the motion extractor: key points, expression and pose of a face. A ConvNeXt V2 (arXiv 2301.00808) with seven heads.

Upstream: modules/motion_extractor.py and modules/convnextv2.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KEY_POINTS = 21
POSE_BINS = 66
_EPSILON = 1e-6

HEADS = {
    "pitch": POSE_BINS, "yaw": POSE_BINS, "roll": POSE_BINS,
    "t": 3, "exp": 3 * KEY_POINTS, "scale": 1, "kp": 3 * KEY_POINTS,
}  # fmt: skip
"""Name and width of each head; its layer in the weights is `fc_NAME`."""


class ResponseNorm(nn.Module):
    """Global response normalisation: scales each channel by its share of the total energy over the whole picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, channels))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, channels))

    def forward(self, x: Tensor) -> Tensor:
        energy = x.norm(p=2, dim=(1, 2), keepdim=True)
        share = energy / (energy.mean(dim=-1, keepdim=True) + _EPSILON)
        return self.gamma * (x * share) + self.beta + x


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of [n, channels, height, width]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        normal = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, _EPSILON)
        return normal.permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Residual block of a depthwise convolution and a two-layer perceptron with response normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=_EPSILON)
        self.pwconv1, self.pwconv2 = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        self.grn = ResponseNorm(4 * channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        return x + self.pwconv2(self.grn(F.gelu(self.pwconv1(inner)))).permute(0, 3, 1, 2)


class ConvNeXtV2(nn.Module):
    """The backbone with its heads; channels and blocks of the four stages are those of "tiny" by default."""

    def __init__(self, channels: Sequence[int] = (96, 192, 384, 768), blocks: Sequence[int] = (3, 3, 9, 3)) -> None:
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, channels[0], 4, stride=4), ChannelNorm(channels[0]))
        halvings = [
            nn.Sequential(ChannelNorm(before), nn.Conv2d(before, after, 2, stride=2))
            for before, after in itertools.pairwise(channels)
        ]
        self.downsample_layers = nn.ModuleList([stem, *halvings])
        self.stages = nn.ModuleList(
            nn.Sequential(*[ConvNeXtBlock(width) for _ in range(count)]) for width, count in zip(channels, blocks, strict=True)
        )
        self.norm = nn.LayerNorm(channels[-1], eps=_EPSILON)
        for name, width in HEADS.items():
            self.add_module(f"fc_{name}", nn.Linear(channels[-1], width))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        for smaller, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(smaller(x))
        x = self.norm(x.mean(dim=(-2, -1)))
        return {name: self.get_submodule(f"fc_{name}")(x) for name in HEADS}


class MotionExtractor(nn.Module):
    """Maps [n, 3, 256, 256] in 0 to 1 to the raw values of each head, [n, width]; `keypoints.motion_of` converts them."""

    def __init__(self, channels: Sequence[int] = (96, 192, 384, 768), blocks: Sequence[int] = (3, 3, 9, 3)) -> None:
        super().__init__()
        self.detector = ConvNeXtV2(channels, blocks)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        return self.detector(face)
