"""Makes gradio_client return the studio's dicts unchanged.

With the protocol "sse_v3", gradio_client treats any dict with a string under "path" as a file: it downloads the file and
replaces the dict with a local path. A job's outputs, [{"path": …, "kind": …}], would become a list of paths, and listing jobs
would download every narration. With "sse_v2.1", which has the same messages and routes, it does so only for dicts that are
marked as files, as endpoints return them.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SPOKEN = b'"protocol":"sse_v3"'
TOLD = b'"protocol":"sse_v2.1"'


class PlainDictResponses:
    """Changes the name of the protocol in the answer to /config for gradio_client. Pages and other clients get the original."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["path"] != "/config"
            or "gradio_client" not in Headers(scope=scope).get("user-agent", "")
        ):
            await self.app(scope, receive, send)
            return
        plain = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"accept-encoding"]}
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        await self.app(plain, receive, hold)
        body = b"".join(message.get("body", b"") for message in answer[1:]).replace(SPOKEN, TOLD)
        headers = [one for one in answer[0]["headers"] if one[0] != b"content-length"]
        await send({**answer[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})
