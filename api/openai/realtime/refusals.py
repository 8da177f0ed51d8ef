"""What is wrong with an event, in the words and codes that programs made for OpenAI's API know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from api.openai.errors import WrongParameter
from studio.errors import GreenroomError, InvalidInput

ServerEvent = dict[str, Any]
"""An event for the client, as JSON values."""


def new_id(kind: str) -> str:
    """Return an id in OpenAI's format: "item_" and 21 characters."""
    return f"{kind}_{uuid4().hex[:21]}"


def server_event(type: str, **fields: Any) -> ServerEvent:
    return {"type": type, "event_id": new_id("event"), **fields}


def error_event(error: GreenroomError, event_id: str | None = None) -> ServerEvent:
    """Return an error as an event; `event_id` is that of the client's event."""
    known = isinstance(error, WrongParameter)
    fields = {
        "type": "invalid_request_error" if isinstance(error, InvalidInput) else "server_error",
        "code": error.openai_code if isinstance(error, WrongParameter) else error.code,
        "message": str(error),
        "param": error.param or None if known and isinstance(error, WrongParameter) else None,
        "event_id": event_id,
    }
    return server_event("error", error=fields)


Place = tuple[str | int, ...]


def refusal_of(problem: ValidationError, prefix: str = "", named: Callable[[Place], Place] = tuple) -> WrongParameter:
    """Return the first validation error of a value; `named` maps its path to the client's names."""
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in (prefix, *named(first["loc"])) if part != "")[:200]
    if first["type"] == "missing":
        return WrongParameter("openai.realtime-missing", param=where, openai_code="missing_required_parameter", name=where)
    if first["type"] == "extra_forbidden":
        return WrongParameter("openai.realtime-unknown", param=where, openai_code="unknown_parameter", name=where)
    return WrongParameter(
        "openai.realtime-invalid", param=where, openai_code="invalid_value", name=where or "event", problem=first["msg"]
    )
