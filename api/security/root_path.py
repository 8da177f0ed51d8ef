"""Support for a reverse proxy that publishes the studio under a path, such as https://example.com/greenroom/."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPathMiddleware:
    """Removes `root_path` from the path of requests, so that proxies work whether they strip the prefix or pass it on. The
    application always sees paths from "/"."""

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
