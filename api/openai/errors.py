"""Errors in the format of OpenAI's API."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

from fastapi.responses import JSONResponse, Response

from api.problems import unexpected
from studio.errors import EngineNotReady, GreenroomError, InvalidInput, MediaError, NotFound, storage_error_of

log = logging.getLogger(__name__)
P = ParamSpec("P")

CLIENT_ERRORS = (InvalidInput, MediaError)


class WrongParameter(InvalidInput):
    """One parameter of the call is wrong; `param` names it and `openai_code` says how, for programs that know OpenAI's codes."""

    def __init__(
        self, code: str, hint: str = "", /, *, param: str, openai_code: str | None = None, status: int = 400, **parameters: Any
    ) -> None:
        super().__init__(code, hint, **parameters)
        self.param, self.openai_code, self.status = param, openai_code, status


def answer_of(error: GreenroomError) -> JSONResponse:
    """Return the error as {"error": {"message", "type", "param", "code"}} with its status. Clients retry on 5xx, so these are
    used only for errors that may pass by themselves.
    """
    param, code, status = None, None, 400
    if isinstance(error, WrongParameter):
        param, code, status = error.param, error.openai_code, error.status
    elif isinstance(error, NotFound):
        code, status = "not_found", 404
    elif error.retryable:
        code, status = "not_ready", 503
    elif isinstance(error, EngineNotReady):
        code = "not_ready"
    sort = "invalid_request_error" if status < 500 else "server_error"
    return JSONResponse({"error": {"message": str(error), "type": sort, "param": param, "code": code or error.code}}, status)


def openai_answers(route: Callable[P, Awaitable[Response]]) -> Callable[P, Awaitable[Response]]:
    """Return a route that answers errors in that format; unexpected ones without their text."""

    @functools.wraps(route)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            return await route(*args, **kwargs)
        except GreenroomError as error:
            return answer_of(error)
        except Exception as error:
            log.exception("A call to the OpenAI-compatible API failed.")
            if (storage := storage_error_of(error)) is not None:
                return answer_of(storage)
            return JSONResponse(
                {"error": {"message": str(unexpected()), "type": "server_error", "param": None, "code": unexpected().code}}, 500
            )

    return guarded
