"""Building blocks of several networks: convolutions with batch normalisation, in 2D and 3D."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvBlock(nn.Module):
    """Convolution, batch normalisation and activation, optionally followed by 2 x 2 average pooling."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        volume: bool = False,
        activation: Callable[[Tensor], Tensor] = F.relu,
        halve: bool = False,
    ) -> None:
        super().__init__()
        self.conv = (nn.Conv3d if volume else nn.Conv2d)(inputs, outputs, 3, padding=1)
        self.norm = (nn.BatchNorm3d if volume else nn.BatchNorm2d)(outputs)
        self._volume, self._activation, self._halve = volume, activation, halve

    def forward(self, x: Tensor) -> Tensor:
        x = self._activation(self.norm(self.conv(x)))
        if not self._halve:
            return x
        return F.avg_pool3d(x, (1, 2, 2)) if self._volume else F.avg_pool2d(x, 2)


class UpBlock(nn.Module):
    """Volumetric convolution after upsampling of height and width by 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(F.interpolate(x, scale_factor=(1, 2, 2)))))


class ResidualVolume(nn.Module):
    """Residual block of two volumetric convolutions with batch normalisation before each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1, self.norm2 = nn.BatchNorm3d(channels), nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        changed = self.conv1(F.relu(self.norm1(x)))
        return self.conv2(F.relu(self.norm2(changed))) + x


def coordinates(depth: int, height: int, width: int, like: Tensor) -> Tensor:
    """Return the positions (x, y, z) of a volume's cells, -1 to 1 between the outermost centres: [depth, height, width, 3]."""
    axes = [2 * (torch.arange(count, dtype=like.dtype, device=like.device) / (count - 1)) - 1 for count in (depth, height, width)]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    return torch.stack((x, y, z), dim=-1)
