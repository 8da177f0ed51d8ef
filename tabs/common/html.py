"""HTML components whose buttons call Python."""

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
    """Return a gr.HTML whose buttons call Python: a handler of `piece.click` gets their data as gr.EventData.

    Args:
        on_draw: JavaScript that runs after each redraw, with `element`. on_load: runs once, with `trigger` as well.
        live: announce changes to screen readers (politely). value: JavaScript expression for the HTML.
    """
    return gr.HTML(
        draw if isinstance(draw, str) else draw(),
        html_template=f"${{greenroom.live({value})}}" if live else f"${{{value}}}",
        js_on_load=f"{_WIRE}{on_load}const draw = () => {{ {on_draw} }}; draw(); watch('value', draw)",
        apply_default_css=False,
        elem_id=elem_id,
        **more,
    )
