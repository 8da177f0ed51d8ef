"""Estimated time of a Wan clip on a GPU that has not rendered one yet, from the operation count of the network.

Two published figures calibrate it: FastVideo's page on the DGX Spark (docs/getting_started/installation/spark_performance.md: Wan
2.1 1.3B, 832 x 480 x 81, 50 steps about 12 minutes, 3 distilled steps about 40 seconds a clip), and Wan 2.1's README (the same
clip about 4 minutes on an RTX 4090). Other GPUs are interpolated by the peak rates of their data sheets for dense bfloat16. The
error is up to a half in either direction; the first measured run of a size replaces the estimate.
"""

from __future__ import annotations

import math
import re

from engines.contract import Machine
from engines.contract.card import ProblemSize
from engines.video.wan.models import WanModel
from engines.video.wan.options import SMALL_AREA, WanOptions, settings_for

RATES: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), rate)
    for pattern, rate in (
        (r"GB10", 42),
        (r"\b[HGB]\d?[12]00\b", 400),
        (r"A100", 170),
        (r"RTX PRO 6000|\bL40", 200),
        (r"RTX 6000 Ada", 180),
        (r"RTX A6000", 80),
        (r"5090", 130),
        (r"4090", 110),
        (r"5080", 70),
        (r"4080", 62),
        (r"5070 Ti|4070 Ti", 55),
        (r"5070|4070", 40),
        (r"3090", 45),
        (r"5060|4060|3080", 28),
        (r"3060", 16),
    )
)
"""What a card keeps up in such a network, in 10^12 operations a second, by the first pattern that its name holds."""

TEXT_ON_CPU_SECONDS, TEXT_SECONDS = 15.0, 1.0
DECODED_PIXELS = 50_000
"""A second, for each 10^12 operations a second; in tiles the seams are made twice."""
TILES_COST = 1.65
TRANSFER_GIB = 20.0
"""A second, from the machine's memory to a card on PCIe 4.0 x16 with pinned pages."""


def rate_of(gpu: str) -> float | None:
    """Return the sustained rate of a GPU in 10^12 operations per second; None for an unknown one."""
    return next((rate for pattern, rate in RATES if pattern.search(gpu)), None)


def operations(model: WanModel, extent: ProblemSize) -> float:
    """Return the operations of one transformer pass over a clip: two per weight and token, and attention between all tokens."""
    places = (math.ceil((extent.frames - 1) / 4) + 1) * extent.width * extent.height // model.side_multiple**2
    weights = model.transformer_gib * 2**30 / 2
    return 2.0 * weights * places + 4.0 * places**2 * model.width * model.layers


def seconds_of(model: WanModel, options: WanOptions, extent: ProblemSize, machine: Machine) -> float | None:
    """Return the time from the prompt to the decoded clip with the engine loaded; None on a machine of unknown speed."""
    rate = rate_of(machine.gpu)
    if rate is None:
        return None
    settings = settings_for(model, options, extent.width, extent.height)
    passes = settings.steps * (1 if settings.guidance == 1 else 2)
    one = operations(model, extent) / (rate * 1e12)
    if options.offload == "blocks":  # the next block comes in while one computes
        share = 0.5 if options.storage == "float8" else 1.0
        one = max(one, model.transformer_gib * share / TRANSFER_GIB)
    tiled = options.vae_tiling == "on" or (
        options.vae_tiling == "auto" and extent.width * extent.height > SMALL_AREA and not machine.shared
    )
    decode = extent.units / (DECODED_PIXELS * rate) * (TILES_COST if tiled else 1.0)
    text = TEXT_SECONDS if machine.shared or options.offload == "none" else TEXT_ON_CPU_SECONDS
    return passes * one + decode + text
