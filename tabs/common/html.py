"""Small pieces of HTML that the tabs draw. Every value is escaped here: Gradio's templates insert values as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

# Outline icons on a 24 x 24 grid, drawn for this page.
_ICONS = {
    "play": '<path d="M8 5.5v13l10.5-6.5z" fill="currentColor"/>',
    "pause": '<path d="M8 5.5v13M16 5.5v13" stroke-width="3.4"/>',
    "again": '<path d="M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5"/>',
    "edit": '<path d="M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM13.5 7.5l3 3"/>',
    "download": '<path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14"/>',
    "up": '<path d="M12 19V6M6.5 11L12 5.5 17.5 11"/>',
    "down": '<path d="M12 5v13M6.5 13l5.5 5.5 5.5-5.5"/>',
    "trash": '<path d="M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7"/>',
    "settings": '<path d="M4 7h10M18 7h2M4 17h2M10 17h10"/><circle cx="16" cy="7" r="2"/><circle cx="8" cy="17" r="2"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "mode": '<path d="M12 4a8 8 0 1 0 0 16z" fill="currentColor"/><circle cx="12" cy="12" r="8"/>',
    "text": '<path d="M5 6h14M5 11h14M5 16h9"/>',
    "lamp": '<circle cx="12" cy="12" r="4.2" fill="currentColor"/><path d="M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3"/>'
    '<path d="M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M5.3 18.7l2.1-2.1M16.6 7.4l2.1-2.1"/>',
    "face": '<circle cx="12" cy="12" r="8.5"/><path d="M8.5 14.5q3.5 4 7 0zM9 9.5v.5M15 9.5v.5"/>',
    "larger": '<path d="M14 5h5v5M19 5l-7 7M10 19H5v-5M5 19l7-7"/>',
    "swap": '<path d="M4 8.5h13M13.5 5l3.5 3.5L13.5 12M20 15.5H7M10.5 12L7 15.5l3.5 3.5"/>',
    "keep": '<path d="M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7 9.6 9z"/>',
}  # fmt: skip


def sprite() -> str:
    """All icons once, to be referred to by `icon`."""
    symbols = "".join(f'<symbol id="i-{name}" viewBox="0 0 24 24">{path}</symbol>' for name, path in _ICONS.items())
    return f'<svg width="0" height="0" style="position:absolute" aria-hidden="true">{symbols}</svg>'


def icon(name: str) -> str:
    return f'<svg class="i" aria-hidden="true"><use href="#i-{name}"/></svg>'


def button(
    act: str, label: str, picture: str = "", *, show: bool = False, style: str = "plain", word: str = "", **data: Any
) -> str:
    """A real button that sends `act` and `data` to the tab. The label is always there for screen readers; `word` is a part
    of it that is shown instead of the whole. `opens` among the data is a selector of what the press brings up: the page goes
    there."""
    extra = "".join(f' data-{key.replace("_", "-")}="{escape(str(value))}"' for key, value in data.items())
    inside = (icon(picture) if picture else "") + (f"<span>{escape(word or label)}</span>" if show or word or not picture else "")
    return (
        f'<button type="button" class="act {style}" data-act="{escape(act)}"{extra} '
        f'title="{escape(label)}" aria-label="{escape(label)}">{inside}</button>'
    )


def audition(url: str, label: str, *, chain: bool = False) -> str:
    """A round play button for the page's one shared audition player; `chain` goes on to the next when it ends."""
    chained = " data-chain" if chain else ""
    return (
        f'<button type="button" class="act round" data-audition="{escape(url)}"{chained} aria-pressed="false" '
        f'aria-label="{escape(label)}" title="{escape(label)}">{icon("play")}</button>'
    )


def link(url: str, label: str, picture: str = "download", *, style: str = "") -> str:
    return f'<a class="act {style}" href="{escape(url)}" download>{icon(picture)}<span>{escape(label)}</span></a>'


def chip(state: str, label: str | None = None) -> str:
    return f'<span class="chip {escape(state)}">{escape(label or state)}</span>'


def clock(seconds: float) -> str:
    """1:05 or 1:02:03."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def about(seconds: float) -> str:
    """A length of time in words that do not pretend to be exact."""
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def prose(text: str) -> str:
    """A sentence as HTML; what it holds between backticks is a command."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def many(count: int, one: str, more: str = "") -> str:
    """ "1 word", "2 words"; `more` where the plural is not `one` with an s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def size(count: float) -> str:
    """Bytes in the unit a person reads."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit in ("bytes", "kB") or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("the loop always returns")


def piece(content: str) -> str:
    """Wrap drawn HTML so that the page's rules for pieces apply."""
    return f'<div class="g">{content}</div>'


_WIRE = "greenroom.wire(element, trigger); "


def html_piece(
    draw: Callable[[], str] | str = "",
    *,
    elem_id: str,
    on_draw: str = "greenroom.paintAuditions()",
    on_load: str = "",
    live: bool = False,
    value: str = "value || ''",
    **more: Any,
) -> gr.HTML:
    """A gr.HTML whose buttons reach Python: `piece.click(handler)` gets their data in gr.EventData.

    Args:
        on_draw: JavaScript run after each redraw; `element` is at hand. on_load: run once; `trigger` too.
        live: announce changes to screen readers (politely). value: JavaScript for the HTML that is shown.
    """
    template = f'<div aria-live="polite">${{{value}}}</div>' if live else f"${{{value}}}"
    return gr.HTML(
        draw if isinstance(draw, str) else draw(),
        html_template=template,
        js_on_load=f"{_WIRE}{on_load}const draw = () => {{ {on_draw} }}; draw(); watch('value', draw)",
        apply_default_css=False,
        elem_id=elem_id,
        **more,
    )
