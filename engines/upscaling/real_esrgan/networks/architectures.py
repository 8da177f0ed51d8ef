"""The networks of Real-ESRGAN, with the parameter names of the published files. Imported in workers only.

RRDBNet: ESRGAN, arXiv 1809.00219, as Real-ESRGAN (arXiv 2107.10833) trains it. The compact one is Real-ESRGAN's video network: a
chain of convolutions at the low resolution, added to the upscaled source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

_RESIDUAL = 0.2
_SLOPE = 0.2


class DenseBlock(nn.Module):
    """Five convolutions, each with all previous outputs as input; the last one's output is scaled and added to the input."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for number in range(5):
            out = growth if number < 4 else features
            setattr(self, f"conv{number + 1}", nn.Conv2d(features + number * growth, out, 3, padding=1))

    def forward(self, given: Tensor) -> Tensor:
        known = given
        for number in range(1, 5):
            made = functional.leaky_relu(self.get_submodule(f"conv{number}")(known), _SLOPE)
            known = torch.cat((known, made), dim=1)
        last: Tensor = self.get_submodule("conv5")(known)
        return given + _RESIDUAL * last


class ResidualBlock(nn.Module):
    """Three dense blocks with a residual connection."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(features, growth) for _ in range(3))

    def forward(self, given: Tensor) -> Tensor:
        made: Tensor = self.rdb3(self.rdb2(self.rdb1(given)))
        return given + _RESIDUAL * made


class RRDBNet(nn.Module):
    """Upscales by 4; with `scale` 2 the input is first folded to half its size (pixel unshuffle).

    Pictures are [n, 3, height, width] in 0 to 1; with `scale` 2 their sides are even.
    """

    def __init__(self, scale: int = 4, blocks: int = 23, features: int = 64, growth: int = 32) -> None:
        super().__init__()
        self.scale, self.fold = scale, 4 // scale
        self.conv_first = nn.Conv2d(3 * self.fold**2, features, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up2 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        folded = functional.pixel_unshuffle(picture, self.fold) if self.fold > 1 else picture
        seen = self.conv_first(folded)
        seen = seen + self.conv_body(self.body(seen))
        for convolution in (self.conv_up1, self.conv_up2):
            seen = functional.leaky_relu(convolution(functional.interpolate(seen, scale_factor=2, mode="nearest")), _SLOPE)
        result: Tensor = self.conv_last(functional.leaky_relu(self.conv_hr(seen), _SLOPE))
        return result


class CompactNet(nn.Module):
    """realesr-general-x4v3 (upstream's SRVGGNetCompact): convolutions at the low resolution, pixel shuffle at the end."""

    def __init__(self, scale: int = 4, layers: int = 32, features: int = 64) -> None:
        super().__init__()
        self.scale, self.fold = scale, 1
        body: list[nn.Module] = [nn.Conv2d(3, features, 3, padding=1), nn.PReLU(features)]
        for _ in range(layers):
            body += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        self.body = nn.ModuleList([*body, nn.Conv2d(features, 3 * scale * scale, 3, padding=1)])

    def forward(self, picture: Tensor) -> Tensor:
        seen = picture
        for layer in self.body:
            seen = layer(seen)
        return functional.pixel_shuffle(seen, self.scale) + functional.interpolate(
            picture, scale_factor=self.scale, mode="nearest"
        )


NETWORKS: dict[str, Callable[[], RRDBNet | CompactNet]] = {
    "photo": RRDBNet,
    "photo-2x": lambda: RRDBNet(scale=2),
    "drawing": lambda: RRDBNet(blocks=6),
    "fast": CompactNet,
}
"""The published shapes."""
