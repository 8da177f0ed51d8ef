"""Presses of drawn pieces and of buttons: none is lost, and no answer comes over a later choice.

Gradio drops an event while an earlier one of the same listener is pending ("once", its default), repeats an earlier one in place
of the last ("always_last"), or sends all of them at once with what the page held before the first was answered ("multiple").
Therefore the page sends presses itself, one at a time and in order (static/scripts/presses.js): Gradio is told "multiple" and
never has two, and a last listener in the browser tells that all others have answered and that the page holds what they said.
News are asked for through another event (`on_news`), so they neither take the place of a press nor wait for one.
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
    """Call `handler` when the page asks for news of `piece`. While an answer is pending the page asks once more at most."""
    piece.input(handler, inputs, list(outputs), trigger_mode="always_last", **QUIET)


def keep_presses(page: gr.Blocks) -> None:
    """Let every press of the page count. Called within the context of the page, when all listeners are there."""
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
    """Let every change count and the page come to rest after it. Called within the context of the page, when all listeners are
    there.

    Gradio drops a change while an earlier one of the same listener is pending, so that of two voices chosen quickly one is lost:
    the page asks again with what stands there then. Choices that carry data of their own, such as the place that was clicked on,
    are all sent.

    Where a listener of "always_last" was kept waiting, Gradio's page calls all listeners of the event again. Two such listeners
    of one event that is sent twice keep each other waiting, and the page asks for ever. So each event has one of them at most,
    that which listens to the most; the others are called with it.
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
