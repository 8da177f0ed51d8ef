"""Wraps Gradio's application: allows only the routes on a list and existing calls, and answers failures with a sentence."""

from __future__ import annotations

import logging
import re
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.server_messages import UnexpectedErrorMessage
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.gradio.wanted_routes import is_wanted
from api.problems import unexpected
from api.security.refusal_log import note_refusal
from api.security.request_body import BodyTooLarge
from api.security.responses import RequestRefused, send_error
from api.security.ssrf import CALL
from studio.errors import GreenroomError, InvalidInput, NotFound, storage_error_of

log = logging.getLogger(__name__)

INSUFFICIENT_STORAGE = 507
_RUN = re.compile(r"/gradio_api/(?:run|api)/(?P<name>[^/]+)/?")
_CALL = re.compile(r"/gradio_api/call/(?P<version>v2/)?(?P<name>[^/]+)/?")
_EVENT = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/(?P<event>[^/]+)")


def stand_before(app: FastAPI, page: gr.Blocks) -> None:
    """Wrap the application that Gradio has mounted in `app`, and make it check paths as a launched one does."""
    for route in app.router.routes:
        if isinstance(route, Mount) and getattr(route.app, "blocks", None) is page:
            route.app = GradioBorder(route.app, page)
            page.has_launched = True
            return
    raise RuntimeError("Gradio is not mounted here.")


class GradioBorder:
    """Passes requests that Gradio can answer, and answers others with an error."""

    def __init__(self, app: ASGIApp, page: gr.Blocks) -> None:
        self.app = app
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_wanted(scope["method"], scope["path"]):
            await send_error(scope, receive, send, 404, RequestRefused("request.no-such-page"))
            return
        try:
            self._known(scope["method"], scope["path"], scope.get(CALL))
        except NotFound as error:
            await send_error(scope, receive, send, 404, error)
        except InvalidInput as error:
            await send_error(scope, receive, send, 422, error)
        else:
            if scope["path"] == "/gradio_api/queue/data" and not self._waited_for(scope):
                await _session_not_found(scope, receive, send)
                return
            await self._answered(scope, receive, send)

    def _known(self, method: str, path: str, call: Any) -> None:
        """Pass a request for an existing call, handler or event.

        Raises:
            NotFound, InvalidInput: a call, a number of a handler or an event that is not.
        """
        if method == "POST":
            if found := _RUN.fullmatch(path):
                self._known_call(found["name"], call)
            elif found := _CALL.fullmatch(path):
                self._known_name(found["name"], public=found["version"] is not None)
            elif path == "/gradio_api/queue/join":
                self._known_call(None, call)
        elif (found := _EVENT.fullmatch(path)) and not self._is_event(found["event"]):
            raise NotFound("call.event-unknown")

    def _known_call(self, name: str | None, call: Any) -> None:
        index = call.get("fn_index") if isinstance(call, dict) else None
        if index is None and name is not None:
            self._known_name(name, public=False)
        elif not isinstance(index, int):
            raise InvalidInput("call.fn-index-wrong")
        elif index not in self.page.fns:
            raise NotFound("call.handler-unknown", handler=str(index)[:20])

    def _known_name(self, name: str, *, public: bool) -> None:
        names = {one.api_name for one in self.page.fns.values() if not public or one.api_visibility == "public"}
        if name not in names:
            raise NotFound("call.unknown", call=name[:60])

    def _is_event(self, event: str) -> bool:
        queue = self.page._queue
        if event in queue.event_ids_to_events or event in queue.pending_messages_per_session:
            return True
        return any(event in events for events in queue.pending_event_ids_session.values())

    def _waited_for(self, scope: Scope) -> bool:
        return Request(scope).query_params.get("session_hash", "") in self.page._queue.pending_messages_per_session

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(send)
        try:
            await self.app(scope, receive, answer.send)
        except (BodyTooLarge, ClientDisconnect):
            if not answer.begun:
                raise
        except Exception as error:
            if answer.begun:
                note_refusal(scope, f"its stream ended early ({type(error).__name__})")
                await answer.end()
            else:
                await _said(error, scope, receive, send)
        else:
            await answer.release()


class _Answer:
    """Holds back a response with status 500 that is sent before an exception is raised, so that an error can be sent
    instead."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self.begun = False
        self._ended = False

    async def send(self, message: Message) -> None:
        if self._held or (message["type"] == "http.response.start" and message["status"] == 500):
            self._held.append(message)
            return
        self.begun = True
        self._ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def release(self) -> None:
        """Send the held response: Gradio wrote the error itself."""
        for message in self._held:
            await self._send(message)

    async def end(self) -> None:
        """End a response that has begun, so that the client does not wait for the rest of a chunk."""
        if not self._ended:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def _said(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    if (storage := storage_error_of(error)) is not None:
        log.error("Gradio failed at %s %r: %s", scope["method"], scope["path"][:120], storage)
        await send_error(scope, receive, send, INSUFFICIENT_STORAGE, storage)
    elif scope["method"] == "POST" and isinstance(error, TypeError) and _CALL.fullmatch(scope["path"]):
        await send_error(scope, receive, send, 422, RequestRefused("call.other-values", problem=str(error)[:200]))
    elif scope["method"] != "POST" and isinstance(error, (OSError, ValueError)):
        await send_error(scope, receive, send, 404, RequestRefused("request.nothing-here"))
    else:
        if not isinstance(error, GreenroomError):
            log.error("Gradio failed at %s %r.", scope["method"], scope["path"][:120], exc_info=error)
        await send_error(scope, receive, send, 500, unexpected())


async def _session_not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer like Gradio, which tells an open page that the server has restarted, but end the stream properly."""
    told = UnexpectedErrorMessage(message="404: Not Found", session_not_found=True).model_dump_json()
    note_refusal(scope, "no call of this session waits for an answer")
    await Response(f"data: {told}\n\n", media_type="text/event-stream")(scope, receive, send)
