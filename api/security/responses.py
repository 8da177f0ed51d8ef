"""Refusals of requests: a sentence as JSON or as the reason of a closed WebSocket, and a line in the log."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from api.problems import PROBLEM, problem
from api.security.refusal_log import note_refusal
from media.messages.languages import SOURCE_LANGUAGE, speaking
from studio.errors import GreenroomError

V1 = "/api/v1/"


class RequestRefused(GreenroomError):
    """A request that is refused, or whose target does not exist."""

    literal_code = "request.refused"


async def send_error(scope: Scope, receive: Receive, send: Send, status: int, error: GreenroomError) -> None:
    """Answer a request with an error, or close a WebSocket before it opens, and log the refusal."""
    with speaking(SOURCE_LANGUAGE):
        note_refusal(scope, str(error), error.code)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": str(error)[:100]})
        return
    await error_response(scope, error, status)(scope, receive, send)


def error_response(scope: Scope, error: GreenroomError, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a refusal in the format of the API to which the path belongs."""
    if scope["path"].startswith(V1):
        return JSONResponse(
            problem(status, str(error), error.code, hint=error.hint, retryable=error.retryable), status, headers, PROBLEM
        )
    return JSONResponse(error_body(scope, error), status, headers)


def error_body(scope: Scope, error: GreenroomError) -> dict[str, Any]:
    """Return the sentence and the code in the fields that each kind of client reads: {"error": …, "code": …}, OpenAI's object
    under /v1/, and, for calls, the detail that gradio_client reads."""
    if scope["path"].startswith("/v1/"):
        return {"error": {"message": str(error), "type": "invalid_request_error", "param": None, "code": error.code}}
    if scope["path"].startswith("/gradio_api/queue/"):
        told = {"__type__": "validate", "is_valid": False, "parameter_name": "call", "message": str(error)}
        return {**told_in_short(error), "detail": [told]}
    return told_in_short(error)


def told_in_short(error: GreenroomError) -> dict[str, Any]:
    """Return the answer of routes without problem details."""
    return {"error": str(error), "code": error.code}
