"""Drawn rows for the speakers of a large cast who have no Gradio picker.

Every Gradio component is part of the page from the start, visible or not, and costs loading time. These rows are drawn only when
a script has that many speakers, and share one list of voices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from tabs.common.html import html_piece
from tabs.common.lists.voice_choices import GONE, Choices
from tabs.common.templating import render
from tabs.common.wiring import QUIET, Updates, Values, clicked, with_error_toast

MOST_ROWS = 400


class _Row(NamedTuple):
    name: str
    voice: str
    words: str


class CastRows:
    """The rows with the voice of each.

    Args:
        wishes: the browser's store of chosen voices by speaker, for all scripts.
    """

    def __init__(self, wishes: gr.BrowserState) -> None:
        self._wishes = wishes
        self.chosen = gr.State({})
        """The voice of each speaker who has a row here, by name."""
        self.rows = html_piece(elem_id="cast-rows", on_load="greenroom.castRows(element, trigger); ")
        self.voices = html_piece(elem_id="cast-choices")

    @property
    def drawn(self) -> list[Any]:
        return [self.chosen, self.rows, self.voices]

    def wire(self) -> None:
        self.rows.click(self._choose, {self.chosen, self._wishes}, [self.chosen, self._wishes], **QUIET)

    def shown(self, cast: Mapping[str, str], choices: Choices) -> Updates:
        """Return updates that draw these speakers with their voices; an empty cast has no rows."""
        words = {voice: title for title, voice in choices}
        rows = [_Row(name, voice, words.get(voice, f"{voice} · {GONE}")) for name, voice in cast.items()]
        return {
            self.chosen: dict(cast),
            self.rows: render("voiceover/cast/rows.html", rows=rows),
            self.voices: self.listed(choices if rows else []),
        }

    def listed(self, choices: Choices) -> str:
        """Return the HTML of the rows' list of voices. Choices in the rows do not change."""
        return render("voiceover/cast/voices.html", choices=choices)

    @with_error_toast
    def _choose(self, values: Values, event: gr.EventData) -> Updates:
        """Store a choice. The row shows it already, so nothing is drawn."""
        data = clicked(event)
        chosen = values[self.chosen] or {}
        if data.get("act") != "cast" or data.get("speaker") not in chosen:
            return gr.skip()
        choice = {data["speaker"]: data.get("voice", "")}
        known = values[self._wishes] if isinstance(values[self._wishes], dict) else {}
        return {self.chosen: {**chosen, **choice}, self._wishes: {**known, **choice}}
