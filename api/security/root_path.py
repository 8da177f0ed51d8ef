"""The studio behind a reverse proxy that shows it under a path, such as https://example.com/greenroom/."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPathMiddleware:
    """Take `root_path` off the path of every request that carries it, so that both kinds of proxy work: one that strips it
    and one that passes it on. Everything inside sees the studio at "/"."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app = app
        self.root = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path == self.root and scope["type"] == "http":
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"{self.root}/{'?' + query if query else ''}", 307)(scope, receive, send)
            return
        if path.startswith(f"{self.root}/"):
            raw = scope.get("raw_path")
            scope = {**scope, "path": path[len(self.root) :]}
            if isinstance(raw, bytes) and raw.startswith(self.root.encode()):
                scope["raw_path"] = raw[len(self.root) :]
        await self.app(scope, receive, send)
