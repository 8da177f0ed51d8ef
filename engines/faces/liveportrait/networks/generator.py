"""G, the generator: warped features to a picture, by spatially adaptive normalisation (SPADE, arXiv 1903.07291).

Upstream: modules/spade_generator.py and the SPADE blocks of modules/util.py. The published weights have spectral normalisation;
`folded` applies it once, so that the convolutions here are plain ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SLOPE = 0.2
_HIDDEN = 128
MIDDLE_BLOCKS = 6


class Spade(nn.Module):
    """Instance normalisation with scale and shift computed from `features` at every position."""

    def __init__(self, channels: int, told: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(told, _HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(_HIDDEN, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(_HIDDEN, channels, 3, padding=1)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        inner = self.mlp_shared(F.interpolate(features, size=x.shape[2:], mode="nearest"))
        return F.instance_norm(x) * (1 + self.mlp_gamma(inner)) + self.mlp_beta(inner)


class SpadeBlock(nn.Module):
    """Residual block of two convolutions, each after a Spade; a third one adapts the shortcut if the number of channels
    changes.
    """

    def __init__(self, inputs: int, outputs: int, told: int) -> None:
        super().__init__()
        middle = min(inputs, outputs)
        self.conv_0 = nn.Conv2d(inputs, middle, 3, padding=1)
        self.conv_1 = nn.Conv2d(middle, outputs, 3, padding=1)
        self.norm_0, self.norm_1 = Spade(inputs, told), Spade(middle, told)
        self._shortcut = inputs != outputs
        if self._shortcut:
            self.conv_s = nn.Conv2d(inputs, outputs, 1, bias=False)
            self.norm_s = Spade(inputs, told)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        kept = self.conv_s(self.norm_s(x, features)) if self._shortcut else x
        x = self.conv_0(F.leaky_relu(self.norm_0(x, features), _SLOPE))
        return kept + self.conv_1(F.leaky_relu(self.norm_1(x, features), _SLOPE))


class Generator(nn.Module):
    """Maps [n, 256, 64, 64] to [n, 3, 512, 512] in 0 to 1.

    Args:
        inputs: channels of the warped features. The default is the published one.
        last: channels of the last block, likewise.
    """

    def __init__(self, inputs: int = 256, last: int = 64) -> None:
        super().__init__()
        wide = 2 * inputs
        self.fc = nn.Conv2d(inputs, wide, 3, padding=1)
        for number in range(MIDDLE_BLOCKS):
            self.add_module(f"G_middle_{number}", SpadeBlock(wide, wide, inputs))
        self.up_0, self.up_1 = SpadeBlock(wide, inputs, inputs), SpadeBlock(inputs, last, inputs)
        self.conv_img = nn.Sequential(nn.Conv2d(last, 3 * 4, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, features: Tensor) -> Tensor:
        x = self.fc(features)
        for number in range(MIDDLE_BLOCKS):
            x = self.get_submodule(f"G_middle_{number}")(x, features)
        x = self.up_0(F.interpolate(x, scale_factor=2), features)
        x = self.up_1(F.interpolate(x, scale_factor=2), features)
        return torch.sigmoid(self.conv_img(F.leaky_relu(x, _SLOPE)))


def folded(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the published weights with spectral normalisation applied: weight = weight_orig / (u · W v), as in evaluation mode.

    A `weight_orig` without matching `weight_u` and `weight_v` is left unchanged, so that a strict load names it.
    """
    plain = dict(state)
    for name in [name for name in state if name.endswith(".weight_orig")]:
        layer = name.removesuffix("_orig")
        u, v = state.get(f"{layer}_u"), state.get(f"{layer}_v")
        matrix = state[name].flatten(1)
        if u is None or v is None or matrix.shape != (len(u), len(v)):
            continue
        plain[layer] = state[name] / torch.dot(u, torch.mv(matrix, v))
        for part in ("_orig", "_u", "_v"):
            del plain[layer + part]
    return plain
