"""Reading a request's body before the application does, and handing it on."""

from __future__ import annotations

import json
from typing import Any

from starlette.types import Message, Receive, Scope


class BodyTooLarge(Exception):
    """The body in hand has passed the limit; leaves the reading of it at once."""


async def gather(receive: Receive, most: int | None = None) -> bytes | None:
    """The whole body; None when the caller went away, or when it is longer than `most`."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts += message.get("body", b"")
        if most is not None and len(parts) > most:
            return None
        if not message.get("more_body", False):
            return bytes(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives `body` once and then what comes after it."""
    given = False

    async def replaying() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaying


def written(value: Any) -> bytes:
    """A value as the body of a call."""
    return json.dumps(value).encode()


def sized(scope: Scope, length: int) -> Scope:
    """`scope` for a body of another length than it came with."""
    headers = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}
