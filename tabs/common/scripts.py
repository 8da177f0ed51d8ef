"""The page's own scripts as one file beside the page, which browsers keep until it changes.

In the page itself they would come with every visit, and twice: Gradio writes the head into its configuration too.
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tabs.common.templating import scripts

ROUTE = "page.js"
"""Relative to the page, so that it holds behind a proxy's path."""
_KEPT = "private, max-age=31536000, immutable"


def script_address() -> str:
    """Where the page finds its scripts; another address for every content."""
    return f"{ROUTE}?v={_digest(scripts())}"


def script_route() -> Route:
    """Gives them out, as they were when the studio was started."""
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
