"""How a request is refused: a sentence, as JSON or as a WebSocket's closing, and a line in the log."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from api.security.refusal_log import note_refusal

LONGEST_SENTENCE = 2000


def briefly(sentence: str) -> str:
    """What is told of an error, with the middle left out where it repeats a value that has no end."""
    if len(sentence) <= LONGEST_SENTENCE:
        return sentence
    half = LONGEST_SENTENCE // 2
    return f"{sentence[:half]} … {sentence[-half:]}"


async def send_error(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer a request with a written error, or close a WebSocket before it opens; a line in the log says so."""
    note_refusal(scope, sentence)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": sentence[:100]})
        return
    await JSONResponse(error_body(scope, sentence), status)(scope, receive, send)


def error_body(scope: Scope, sentence: str) -> dict[str, Any]:
    """The sentence where each kind of client looks for it: {"error": …}, OpenAI's object under /v1/, and, for calls, the
    detail that gradio_client reads."""
    if scope["path"].startswith("/v1/"):
        return {"error": {"message": sentence, "type": "invalid_request_error", "param": None, "code": None}}
    if scope["path"].startswith("/gradio_api/queue/"):
        told = {"__type__": "validate", "is_valid": False, "parameter_name": "call", "message": sentence}
        return {"error": sentence, "detail": [told]}
    return {"error": sentence}
