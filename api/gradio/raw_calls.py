"""Readable errors for programs that post to Gradio's routes without its client.

/gradio_api/run/<name> and /gradio_api/call/<name> take {"data": [values in order]}. Gradio does not fill in defaults there and
answers a short or malformed list with an empty error; this middleware adds defaults and names what is missing.
"""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from api.gradio.endpoints import parameters_of
from api.operations.registry import OPERATIONS
from api.security.request_body import gather, replay, sized, written
from api.security.responses import send_error
from studio.errors import InvalidInput

ROUTE = re.compile(r"/gradio_api/(?:run|api|call)/(?P<name>[A-Za-z0-9_]+)/?")


class RawCalls:
    """Completes or refuses the body of a raw call to a public endpoint; other requests pass unchanged. It runs inside the body
    limit, so the body that it reads is bounded.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.parameters = {name: parameters_of(one) for name, one in OPERATIONS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = ROUTE.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None or found["name"] not in self.parameters:
            await self.app(scope, receive, send)
            return
        body = await gather(receive)
        if body is None:
            return
        try:
            body = complete(body, found["name"], self.parameters[found["name"]])
        except InvalidInput as error:
            await send_error(scope, receive, send, 422, error)
            return
        await self.app(sized(scope, len(body)), replay(body, receive), send)


def complete(body: bytes, name: str, parameters: list[inspect.Parameter]) -> bytes:
    """Return the body of a raw call with defaults for values that are missing at the end.

    Raises:
        InvalidInput: it is not a JSON object with a list "data", or the list is too long or lacks what has no default.
    """
    takes = ", ".join(parameter.name for parameter in parameters) or "nothing"
    try:
        call = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise InvalidInput("call.not-json", call=name, takes=takes) from None
    data: Any = call.get("data", []) if isinstance(call, dict) else None
    if not isinstance(data, list):
        raise InvalidInput("call.no-data", call=name, takes=takes)
    if len(data) > len(parameters):
        raise InvalidInput("call.too-many-values", call=name, most=len(parameters), given=len(data), takes=takes)
    for parameter in parameters[len(data) :]:
        if parameter.default is parameter.empty:
            raise InvalidInput("call.value-missing", name=parameter.name, takes=takes)
        data.append(parameter.default)
    return written({**call, "data": data})
