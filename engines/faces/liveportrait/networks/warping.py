"""W, the warping network: warps the feature volume from the source's key points to the driving ones.

Upstream: modules/warping_network.py, modules/dense_motion.py, and the hourglass of modules/util.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.faces.liveportrait.networks.appearance import CHANNELS, DEPTH
from engines.faces.liveportrait.networks.blocks import ConvBlock, UpBlock, coordinates
from engines.faces.liveportrait.networks.motion import KEY_POINTS

COMPRESSED = 4
"""Channels of the feature volume that the motion is estimated from."""
_VARIANCE = 0.01
"""Of the Gaussian that marks a key point."""


class HourglassEncoder(nn.Module):
    """Halves height and width with each block; returns the input and the output of every block."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        pairs = itertools.pairwise(channels)
        self.down_blocks = nn.ModuleList(ConvBlock(before, after, volume=True, halve=True) for before, after in pairs)

    def forward(self, x: Tensor) -> list[Tensor]:
        kept = [x]
        for block in self.down_blocks:
            kept.append(block(kept[-1]))
        return kept


class Decoder(nn.Module):
    """Restores the input's size, with skip connections from the encoder."""

    def __init__(self, inputs: Sequence[int], outputs: Sequence[int], last: int) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList(UpBlock(before, after) for before, after in zip(inputs, outputs, strict=True))
        self.conv = nn.Conv3d(last, last, 3, padding=1)
        self.norm = nn.BatchNorm3d(last)

    def forward(self, kept: list[Tensor]) -> Tensor:
        x, skipped = kept[-1], kept[:-1]
        for block, skip in zip(self.up_blocks, reversed(skipped), strict=True):
            x = torch.cat((block(x), skip), dim=1)
        return F.relu(self.norm(self.conv(x)))


class Hourglass(nn.Module):
    """Maps [n, inputs, d, h, w] to [n, width + inputs, d, h, w]."""

    def __init__(self, inputs: int, width: int = 32, most: int = 1024, blocks: int = 5) -> None:
        super().__init__()
        channels = [min(most, width * 2**level) for level in range(blocks + 1)]
        self.encoder = HourglassEncoder([inputs, *channels[1:]])
        into = [channels[blocks], *(2 * count for count in channels[blocks - 1 : 0 : -1])]
        self.outputs = width + inputs
        self.decoder = Decoder(into, channels[blocks - 1 :: -1], self.outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class DenseMotion(nn.Module):
    """Estimates the source position of each cell of the volume, and its visibility.

    Args:
        width, most, blocks: of the hourglass.
    """

    def __init__(self, width: int = 32, most: int = 1024, blocks: int = 5) -> None:
        super().__init__()
        self.hourglass = Hourglass((KEY_POINTS + 1) * (COMPRESSED + 1), width, most, blocks)
        self.mask = nn.Conv3d(self.hourglass.outputs, KEY_POINTS + 1, 7, padding=3)
        self.compress = nn.Conv3d(CHANNELS, COMPRESSED, 1)
        self.norm = nn.BatchNorm3d(COMPRESSED)
        self.occlusion = nn.Conv2d(self.hourglass.outputs * DEPTH, 1, 7, padding=3)

    def forward(self, features: Tensor, driving: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return sampling positions [n, d, h, w, 3] in float32 and visibility [n, 1, h, w]."""
        features = F.relu(self.norm(self.compress(features)))
        count, channels, depth, height, width = features.shape
        # Places are told in float32 whatever the features are: half precision would shift them by a part of a cell.
        driving, source = driving.float(), source.float()
        grid = coordinates(depth, height, width, source)
        to_driving = driving.view(count, KEY_POINTS, 1, 1, 1, 3)
        to_source = source.view(count, KEY_POINTS, 1, 1, 1, 3)
        still = grid.expand(count, 1, depth, height, width, 3)
        places = torch.cat((still, (grid - to_driving) + to_source), dim=1)
        bent = _sampled(features[:, None].expand(-1, KEY_POINTS + 1, -1, -1, -1, -1).flatten(0, 1), places.flatten(0, 1))
        bent = bent.view(count, KEY_POINTS + 1, channels, depth, height, width)
        blobs = _blobs(grid, to_driving) - _blobs(grid, to_source)
        blobs = torch.cat((torch.zeros_like(blobs[:, :1]), blobs), dim=1)[:, :, None].to(bent.dtype)
        found = self.hourglass(torch.cat((blobs, bent), dim=2).flatten(1, 2))
        shares = self.mask(found).float().softmax(dim=1)
        visible = torch.sigmoid(self.occlusion(found.flatten(1, 2)))
        return (places * shares[..., None]).sum(dim=1), visible


class WarpingNetwork(nn.Module):
    """Maps features [n, 32, 16, 64, 64] and two sets of key points [n, 21, 3] to 2D features [n, 256, 64, 64] for the generator.

    Args:
        outputs: channels of the result.
        width, most, blocks: of the hourglass. All defaults are the published values.
    """

    def __init__(self, outputs: int = 256, width: int = 32, most: int = 1024, blocks: int = 5) -> None:
        super().__init__()
        self.dense_motion_network = DenseMotion(width, most, blocks)
        self.third = ConvBlock(CHANNELS * DEPTH, outputs, activation=F.leaky_relu)
        self.fourth = nn.Conv2d(outputs, outputs, 1)

    def forward(self, features: Tensor, driving: Tensor, source: Tensor) -> Tensor:
        places, visible = self.dense_motion_network(features, driving, source)
        bent = _sampled(features, places)
        return self.fourth(self.third(bent.flatten(1, 2))) * visible


def _sampled(volume: Tensor, places: Tensor) -> Tensor:
    return F.grid_sample(volume.float(), places, align_corners=False).to(volume.dtype)


def _blobs(grid: Tensor, points: Tensor) -> Tensor:
    return torch.exp(-0.5 * ((grid - points) ** 2).sum(dim=-1) / _VARIANCE)
