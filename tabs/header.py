"""The line at the top: the name, and the switch between light and dark."""

from __future__ import annotations

from tabs.common.html import html_piece
from tabs.common.templating import render


def build_masthead() -> None:
    html_piece(
        render("common/masthead.html"),
        elem_id="masthead",
        on_draw="element.querySelector('#mode').onclick = greenroom.toggleMode",
    )
