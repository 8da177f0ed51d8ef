"""A drawn piece of a tab: HTML from a template whose buttons reach Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

_WIRE = "greenroom.wire(element, trigger); "


def html_piece(
    draw: Callable[[], str] | str = "",
    *,
    elem_id: str,
    on_draw: str = "greenroom.paintAuditions()",
    on_load: str = "",
    live: bool = False,
    value: str = "value || ''",
    **more: Any,
) -> gr.HTML:
    """A gr.HTML whose buttons reach Python: `piece.click(handler)` gets their data in gr.EventData.

    Args:
        on_draw: JavaScript run after each redraw; `element` is at hand. on_load: run once; `trigger` too.
        live: announce changes to screen readers (politely). value: JavaScript for the HTML that is shown.
    """
    return gr.HTML(
        draw if isinstance(draw, str) else draw(),
        html_template=f"${{greenroom.live({value})}}" if live else f"${{{value}}}",
        js_on_load=f"{_WIRE}{on_load}const draw = () => {{ {on_draw} }}; draw(); watch('value', draw)",
        apply_default_css=False,
        elem_id=elem_id,
        **more,
    )
