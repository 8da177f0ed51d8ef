"""Serves the page's scripts as one file, which browsers cache until it changes.

Inline scripts would be sent with every visit, and twice, because Gradio also writes the head into its configuration.
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tabs.common.templating import scripts

ROUTE = "page.js"
"""Relative to the page, so that it works behind a proxy."""
_KEPT = "private, max-age=31536000, immutable"


def script_address() -> str:
    """Return the address of the scripts, which contains a hash of them."""
    return f"{ROUTE}?v={_digest(scripts())}"


def script_route() -> Route:
    """Return the route that serves the scripts as they were at the start."""
    body = scripts()
    mark = _digest(body)

    async def answer(request: Request) -> Response:
        newest = request.query_params.get("v") == mark
        return Response(
            body, media_type="text/javascript", headers={"cache-control": _KEPT if newest else "no-cache", "etag": f'"{mark}"'}
        )

    return Route(f"/{ROUTE}", answer)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
