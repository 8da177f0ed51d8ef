"""Sources of a tab's inputs, and the transfer of results between tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tabs.common.wiring import QUIET, Updates, clicked, with_error_toast

LIBRARY = "Library"
"""The source that stands for an output of an earlier job."""


@dataclass(frozen=True)
class Receiver:
    """A tab that receives an output: the act of the sending buttons, the components that it updates, and the function that
    returns the updates.

    Raises:
        NotFound: `receive` gets an output that no longer exists.
    """

    act: str
    outputs: Sequence[Any]
    receive: Callable[[str], Updates]

    def listen(self, sender: gr.HTML) -> None:
        """Handle the buttons of `sender` with the act `act`."""

        @with_error_toast
        def sent(event: gr.EventData) -> Updates:
            data = clicked(event)
            return self.receive(data.get("output", "")) if data.get("act") == self.act else gr.skip()

        sender.click(sent, None, list(self.outputs), **QUIET)
