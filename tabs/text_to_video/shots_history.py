"""Undo and redo for the shot table."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tabs.common.wiring import QUIET, Updates, Values

_MOST = 60
"""Steps that are remembered."""

Rows = list[list[Any]]
History = dict[str, Any]
"""`past` and `future` tables, the nearest last, and the table as it is `now`."""


def remembered(history: History | None, rows: Rows) -> History:
    """Return the history with the table's present state added; a state that undo or redo just set adds nothing."""
    if history is None:
        return {"past": [], "now": rows, "future": []}
    if rows == history["now"]:
        return history
    return {"past": [*history["past"], history["now"]][-_MOST:], "now": rows, "future": []}


def stepped(history: History | None, back: bool) -> History | None:
    """Return the history one step back, or forward; None if there is no such step."""
    taken, other = ("past", "future") if back else ("future", "past")
    if history is None or not history[taken]:
        return None
    return {taken: history[taken][:-1], "now": history[taken][-1], other: [*history[other], history["now"]]}


class ShotsHistory:
    """Draws *Undo* and *Redo*, which are disabled without a step to take."""

    def __init__(self) -> None:
        self._history = gr.State(None)
        self.undo = gr.Button("Undo", size="sm", elem_id="video-shots-undo", interactive=False, min_width=80)
        self.redo = gr.Button("Redo", size="sm", elem_id="video-shots-redo", interactive=False, min_width=80)

    def wire(self, shots: gr.Dataframe) -> None:
        """Record every change of a table, by the user or by the studio."""

        def changed(values: Values) -> Updates:
            return self._shown(remembered(values[self._history], [list(row) for row in values[shots] or []]))

        def back(history: History | None) -> Updates:
            return self._stepped(stepped(history, back=True), shots)

        def forward(history: History | None) -> Updates:
            return self._stepped(stepped(history, back=False), shots)

        told = [self._history, self.undo, self.redo]
        shots.change(changed, {shots, self._history}, told, trigger_mode="always_last", **QUIET)
        self.undo.click(back, self._history, [*told, shots], **QUIET)
        self.redo.click(forward, self._history, [*told, shots], **QUIET)

    def _stepped(self, history: History | None, shots: gr.Dataframe) -> Updates:
        return {self.undo: gr.skip()} if history is None else {**self._shown(history), shots: history["now"]}

    def _shown(self, history: History) -> Updates:
        return {
            self._history: history,
            self.undo: gr.update(interactive=bool(history["past"])),
            self.redo: gr.update(interactive=bool(history["future"])),
        }
