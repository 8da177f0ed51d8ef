"""The result player: waveform from stored peaks, subtitles under it, downloads. Light for an hour of sound as for a second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from tabs.common.html import clock, html_piece, icon, link, piece

ON_DRAW = "greenroom.mountPlayer(element); greenroom.paintAuditions()"


@dataclass(frozen=True)
class Playable:
    """What the player shows. Addresses are relative to the page; `peaks` are 0..1, any number of them."""

    title: str
    url: str
    duration: float
    peaks: Sequence[float]
    captions_url: str = ""
    downloads: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()


def player(shown: Playable | None) -> str:
    """HTML of the player, "" when there is nothing to play."""
    if shown is None:
        return ""
    peaks = json.dumps([round(peak, 3) for peak in shown.peaks], separators=(",", ":"))
    captions = (
        f'<track kind="subtitles" label="Subtitles" src="{escape(shown.captions_url)}" default>' if shown.captions_url else ""
    )
    downloads = "".join(link(url, label) for label, url in shown.downloads)
    facts = "".join(f"<span>{escape(fact)}</span>" for fact in shown.facts)
    return piece(
        f'<section class="panel player" aria-label="Result" data-peaks="{peaks}" data-duration="{shown.duration:.3f}">'
        f'<div class="row spread"><h3 class="clip">{escape(shown.title)}</h3>'
        f'<span class="clock">0:00 / {clock(shown.duration)}</span></div>'
        f'<canvas aria-hidden="true"></canvas><audio preload="metadata" src="{escape(shown.url)}">{captions}</audio>'
        f'<div class="controls"><button type="button" class="act strong play" aria-label="Play">{icon("play")}</button>'
        f'<input type="range" class="seek" min="0" max="{shown.duration:.3f}" step="0.1" value="0" aria-label="Position">'
        '<button type="button" class="act" data-rate aria-label="Playback speed">1×</button></div>'
        f'<div class="caption" aria-live="off"></div><div class="facts">{facts}</div>'
        f'<div class="downloads">{downloads}</div></section>'
    )


def build_player(elem_id: str, **more: Any) -> gr.HTML:
    """The empty player; give it `player(...)` as its value. `more` goes to `html_piece`."""
    return html_piece(elem_id=elem_id, on_draw=ON_DRAW, **more)
