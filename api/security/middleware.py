"""The security middleware of every request. It is plain ASGI, so it also covers WebSockets and uploads.

Listening on loopback is not sufficient protection, because any page in the same browser can send requests to this machine.
Therefore the Host must be one of ours (against DNS rebinding), writes must come from our own page or from a program (which
sends no Origin), requests from other machines need the token (api/security/auth.py), and the size of requests is limited.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.media_types import PLAYABLE
from api.security.auth import REALTIME_PATH, AuthMiddleware
from api.security.incoming import IncomingFiles
from api.security.refusal_log import RefusalLog
from api.security.request_body import BodyTooLarge
from api.security.responses import RequestRefused, send_error
from api.security.root_path import RootPathMiddleware
from api.security.ssrf import SsrfGuard
from api.security.uploads import UploadCleanup
from studio.access import AuthKeys

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
MEGABYTE = 1024 * 1024

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "content-security-policy": "frame-ancestors 'self'",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

UPLOADED_FILES = ("/gradio_api/file=", "/gradio_api/file/")
SANDBOX = "sandbox; frame-ancestors 'self'"
"""For files that Gradio serves by path: an upload may be HTML or SVG, whose scripts must not run in our origin."""


SHOWN_TYPES = frozenset(kind.partition(";")[0] for kind in PLAYABLE.values()) | {
    "audio/x-wav", "audio/vnd.wave", "audio/x-flac", "audio/ogg", "audio/opus", "audio/webm", "video/ogg", "image/gif",
    "image/bmp", "text/plain",
}  # fmt: skip
"""Types that Gradio may serve for display; HTML, SVG and scripts become downloads without a type."""


def install_guards(
    app: FastAPI,
    *,
    port: int,
    allowed_hosts: Iterable[str],
    max_upload_mb: int,
    files: IncomingFiles,
    shown: tuple[Path, ...] = (),
    keys: AuthKeys | None = None,
    https: bool = False,
    root_path: str = "",
    realtime_origins: Collection[str] = (),
) -> None:
    """Add the security middleware to `app`. Call it before Gradio is mounted: Gradio adds no CORS policy if there is one.

    Args:
        port: of the studio; its own origin is http://<name>:<port>.
        allowed_hosts: further accepted host names, without a port.
        files: checks the paths in calls.
        shown: further folders whose files the page shows.
        keys: for authentication; None disables it, for a studio that only this machine can reach.
        root_path: where a reverse proxy shows the studio, "" without one.
        realtime_origins: of pages elsewhere that may open the socket for programs.
    """
    hosts = frozenset(host.lower() for host in (*LOOPBACK_HOSTS, *allowed_hosts))
    origins = [f"{'https' if https else 'http'}://{host}:{port}" for host in hosts]
    app.add_middleware(UploadCleanup, folder=files.uploads)
    app.add_middleware(SsrfGuard, files=files, shown=shown)
    app.add_middleware(CORSMiddleware, allow_origins=origins, allow_credentials=True, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(BodySizeLimitMiddleware, longest=max_upload_mb * MEGABYTE)
    if keys is not None:
        app.add_middleware(AuthMiddleware, keys=keys, cookie=f"greenroom-{port}", root_path=root_path)
    app.add_middleware(SameOriginReads)
    app.add_middleware(OriginCheckMiddleware, realtime_origins=realtime_origins)
    app.add_middleware(AllowedHostsMiddleware, hosts=hosts)
    app.add_middleware(SecurityHeaders)  # runs before the others and sees every answer, including refusals
    if root_path:
        app.add_middleware(RootPathMiddleware, root_path=root_path)
    app.add_middleware(RefusalLog)  # added last, so it runs first


def hostname(authority: str) -> str:
    """Return the name in a Host header in lower case and without its port; an IPv6 address keeps its brackets."""
    name = authority.strip().lower()
    if name.startswith("["):
        address, _, rest = name.partition("]")
        return f"{address}]" if not rest or rest.startswith(":") else name
    return name.partition(":")[0]


class AllowedHostsMiddleware:
    """Refuses requests with an unknown host name, so that a foreign name that resolves to this machine gets no answer."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and hostname(Headers(scope=scope).get("host", "")) not in self.hosts:
            await send_error(scope, receive, send, 400, RequestRefused("request.unknown-host"))
            return
        await self.app(scope, receive, send)


class OriginCheckMiddleware:
    """Refuses writes and WebSockets from pages of other origins; browsers do not apply CORS to WebSockets."""

    def __init__(self, app: ASGIApp, realtime_origins: Collection[str] = ()) -> None:
        self.app = app
        self._realtime_origins = frozenset(realtime_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and self._foreign(scope) and not self._allowed(scope):
            await send_error(scope, receive, send, 403, RequestRefused("request.foreign-change"))
            return
        await self.app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        """Whether a page that `server.realtime_origins` names opens the socket for programs."""
        origin = Headers(scope=scope).get("origin", "").lower()
        return scope["type"] == "websocket" and scope["path"] == REALTIME_PATH and origin in self._realtime_origins

    @staticmethod
    def _foreign(scope: Scope) -> bool:
        if scope["type"] == "http" and scope["method"] in READING:
            return False
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is not None:
            return origin.partition("://")[2].lower() != headers.get("host", "").lower()
        return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


class SameOriginReads:
    """Refuses requests that pages of other sites cause, such as images, frames and scripts, because each costs the studio work.
    Links to the studio or to a result are allowed. Programs do not send the headers that are checked.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._foreign(scope):
            await send_error(scope, receive, send, 403, RequestRefused("request.foreign-fetch"))
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _foreign(scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return False
        opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        return not (opened and (scope["path"] == "/" or scope["path"].startswith("/media/")))


class SecurityHeaders:
    """Adds headers against type sniffing, framing by other sites, and referrers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(UPLOADED_FILES):
                    headers["content-security-policy"] = SANDBOX
                    if headers.get("content-type", "").partition(";")[0].strip().lower() not in SHOWN_TYPES:
                        headers["content-type"] = "application/octet-stream"
                        headers["content-disposition"] = "attachment"
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BodySizeLimitMiddleware:
    """Refuses requests over `longest` bytes with 413, by the declared length or while the body arrives.

    If the application turns the exception into another answer, that answer is replaced by the 413.
    """

    def __init__(self, app: ASGIApp, longest: int) -> None:
        self.app = app
        self.longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > self.longest:
            await self._refuse(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0
        started = False

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.longest:
                raise BodyTooLarge
            return message

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if received <= self.longest or started:
                started = True
                await send(message)

        try:
            await self.app(scope, counting_receive, guarded_send)
        except Exception:
            if received <= self.longest:
                raise
        if received > self.longest and not started:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self.longest // MEGABYTE
        await send_error(scope, receive, send, 413, RequestRefused("request.too-large", megabytes=limit))
