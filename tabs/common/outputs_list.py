"""Recent outputs: play, download, use their settings again, keep, delete. The same on every tab."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape

from studio.library.model import LibraryOutput
from tabs.common.html import audition, button, clock, icon, piece, size
from tabs.common.wiring import output_url


def outputs_list(outputs: Sequence[LibraryOutput], now: float | None = None) -> str:
    """HTML of the newest outputs; they are files in the library, so a file deleted by hand is not here any more."""
    if not outputs:
        return piece('<div class="empty">Finished work is kept here until you delete it.</div>')
    rows = "".join(_row(output, now or time.time()) for output in outputs)
    return piece(
        '<section class="panel" aria-label="Recent outputs"><div class="row spread"><h3>Recent outputs</h3></div>'
        f'<div class="list">{rows}</div></section>'
    )


def ago(seconds: float) -> str:
    for limit, unit, word in ((90, 1, "s"), (5400, 60, "min"), (129_600, 3600, "h")):
        if seconds < limit:
            return f"{max(0, seconds) / unit:.0f} {word} ago"
    return f"{seconds / 86_400:.0f} days ago"


def _row(output: LibraryOutput, now: float) -> str:
    title = output.title or output.id
    facts = [ago(now - output.created), output.path.suffix[1:].upper(), size(output.size)]
    if output.duration:
        facts.insert(0, clock(output.duration))
    if output.terms.restriction:
        facts.append(output.terms.restriction)
    hear = audition(output_url(output.id), f"Play {title}") if output.kind == "audio" else icon("text")
    sure = f"Delete {title} and its files?"
    send = button("lip-sync", f"Send {title} to Lip-sync", "face", output=output.id) if output.kind == "audio" else ""
    if output.kind == "video":
        send += button("upscale", f"Make {title} larger", "larger", output=output.id)
    if output.kind in ("video", "image"):
        send += button("to-swap", f"Send {title} to Character Swap", "swap", output=output.id)
    actions = (
        send
        + _settings_button(output, title)
        + f'<a class="act plain" href="{escape(output_url(output.id, download=True))}" download '
        f'aria-label="Download {escape(title)}" title="Download">{icon("download")}</a>'
        + button("delete", f"Delete {title}", "trash", style="plain danger", output=output.id, confirm=sure)
    )
    return (
        f'<div class="item">{hear}<div><div class="clip" title="{escape(title)}">{escape(title)}</div>'
        f'<small>{escape(" · ".join(facts))}</small></div><div class="actions">{actions}</div></div>'
    )


def _settings_button(output: LibraryOutput, title: str) -> str:
    if not output.job:
        return ""
    return button("open", f"Show {title}", "text", output=output.id) + button(
        "use", f"Use the settings of {title}", "settings", output=output.id
    )
