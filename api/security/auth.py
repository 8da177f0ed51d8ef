"""Token authentication for every path, socket and stream, whichever application serves it. Only /healthz is open. Gradio's
login is not used, because it does not protect its MCP routes, several streams and the studio's own routes. A client sends the
token in one of three ways:

- `Authorization: Bearer TOKEN`, by programs: gradio_client, OpenAI's client (as its api_key), MCP clients, curl;
- the link `/?token=TOKEN`, answered with a cookie and a redirect that removes the token from the address bar;
- the form of the sign-in page, answered with the same cookie.

The cookie does not contain the token but is derived from it, and becomes invalid with it.
"""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.security.rate_limit import FailedAuthLimiter
from api.security.refusal_log import caller, note_refusal
from api.security.responses import RequestRefused, error_response
from api.security.sign_in_page import HEADERS, sign_in_page
from studio.access import AuthKeys

OPEN_PATH = "/healthz"
SIGN_IN_PATH = "/sign-in"
REALTIME_PATH = "/v1/realtime"
KEY_PROTOCOL = "openai-insecure-api-key."
COOKIE_SECONDS = 180 * 86_400
LONGEST_FORM = 4096


class AuthMiddleware:
    """Passes requests with the token to `app` and refuses all others.

    Args:
        cookie: name of the cookie; one for each port, since browsers keep a host's cookies for all its ports.
        root_path: where a reverse proxy shows the studio, "" without one.
    """

    def __init__(
        self, app: ASGIApp, keys: AuthKeys, cookie: str, root_path: str = "", failures: FailedAuthLimiter | None = None
    ) -> None:
        self.app = app
        self._token = _digest(keys.token)
        self._pass = hmac.new(keys.signing.encode(), keys.token.encode(), hashlib.sha256).hexdigest()
        self._cookie = cookie
        self._root = root_path
        self._failures = failures or FailedAuthLimiter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or (scope["type"] == "http" and scope["path"] == OPEN_PATH):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        shown = self._shown_cookie(headers)
        if shown is not None and hmac.compare_digest(shown.encode(), self._pass.encode()):
            if scope["type"] == "http" and (_link_token(scope) is not None or scope["path"] == SIGN_IN_PATH):
                await self._let_in(scope)(scope, receive, send)  # a bookmark: redirect to an address without the token
                return
            await self.app(scope, receive, send)
            return
        answer = await self._without_cookie(scope, receive, headers, stale=shown is not None)
        if answer is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": str(RequestRefused("request.no-token"))[:100]})
        else:
            await answer(scope, receive, send)

    async def _without_cookie(self, scope: Scope, receive: Receive, headers: Headers, *, stale: bool) -> Response | None:
        """Return the answer to a request without a valid cookie, or None if it is allowed."""
        bearer = _bearer(headers) or _protocol_key(scope, headers)
        given = bearer or (_link_token(scope) if scope["type"] == "http" else None)
        if given is None and scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", SIGN_IN_PATH):
            given = await _form_token(scope, receive)
        if given is None and not stale:
            note_refusal(scope, "no token", "request.no-token")
            return self._refusal(scope, 401)
        if wait := self._failures.wait_seconds(caller(scope)):
            note_refusal(scope, "too many wrong tokens", "request.too-many-tokens")
            return self._refusal(scope, 429, wait=wait)
        if given is not None and hmac.compare_digest(_digest(given), self._token):
            return None if bearer else self._let_in(scope)
        self._failures.add(caller(scope))
        note_refusal(scope, "a wrong token", "request.wrong-token")
        return self._refusal(scope, 401, wrong=given is not None, forget=stale)

    def _shown_cookie(self, headers: Headers) -> str | None:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return None
        return found.value if found is not None else None

    def _let_in(self, scope: Scope) -> Response:
        """Return a redirect to the same address without the token, with the cookie."""
        rest = [
            (key, value)
            for key, values in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).items()
            for value in values
            if key != "token"
        ]
        answer = RedirectResponse(f"{self._root}/{'?' + urlencode(rest) if rest else ''}", 303, {"cache-control": "no-store"})
        answer.set_cookie(
            self._cookie,
            self._pass,
            max_age=COOKIE_SECONDS,
            path=f"{self._root}/",
            httponly=True,
            samesite="lax",
            secure=scope["scheme"] == "https",
        )
        return answer

    def _refusal(self, scope: Scope, status: int, *, wrong: bool = False, wait: int = 0, forget: bool = False) -> Response:
        error = RequestRefused("request.wrong-token" if wrong else "request.no-token")
        if wait:
            error = RequestRefused("request.too-many-tokens", retryable=True, seconds=wait)
        answer: Response
        if scope["type"] == "http" and _wants_a_page(scope):
            page = sign_in_page(f"{self._root}{SIGN_IN_PATH}", str(error) if wrong or wait else "")
            answer = HTMLResponse(page, status, HEADERS)
        else:
            answer = error_response(scope, error, status, {"cache-control": "no-store"})
        if wait:
            answer.headers["retry-after"] = str(wait)
        else:
            answer.headers["www-authenticate"] = 'Bearer realm="Greenroom"'
        if forget:
            answer.delete_cookie(self._cookie, path=f"{self._root}/")
        return answer


def _digest(token: str) -> bytes:
    """Return a digest of constant length, so that comparing reveals nothing about the token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _protocol_key(scope: Scope, headers: Headers) -> str | None:
    """The key among the subprotocols of a socket: a page cannot set headers for one. Only that for programs is asked so."""
    if scope["type"] != "websocket" or scope["path"] != REALTIME_PATH:
        return None
    offered = (one.strip() for one in headers.get("sec-websocket-protocol", "").split(","))
    return next((one.removeprefix(KEY_PROTOCOL) for one in offered if one.startswith(KEY_PROTOCOL)), None) or None


def _link_token(scope: Scope) -> str | None:
    if scope["method"] not in ("GET", "HEAD") or scope["path"] != "/" or not scope["query_string"]:
        return None
    given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    return given[0] if given else None


async def _form_token(scope: Scope, receive: Receive) -> str | None:
    body = b""
    async for block in Request(scope, receive).stream():
        body += block
        if len(body) > LONGEST_FORM:
            return None
    given = parse_qs(body.decode("latin-1")).get("token")
    return given[0].strip() if given else None


def _wants_a_page(scope: Scope) -> bool:
    at_form = (scope["method"], scope["path"]) == ("POST", SIGN_IN_PATH)
    return (scope["method"] in ("GET", "HEAD") or at_form) and "text/html" in Headers(scope=scope).get("accept", "")
