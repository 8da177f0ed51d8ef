"""Reads a request's body before the application does, and replays it."""

from __future__ import annotations

import json
from typing import Any

from starlette.types import Message, Receive, Scope


class BodyTooLarge(Exception):
    """The body exceeds the limit; raised while it is read."""


async def gather(receive: Receive, most: int | None = None) -> bytes | None:
    """Return the whole body, or None if the client disconnected or the body is longer than `most`."""
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
    """Return a receive channel that gives `body` once and then further messages."""
    given = False

    async def replaying() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaying


def written(value: Any) -> bytes:
    """Return a value as the body of a call."""
    return json.dumps(value).encode()


def sized(scope: Scope, length: int) -> Scope:
    """Return `scope` with the length of another body."""
    headers = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}
