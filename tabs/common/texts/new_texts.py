"""Words of the studio for a box in which a person writes: nothing that was typed is replaced unasked, and nothing is lost.

A handler that has words for a box (an earlier script, a transcript) gives them to the page, and texts.js puts them there: into an
empty box at once; over what a person wrote only when that is wished, so that Ctrl+Z brings it back, with a note that offers
Undo, and with a copy among the earlier texts under the box, which outlives a reload. Gradio's own way, a new value for the
component, does none of that.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tabs.common.html import html_piece
from tabs.common.templating import render


@dataclass(frozen=True)
class NewText:
    """Words for one box.

    Args:
        box: its elem_id. words: what shall stand in it.
        source: where they come from, as in "The script of “The Green Room”", for the question and the note.
        instead_of: words that may be replaced without a question, because these are their new state.
    """

    box: str
    words: str
    source: str
    instead_of: str | None = None


class NewTexts:
    """The place where words for boxes arrive in the page; one for all tabs. Its piece is an output of every handler that gives
    some."""

    def __init__(self) -> None:
        self.piece = html_piece(elem_id="new-texts", on_draw="greenroom.takeTexts(element)")

    @staticmethod
    def give(*texts: NewText) -> str:
        """The value of the piece that hands these over."""
        return render("common/new_texts.html", texts=texts, moment=time.monotonic_ns())


def build_earlier(box: str) -> Any:
    """The fold under a box with its earlier texts, hidden while there are none; the browser keeps them."""
    return html_piece(
        render("common/earlier_texts.html", box=box), elem_id=f"{box}-earlier", on_draw="greenroom.keepText(element)"
    )
