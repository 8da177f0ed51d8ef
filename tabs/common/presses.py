"""Delivery of presses of drawn pieces and buttons: none is lost, and no answer replaces a later choice.

Gradio drops an event while an earlier one of the same listener is pending ("once", its default), repeats an earlier one in place
of the last ("always_last"), or sends all of them at once with the values from before the first answer ("multiple"). Therefore the
page sends presses itself, one at a time and in order (static/scripts/presses.js): Gradio gets "multiple" and never has two
pending, and a last listener in the browser reports that all others have answered and the page holds their values. Updates are
requested through another event (`on_news`), so that they neither replace a press nor wait for one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

import gradio as gr

from tabs.common.wiring import QUIET

PRESS = "click"
ANSWERED_IN_TURN = {"tick", "load"}
"""Events of the page itself, which may be left out while one is pending."""


def on_news(piece: gr.HTML, handler: Callable[..., Any], inputs: Any, outputs: Collection[Any]) -> None:
    """Call `handler` when the page requests an update of `piece`. While an answer is pending, at most one further request is
    queued.
    """
    piece.input(handler, inputs, list(outputs), trigger_mode="always_last", **QUIET)


def keep_presses(page: gr.Blocks) -> None:
    """Deliver every press of the page.

    Call it in the context of the page, after all listeners are attached.
    """
    pressed: dict[int, gr.HTML | gr.Button] = {}
    for listener in page.fns.values():
        pieces = [page.blocks.get(target) for target, event in listener.targets if event == PRESS and target is not None]
        pressable = [piece for piece in pieces if isinstance(piece, gr.HTML | gr.Button)]
        if pressable:
            listener.trigger_mode = "multiple"
            pressed |= {piece._id: piece for piece in pressable}
    for piece in pressed.values():
        piece.elem_id = piece.elem_id or f"press-{piece._id}"  # by which the browser knows it
        piece.click(None, None, None, js=f"() => greenroom.answered({json.dumps(piece.elem_id)})", **QUIET)


def settle_changes(page: gr.Blocks) -> None:
    """Deliver every change of the page, and bring it to rest afterwards.

    Call it in the context of the page, after all listeners are attached. Gradio drops a change while an earlier one of the same
    listener is pending, so that of two voices chosen quickly one is lost: the page repeats the request with the value at that
    time. Choices that carry data of their own, such as the position of a click, are all sent.

    While a listener with "always_last" waits, Gradio's page calls all listeners of the event again. Two such listeners of one
    event that is sent twice keep each other waiting, and the page sends requests for ever. Therefore each event has at most one
    of them, the one that is attached to the most events; the others become "multiple".
    """
    for listener in page.fns.values():
        events = {event for _, event in listener.targets}
        if listener.fn is not None and listener.trigger_mode == "once" and events.isdisjoint(ANSWERED_IN_TURN):
            listener.trigger_mode = "always_last" if events == {"input"} else "multiple"
    heard: dict[tuple[int, str], list[Any]] = {}
    for listener in page.fns.values():
        if listener.fn is not None and listener.trigger_mode == "always_last":
            for target, event in listener.targets:
                if target is not None:
                    heard.setdefault((target, event), []).append(listener)
    for listeners in heard.values():
        waiting = [one for one in listeners if one.trigger_mode == "always_last"]
        for listener in sorted(waiting, key=lambda one: len(one.targets))[:-1]:
            listener.trigger_mode = "multiple"
