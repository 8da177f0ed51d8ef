"""What was uploaded for swaps and is kept: used again, or deleted."""

from __future__ import annotations

import time
from collections.abc import Sequence

from studio.preprocessing import Asset
from tabs.common.formats import size
from tabs.common.templating import render
from tabs.common.wiring import asset_url

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def assets_list(assets: Sequence[Asset], now: float | None = None) -> str:
    """HTML of the kept uploads, the latest used first."""
    moment = now or time.time()
    return render("character_swap/assets.html", rows=[_row(asset) for asset in assets], now=moment)


def _row(asset: Asset) -> tuple[str, str, str, str, float]:
    """Id, name, address of the picture ("" where it is none), facts, and when it was used."""
    picture = asset_url(asset.id) if asset.path.suffix in _PICTURES else ""
    return asset.id, asset.name, picture, f"{asset.kind} · {size(asset.size)}", asset.used
