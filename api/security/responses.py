"""How a request is refused: a sentence, as JSON or as a WebSocket's closing, and a line in the log."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from api.problems import PROBLEM, problem
from api.security.refusal_log import note_refusal

V1 = "/api/v1/"
CODES = {
    400: "request.unknown-host",
    401: "request.no-token",
    403: "request.foreign-page",
    404: "request.nothing-here",
    413: "request.too-large",
    422: "request.unreadable",
    429: "request.too-many-tokens",
}
"""Of what is refused at the way in, by the status."""


async def send_error(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer a request with a written error, or close a WebSocket before it opens; a line in the log says so."""
    note_refusal(scope, sentence)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": sentence[:100]})
        return
    await error_response(scope, sentence, status)(scope, receive, send)


def error_response(scope: Scope, sentence: str, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    """A refusal as the kind of client at this address reads it."""
    if scope["path"].startswith(V1):
        return JSONResponse(problem(status, sentence, CODES.get(status, "request.refused")), status, headers, PROBLEM)
    return JSONResponse(error_body(scope, sentence), status, headers)


def error_body(scope: Scope, sentence: str) -> dict[str, Any]:
    """The sentence where each kind of client looks for it: {"error": …}, OpenAI's object under /v1/, and, for calls, the
    detail that gradio_client reads."""
    if scope["path"].startswith("/v1/"):
        return {"error": {"message": sentence, "type": "invalid_request_error", "param": None, "code": None}}
    if scope["path"].startswith("/gradio_api/queue/"):
        told = {"__type__": "validate", "is_valid": False, "parameter_name": "call", "message": sentence}
        return {"error": sentence, "detail": [told]}
    return {"error": sentence}
