"""The line at the top: the name, the version, and the switch between light and dark."""

from __future__ import annotations

from html import escape

from studio.version import studio_version
from tabs.common.html import html_piece, icon, sprite


def build_masthead() -> None:
    html_piece(
        sprite() + '<a class="skip" href="#script">Skip to the script</a>'
        f'<header class="g bar"><h1 class="name">{icon("lamp")}Greenroom</h1>'
        '<span class="tagline">voice and video, on your own machine</span><span class="grow"></span>'
        f'<span class="version" title="The version of this studio">{escape(studio_version())}</span>'
        '<button type="button" class="act" id="mode" aria-label="Switch between light and dark" title="Light or dark">'
        f"{icon('mode')}</button>"
        "</header>",
        elem_id="masthead",
        on_draw="element.querySelector('#mode').onclick = greenroom.toggleMode",
    )
