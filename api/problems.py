"""Errors as answers over HTTP: the status of each kind, and its body as RFC 9457 "problem details".

Source: https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from capabilities.director.errors import ProjectConflict
from capabilities.transcription.capability import NoSpeechFound
from studio.comfyui.errors import GraphRefused, UnexpectedAnswer, UploadTooLarge
from studio.errors import (
    Cancelled,
    EngineNotReady,
    GreenroomError,
    InvalidInput,
    MediaError,
    MemoryRefused,
    NotFound,
    SettingsError,
    StorageError,
)
from studio.language.errors import LanguageError, NoLanguageModelError
from studio.library import NotEnoughSpace

PROBLEM = "application/problem+json"
URN = "urn:greenroom:error:"
RETRY_SECONDS = 5
LONGEST_SENTENCE = 2000

STATUSES: tuple[tuple[type[GreenroomError], int], ...] = (
    (NotFound, 404),
    (ProjectConflict, 409),
    (InvalidInput, 422),
    (MediaError, 422),
    (SettingsError, 422),
    (EngineNotReady, 409),
    (MemoryRefused, 503),
    (StorageError, 507),
    (NotEnoughSpace, 507),
    (NoSpeechFound, 422),
    (GraphRefused, 422),
    (UploadTooLarge, 422),
    (UnexpectedAnswer, 502),
    (NoLanguageModelError, 409),
    (LanguageError, 502),
    (Cancelled, 409),
)
"""The first match applies. Other errors are 503 if retrying may help, else 500."""

CODES = {
    "llm.address-forbidden": 422,
    "llm.address-with-password": 422,
    "llm.address-wrong": 422,
    "llm.fixed-by-variable": 409,
    "llm.no-schema": 422,
    "llm.text-too-long": 422,
    "settings.fixed-by-variable": 409,
}
"""Codes whose status is not that of their class: what the caller gave is wrong, not what the language server answered."""

AREAS = {"input": 422, "media": 422}
"""The same for errors of jobs, whose class is not stored, by the area of their code."""

_SPOKEN = {"call.body-not-object": 400, "call.form-not-read": 400, "call.no-file-sent": 400}


class Problem(BaseModel):
    """What went wrong with a call (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Names the error, for programs.", examples=["urn:greenroom:error:input.not-found"])
    title: str = Field(description="What the status means.")
    status: int
    detail: str = Field(description="What is wrong and what to do, in words for a person.")
    code: str = Field(description="The error's stable name; the reference of errors lists them.")
    hint: str = Field("", description="What to do, empty where the rest says it.")
    retryable: bool = Field(False, description="Whether the same call may succeed later.")
    parameters: dict[str, Any] = Field({}, description="What the words were made with.")


def unexpected() -> GreenroomError:
    """Return the error for an unexpected exception, without its text, which may contain paths."""
    return GreenroomError("call.unexpected")


def status_of(error: GreenroomError) -> int:
    if error.code in _SPOKEN:
        return _SPOKEN[error.code]
    if (known := CODES.get(error.code)) is not None:
        return known
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    found = AREAS.get(error.code.partition(".")[0])
    return found or (503 if error.retryable else 500)


def briefly(sentence: str) -> str:
    """Return a sentence, shortened in the middle if it is very long."""
    if len(sentence) <= LONGEST_SENTENCE:
        return sentence
    half = LONGEST_SENTENCE // 2
    return f"{sentence[:half]} … {sentence[-half:]}"


def problem_of(error: GreenroomError) -> dict[str, Any]:
    """Return the body of the answer, as JSON values."""
    fields = error.as_dict()
    parameters = fields.get("parameters", {})
    if len(str(parameters)) > LONGEST_SENTENCE:
        parameters = {}
    return problem(
        status_of(error),
        briefly(str(error)),
        error.code,
        hint=briefly(error.hint),
        retryable=error.retryable,
        parameters=parameters,
    )


def problem(
    status: int, detail: str, code: str, *, hint: str = "", retryable: bool = False, parameters: dict[str, Any] | None = None
) -> dict[str, Any]:
    return Problem(
        type=f"{URN}{code}", title=_title(status), status=status, detail=detail, code=code, hint=hint, retryable=retryable,
        parameters=parameters or {},
    ).model_dump(mode="json")  # fmt: skip


def problem_response(error: GreenroomError) -> JSONResponse:
    body = problem_of(error)
    headers = {"retry-after": str(RETRY_SECONDS)} if body["status"] == 503 else {}
    return JSONResponse(body, body["status"], headers, PROBLEM)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
