"""The list of kept uploads for swaps."""

from __future__ import annotations

import time
from collections.abc import Sequence

from studio.preprocessing import Asset
from tabs.common.formats import size
from tabs.common.templating import render
from tabs.common.wiring import asset_url

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def assets_list(assets: Sequence[Asset], now: float | None = None) -> str:
    """Return the HTML of the kept uploads, the most recently used first."""
    moment = now or time.time()
    return render("character_swap/assets.html", rows=[_row(asset) for asset in assets], now=moment)


def _row(asset: Asset) -> tuple[str, str, str, str, float]:
    """Return id, name, address of the picture ("" if it is no picture), facts, and the time of the last use."""
    picture = asset_url(asset.id) if asset.path.suffix in _PICTURES else ""
    return asset.id, asset.name, picture, f"{asset.kind} · {size(asset.size)}", asset.used
