"""HTML components whose buttons call Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

_WIRE = "trigger = greenroom.inOrder(element, trigger, {together}); greenroom.wire(element, trigger); "


def html_piece(
    draw: Callable[[], str] | str = "",
    *,
    elem_id: str,
    on_draw: str = "greenroom.paintAuditions()",
    on_load: str = "",
    live: bool = False,
    value: str = "value || ''",
    together: bool = False,
    **more: Any,
) -> gr.HTML:
    """Return a gr.HTML whose buttons call Python: a handler of `piece.click` gets their data as gr.EventData.

    Args:
        on_draw: JavaScript that runs after each redraw, with `element`. on_load: runs once, with `trigger` as well.
        live: announce changes to screen readers (politely). value: JavaScript expression for the HTML.
        together: presses do not wait for each other: a handler takes seconds, and reads nothing that another one changes
            (tabs/common/presses.py).
    """
    wired = _WIRE.format(together="true" if together else "false")
    return gr.HTML(
        draw if isinstance(draw, str) else draw(),
        html_template=f"${{greenroom.live({value})}}" if live else f"${{{value}}}",
        js_on_load=f"{wired}{on_load}const draw = () => {{ {on_draw} }}; draw(); watch('value', draw)",
        apply_default_css=False,
        elem_id=elem_id,
        **more,
    )


def newest(name: str) -> str:
    """Return the JavaScript expression for the value of a piece whose drawings carry their time (`PageState.news`)."""
    return f"greenroom.newest('{name}', value)"
