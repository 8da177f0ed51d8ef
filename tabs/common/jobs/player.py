"""The result player: waveform from stored peaks, subtitles under it, downloads. Light for an hour of sound as for a second."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tabs.common.html import html_piece
from tabs.common.templating import render

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
    return render("common/player.html", shown=shown, peaks=peaks, duration=f"{shown.duration:.3f}")


def build_player(elem_id: str, **more: Any) -> gr.HTML:
    """The empty player; give it `player(...)` as its value. `more` goes to `html_piece`."""
    return html_piece(elem_id=elem_id, on_draw=ON_DRAW, **more)
