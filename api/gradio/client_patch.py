"""Makes gradio_client hand over the studio's dicts as they are.

Told that the server speaks "sse_v3", gradio_client takes any dict with a text under "path" for a file: it downloads the
file and puts its own path in the dict's place. A job's outputs, [{"path": …, "kind": …}], would arrive as a list of paths,
and a look at the list of jobs would download every narration in it. Told "sse_v2.1", the same messages over the same
routes, it does so only with what is marked as a file, which is what endpoints return as one.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SPOKEN = b'"protocol":"sse_v3"'
TOLD = b'"protocol":"sse_v2.1"'


class PlainDictResponses:
    """Change the protocol's name in the answer to /config when gradio_client asks; pages and others get it as it is."""

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
