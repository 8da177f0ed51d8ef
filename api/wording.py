"""How a request is refused: a sentence, as JSON or as a WebSocket's closing, and a line in the log."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from api.refusals import note_refusal


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer a request with a written error, or close a WebSocket before it opens; a line in the log says so."""
    note_refusal(scope, sentence)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": sentence[:100]})
        return
    await JSONResponse({"error": sentence}, status)(scope, receive, send)
