"""Short good news from a page's handler: "Ada is saved." Handlers run outside Gradio's queue, where its own notes reach nobody.

A handler calls `notice`; the sentence, with what undoes it, goes along with the answer of the very request that it serves, in a
header, and page.js shows it in the page's corner, as text, read out by screen readers.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-greenroom-notice"
HANDLERS = "/run/predict"
LONGEST = 500


@dataclass(frozen=True)
class Undo:
    """What takes something back: the act of tabs/common/notices/undo.py, and of what."""

    act: str
    of: str


_said: ContextVar[list[dict[str, object]] | None] = ContextVar("notices of the request being served", default=None)


def notice(sentence: str, undo: Undo | None = None) -> None:
    """Show a sentence on the page whose request is being served, with a button that takes back what it tells of; nothing happens
    where there is no page."""
    said = _said.get()
    if said is not None:
        said.append({"said": sentence[:LONGEST], "undo": None if undo is None else asdict(undo)})


class Notices:
    """ASGI middleware: gives each request of a page's handler a list to say things into, and sends it along."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not str(scope["path"]).endswith(HANDLERS):
            await self._app(scope, receive, send)
            return
        said: list[dict[str, object]] = []  # handlers run in threads with a copy of this context, which holds this very list

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start" and said:
                MutableHeaders(scope=message)[HEADER] = quote(json.dumps(said))
            await send(message)

        token = _said.set(said)
        try:
            await self._app(scope, receive, saying)
        finally:
            _said.reset(token)
