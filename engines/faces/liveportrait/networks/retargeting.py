"""S and R, three small perceptrons on key points: stitching, and retargeting of eyes and lips.

Upstream: modules/stitching_retargeting_network.py.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from engines.faces.liveportrait.networks.motion import KEY_POINTS

_POINTS = 3 * KEY_POINTS
STITCHING = (2 * _POINTS, 128, 128, 64, _POINTS + 2)
LIPS = (_POINTS + 2, 128, 128, 64, _POINTS)
EYES = (_POINTS + 3, 256, 256, 128, 128, 64, _POINTS)


class Perceptron(nn.Module):
    """Linear layers of the given widths with ReLU in between."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(x)


class Retargeting(nn.Module):
    """The three perceptrons, in float32. Key points are [n, 21, 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.stitching, self.lips, self.eyes = Perceptron(*STITCHING), Perceptron(*LIPS), Perceptron(*EYES)

    def stitched(self, source: Tensor, driving: Tensor) -> Tensor:
        """Return driving key points moved so that the border of the picture (shoulders, background) matches the source's."""
        change = self.stitching(torch.cat((source.flatten(1), driving.flatten(1)), dim=1))
        moved = driving + change[:, :_POINTS].view_as(driving)
        shift = torch.nn.functional.pad(change[:, _POINTS:], (0, 1))
        return moved + shift[:, None]

    def lip_change(self, source: Tensor, ratios: Tensor) -> Tensor:
        """Return the offset of the key points. `ratios` [n, 2]: the source's lip gap in mouth widths, and the target."""
        return self.lips(torch.cat((source.flatten(1), ratios), dim=1)).view_as(source)

    def eye_change(self, source: Tensor, ratios: Tensor) -> Tensor:
        """Return the offset of the key points. `ratios` [n, 3]: the opening of the source's eyes in eye widths, and the target of
        both.
        """
        return self.eyes(torch.cat((source.flatten(1), ratios), dim=1)).view_as(source)
