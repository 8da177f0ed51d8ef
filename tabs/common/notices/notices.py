"""Short confirmations from a page's handler: "Ada is saved." Handlers run outside Gradio's queue, where gr.Info does not work.
A handler calls `notice`; the sentence, with its undo action, is sent in a header of the answer, and page.js shows it in the
corner of the page, as text that screen readers announce.
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
    """An undo action: the act in tabs/common/notices/undo.py, and its object."""

    act: str
    of: str


_said: ContextVar[list[dict[str, object]] | None] = ContextVar("notices of the request being served", default=None)


def notice(sentence: str, undo: Undo | None = None) -> None:
    """Show a sentence on the page whose request is being served, with an undo button if given. Does nothing without a page."""
    said = _said.get()
    if said is not None:
        said.append({"said": sentence[:LONGEST], "undo": None if undo is None else asdict(undo)})


class Notices:
    """ASGI middleware that collects the notices of a handler's request and sends them with the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not str(scope["path"]).endswith(HANDLERS):
            await self._app(scope, receive, send)
            return
        said: list[dict[str, object]] = []  # handlers run in threads with a copy of this context, which refers to this list

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start" and said:
                MutableHeaders(scope=message)[HEADER] = quote(json.dumps(said))
            await send(message)

        token = _said.set(said)
        try:
            await self._app(scope, receive, saying)
        finally:
            _said.reset(token)
