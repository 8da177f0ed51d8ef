"""What was uploaded for swaps and is kept: used again, or deleted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape

from studio.preprocessing import Asset
from tabs.common.formats import ago
from tabs.common.html import button, icon, piece, size
from tabs.common.wiring import asset_url

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def assets_list(assets: Sequence[Asset], now: float | None = None) -> str:
    """HTML of the kept uploads, the latest used first."""
    if not assets:
        return piece('<div class="empty">What you upload for a swap is kept here until you delete it.</div>')
    rows = "".join(_row(asset, now or time.time()) for asset in assets)
    return piece(f'<section aria-label="Your uploads"><div class="list">{rows}</div></section>')


def _row(asset: Asset, now: float) -> str:
    name = escape(asset.name)
    shown = icon("text")
    if asset.path.suffix in _PICTURES:
        shown = f'<img class="thumb" src="{escape(asset_url(asset.id))}" alt="" loading="lazy">'
    sure = f"Delete {asset.name}? Results made of it stay."
    actions = button("take", f"Use {asset.name} again", "again", asset=asset.id) + button(
        "drop", f"Delete {asset.name}", "trash", style="plain danger", asset=asset.id, confirm=sure
    )
    return (
        f'<div class="item">{shown}<div><div class="clip" title="{name}">{name}</div>'
        f"<small>{escape(f'{asset.kind} · {size(asset.size)} · {ago(now - asset.used)}')}</small></div>"
        f'<div class="actions">{actions}</div></div>'
    )
