"""The line at the top: the name, the version, and the switch between light and dark."""

from __future__ import annotations

from studio.version import studio_version
from tabs.common.html import html_piece
from tabs.common.templating import render


def build_masthead() -> None:
    html_piece(
        render("common/masthead.html", version=studio_version()),
        elem_id="masthead",
        on_draw="element.querySelector('#mode').onclick = greenroom.toggleMode",
    )
