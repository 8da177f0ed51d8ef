"""F, the appearance feature extractor: converts a portrait to a feature volume. Upstream:
modules/appearance_feature_extractor.py.
"""

from __future__ import annotations

from torch import Tensor, nn

from engines.faces.liveportrait.networks.blocks import ConvBlock, ResidualVolume

CHANNELS, DEPTH = 32, 16


class AppearanceExtractor(nn.Module):
    """Maps [n, 3, 256, 256] in 0 to 1 to [n, 32, 16, 64, 64].

    Args:
        width: channels of the first layer; 64 in the published weights.
        blocks: volumetric residual blocks; 6 in the published weights.
    """

    def __init__(self, width: int = 64, blocks: int = 6) -> None:
        super().__init__()
        self.first = ConvBlock(3, width)
        self.down_blocks = nn.ModuleList([ConvBlock(width, 2 * width, halve=True), ConvBlock(2 * width, 4 * width, halve=True)])
        self.second = nn.Conv2d(4 * width, CHANNELS * DEPTH, 1)
        self.resblocks_3d = nn.Sequential()
        for number in range(blocks):
            self.resblocks_3d.add_module(f"3dr{number}", ResidualVolume(CHANNELS))

    def forward(self, portrait: Tensor) -> Tensor:
        x = self.first(portrait)
        for block in self.down_blocks:
            x = block(x)
        x = self.second(x)
        return self.resblocks_3d(x.view(len(x), CHANNELS, DEPTH, *x.shape[2:]))
