"""The result player: waveform from stored peaks, subtitles, downloads. Its cost does not depend on the length of the sound."""

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
    """What the player shows. Addresses are relative to the page; `peaks` is any number of values from 0 to 1."""

    title: str
    url: str
    duration: float
    peaks: Sequence[float]
    captions_url: str = ""
    downloads: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()


def player(shown: Playable | None) -> str:
    """Return the HTML of the player, or "" if there is nothing to play."""
    if shown is None:
        return ""
    peaks = json.dumps([round(peak, 3) for peak in shown.peaks], separators=(",", ":"))
    return render("common/jobs/player.html", shown=shown, peaks=peaks, duration=f"{shown.duration:.3f}")


def build_player(elem_id: str, **more: Any) -> gr.HTML:
    """Draw the empty player; its value is the result of `player(...)`. `more` is passed to `html_piece`."""
    return html_piece(elem_id=elem_id, on_draw=ON_DRAW, **more)
