"""Limits what Gradio stores for each session, so that memory is freed when clients leave.

Gradio gives every session a rendered copy of all components, some megabytes, and keeps ten thousand of them; each call without
a session creates one, and the queue's data for an answer that nobody fetches is never removed. Here a session is the difference
from the page as built, calls without a session store none, and the number of sessions of clients that left is limited. A
session with an open stream is never dropped. A page that comes back after its session was dropped continues with the initial
state, as after a restart of the server.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import ChainMap, Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import gradio as gr
from fastapi import FastAPI
from gradio import route_utils, routes
from gradio.blocks import BlocksConfig
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from api.gradio.bounded import Bounded, BoundedDefault, EmptySet

SESSIONS = 50
"""Sessions kept without an open stream, some hundred kilobytes each, for clients that come back after a pause."""

MAILBOXES = 500
"""Answers kept until they are fetched."""

UPLOADS_WATCHED = 200
"""Uploads of which the progress is kept."""

WAITING = 2000
"""Calls in Gradio's queue; further ones are answered with 503."""

_STREAM = re.compile(r"/gradio_api/(?:heartbeat/(?P<session>[^/]+)|queue/data|call/(?:v2/)?[^/]+/(?P<event>[^/]+))/?")


class Session(SessionState):
    """What differs in one session from the page as built: values of `gr.State`, and components that a handler changed.

    Gradio also keeps the rendered configuration of every component, which is only used for deep links; the studio has none.
    """

    def __init__(self, blocks: gr.Blocks) -> None:
        built = blocks.default_config
        self.blocks_config = BlocksConfig(blocks)
        self.blocks_config.blocks = ChainMap({}, built.blocks)  # type: ignore[assignment]
        self.blocks_config.fns = dict(built.fns) if built.renderables else built.fns
        self.blocks_config.fn_id = built.fn_id
        self.blocks_config.renderables = list(built.renderables)
        self.config_values: dict[int, Any] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, Any] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def __setitem__(self, key: int, value: Any) -> None:
        if self.blocks_config.blocks.get(key) is not value:  # Gradio puts components back as they were
            super().__setitem__(key, value)
            self.config_values.clear()

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class Sessions(StateHolder):
    """The sessions of one page, with Gradio's interface. Sessions in use are kept, and a few others. Use it on the event loop
    only."""

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__()
        self._holders: Counter[str] = Counter()
        self.session_data: Bounded[SessionState] = Bounded(SESSIONS, self.held, self._forget)  # type: ignore[assignment]
        self.set_blocks(blocks)

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id in self.blocks._queue.event_ids_to_events:
            return Session(self.blocks)  # a call that came without a session, which Gradio names after the call
        found = self.session_data.get(session_id)
        if found is None:
            found = Session(self.blocks)
        self.session_data[session_id] = found
        return found

    def update(self, session_id: str) -> None:
        """Does nothing: a look-up makes an entry the newest."""

    def held(self, session_id: str) -> bool:
        """Return whether a stream of this session is open."""
        return self._holders[session_id] > 0

    @contextmanager
    def holding(self, session_id: str) -> Iterator[None]:
        """Keep the session while a stream or a socket of it is open."""
        self._holders[session_id] += 1
        try:
            yield
        finally:
            self._holders[session_id] -= 1
            if not self._holders[session_id]:
                del self._holders[session_id]
                self._left(session_id)

    def _left(self, session_id: str) -> None:
        """Called when the last stream has closed: drops fetched answers; the session may now be dropped."""
        queue = self.blocks._queue
        if not queue.pending_event_ids_session.get(session_id):
            queue.pending_event_ids_session.pop(session_id, None)
            queue.pending_messages_per_session.pop(session_id, None)
        if session_id in self.session_data:
            self.session_data.move_to_end(session_id)
            self.session_data.trim()

    def _forget(self, session_id: str) -> None:
        self.time_last_used.pop(session_id, None)


class HeldSessions:
    """ASGI middleware that keeps a session while a stream of it is open."""

    def __init__(self, app: ASGIApp, page: gr.Blocks) -> None:
        self._app, self._page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = session_of(scope) if scope["type"] == "http" and scope["method"] == "GET" else ""
        if not session:
            await self._app(scope, receive, send)
            return
        sessions = self._page.state_holder
        assert isinstance(sessions, Sessions)
        with sessions.holding(session):
            await self._app(scope, receive, send)


def session_of(scope: Scope) -> str:
    """Return the session whose stream this request opens, or "" for another request."""
    found = _STREAM.fullmatch(scope["path"])
    if found is None:
        return ""
    if named := found["session"] or found["event"]:
        return str(named)
    return parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]


def bound_memory(app: FastAPI, page: gr.Blocks) -> None:
    """Limit what Gradio stores for `page`. Call it after the page is mounted on `app` and before the first request."""
    sessions = page.state_holder = Sessions(page)
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, routes.App):
            route.app.state_holder = sessions
    route_utils.SessionState = Session  # type: ignore[misc, assignment] # for calls that come without a session
    queue = page._queue

    def mail_in_use(session: str) -> bool:
        ids = queue.pending_event_ids_session.get(session, ())
        return sessions.held(session) or any(one in queue.event_ids_to_events for one in ids)

    ids: Bounded[set[str]] = Bounded(2 * MAILBOXES, mail_in_use)
    queue.pending_event_ids_session = ids
    queue.pending_messages_per_session = Bounded(  # type: ignore[assignment]
        MAILBOXES, mail_in_use, lambda session: ids.pop(session, None)
    )
    queue.max_size = WAITING
    # Gradio's /monitoring is closed; otherwise a summary of ten thousand calls would be computed after each call
    queue.ANALYTICS_MAX_EVENTS, queue.ANAYLTICS_CACHE_FREQUENCY = 1, sys.maxsize
    progress = routes.file_upload_statuses
    progress._statuses = Bounded(UPLOADS_WATCHED)
    progress._signals = BoundedDefault(UPLOADS_WATCHED, asyncio.Event)  # type: ignore[assignment]
    page.upload_file_set = EmptySet()
    page.temp_file_sets = [page.upload_file_set]
    for block in page.blocks.values():
        block.temp_files = EmptySet()
