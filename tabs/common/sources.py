"""Where a tab's inputs come from, and how a result of one tab becomes an input of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tabs.common.wiring import QUIET, Updates, clicked, with_error_toast

LIBRARY = "Library"
"""The choice in a list of sources that means an output of an earlier job."""


@dataclass(frozen=True)
class Receiver:
    """A tab that takes an output in: the act of the buttons that send to it, what it changes, and the updates for an output.

    Raises:
        NotFound: `receive` is given an output that is gone.
    """

    act: str
    outputs: Sequence[Any]
    receive: Callable[[str], Updates]

    def listen(self, sender: gr.HTML) -> None:
        """Take in the output of every pressed button of `sender` that names `act`."""

        @with_error_toast
        def sent(event: gr.EventData) -> Updates:
            data = clicked(event)
            return self.receive(data.get("output", "")) if data.get("act") == self.act else gr.skip()

        sender.click(sent, None, list(self.outputs), **QUIET)
