"""Reads the arguments of a call from a JSON object, from a form with files, or, for reading calls, from the query."""

from __future__ import annotations

import shutil
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.operations.files import FileInputs, is_file_field
from api.operations.operation import Operation
from api.security.incoming import read_json
from studio.errors import InvalidInput

COPY_BYTES = 1 << 20
MOST_PARTS = 64
LONGEST_PART = 2 << 20
"""Maximum size of a form value that is no file; a book is under two megabytes."""


async def arguments_of(request: Request, operation: Operation, files: FileInputs) -> Mapping[str, Any]:
    """
    Raises:
        InvalidInput: what was sent cannot be read.
    """
    if request.method in ("GET", "HEAD"):
        return {name: from_text(operation, name, value) for name, value in request.query_params.items()}
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await _form(request, operation, files)
    body = await request.body()
    given: Any = read_json(body) if body.strip() else {}
    if not isinstance(given, dict):
        raise InvalidInput("call.body-not-object", arguments=", ".join(operation.input.model_fields) or "{}")
    return given


def from_text(operation: Operation, name: str, text: str) -> Any:
    """Convert a value that was sent as text to the type of its argument: text and files unchanged, everything else from JSON.
    Text that is no JSON is left to the validation of the arguments, which names the expected type."""
    field = operation.input.model_fields.get(name)
    if field is None or is_file_field(field) or _takes_text(field):
        return text
    try:
        return read_json(text.encode())
    except InvalidInput:
        return text


def _takes_text(field: FieldInfo) -> bool:
    return str in _kinds(field.annotation)


def _kinds(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        yield from typing.get_args(annotation)
    else:
        yield annotation


async def read_form(request: Request) -> FormData:
    """
    Raises:
        InvalidInput: it is no form that can be read.
    """
    try:
        return await request.form(max_files=MOST_PARTS, max_fields=MOST_PARTS, max_part_size=LONGEST_PART)
    except HTTPException:
        raise InvalidInput("call.form-not-read") from None


async def _form(request: Request, operation: Operation, files: FileInputs) -> Mapping[str, Any]:
    form = await read_form(request)
    try:
        arguments: dict[str, Any] = {}
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                arguments[name] = await run_in_threadpool(stored, value, files)
            else:
                arguments[name] = from_text(operation, name, value)
        return arguments
    finally:
        await form.close()


def stored(sent: UploadFile, files: FileInputs) -> str:
    """Store an uploaded file and return the reference by which calls name it."""
    path = files.place(sent.filename or "file")
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(sent.file, file, COPY_BYTES)
    except OSError:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return files.reference(path)
