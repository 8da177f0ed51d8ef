"""Puts texts of the studio into text boxes without replacing or losing what the user has typed.

A handler sends a text for a box (an earlier script, a transcript) to the page, and texts.js inserts it: into an empty box at
once, else after a question, such that Ctrl+Z works, with an Undo button and a copy among the earlier texts under the box, which
survive a reload. A new value for the Gradio component would do none of this.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tabs.common.html import html_piece
from tabs.common.templating import render


@dataclass(frozen=True)
class NewText:
    """A text for one box.

    Args:
        box: its elem_id. words: the text. source: its origin, as in "The script of “The Green Room”", for the question and the
            note. instead_of: a text that may be replaced without a question, because this is its new version.
    """

    box: str
    words: str
    source: str
    instead_of: str | None = None


class NewTexts:
    """The component through which texts reach the page; one for all tabs. It is an output of every handler that sends texts."""

    def __init__(self) -> None:
        self.piece = html_piece(elem_id="new-texts", on_draw="greenroom.takeTexts(element)")

    @staticmethod
    def give(*texts: NewText) -> str:
        """Return the value of the component that sends these texts."""
        return render("common/texts/new_texts.html", texts=texts, moment=time.monotonic_ns())


def build_earlier(box: str) -> Any:
    """Draw the folding list of earlier texts under a box, hidden while it is empty. The browser stores them."""
    return html_piece(
        render("common/texts/earlier_texts.html", box=box), elem_id=f"{box}-earlier", on_draw="greenroom.keepText(element)"
    )
