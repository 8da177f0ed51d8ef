"""The state of a page as last sent, with the time of each drawing, so that only changes are sent and no older drawing replaces a
newer one.

Several requests of one page run at the same time, and their answers arrive in any order. Drawings of one page are therefore
serialised, and each begins with a comment that holds its time; the browser keeps the newest (`newest` in
static/scripts/presses.js, `inFront` in static/scripts/page.js).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from tabs.common.notices.answers import moment


@dataclass
class PageState:
    """The values last sent to one page."""

    counter: int = -1
    job: str = ""
    page: int | None = None
    quiet: bool = False
    """Nothing was active at the last poll: the next one stops the timer."""
    pieces: dict[str, int] = field(default_factory=dict)
    _drawing: threading.RLock = field(default_factory=threading.RLock, compare=False, repr=False)
    _now: int = 0

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Hold a lock while data are read and drawn, so that a later drawing has later data."""
        with self._drawing:
            self._now = moment()
            yield

    def news(self, name: str, html: str) -> Any:
        """Return `html` with the time of its drawing, or a skip if the page shows it already."""
        return self._if_changed(name, html, f"<!--{self._now}-->")

    def in_front(self, name: str, html: str, shows: str, *, chosen: bool) -> Any:
        """Return the same for a piece about the job in front.

        Args:
            shows: the job and page that it shows.
            chosen: they have just been chosen, and earlier answers are outdated.
        """
        return self._if_changed(name, html, f"<!--{int(chosen)} {self._now} {shows}-->", shows, again=chosen)

    def _if_changed(self, name: str, html: str, mark: str, shows: str = "", *, again: bool = False) -> Any:
        content = hash((shows, html))
        if self.pieces.get(name) == content and not again:
            return gr.skip()
        self.pieces[name] = content
        return mark + html
