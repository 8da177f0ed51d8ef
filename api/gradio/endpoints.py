"""Public calls as Gradio endpoints, for gradio_client: files as Gradio's file data, several answers as a tuple, errors as
sentences."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_origin

import gradio as gr
from pydantic import BaseModel

from api.operations.calling import Operations
from api.operations.files import FileRef, is_file_field
from api.operations.operation import Operation
from api.operations.registry import OPERATIONS
from api.problems import briefly
from studio.errors import GreenroomError


def register(operations: Operations) -> None:
    """Declare every public call in the open Blocks context. Only calls that may take long use Gradio's queue."""
    for name, operation in OPERATIONS.items():
        queue = operation.queue
        places: dict[str, Any] = (
            {"queue": False} if queue is None else {"concurrency_id": queue.name, "concurrency_limit": queue.at_once}
        )
        gr.api(endpoint(operation, operations), api_name=name, api_description=described(operation), **places)


def endpoint(operation: Operation, operations: Operations) -> Callable[..., Any]:
    """Return a function with the call's arguments in its signature, which is what Gradio inspects.

    An error carries its code as the title of `gr.Error`, the only field that clients can read and no page shows.
    """
    names = list(operation.input.model_fields)

    def call(*values: Any) -> Any:
        try:
            answer = operations.call(operation.name, dict(zip(names, values, strict=False)))
        except GreenroomError as error:
            raise gr.Error(briefly(str(error)), title=error.code, print_exception=False) from None
        if operation.parts:
            return tuple(_value(getattr(answer, part)) for part in type(answer).model_fields)
        return _value(answer)

    parameters = parameters_of(operation)
    returns = _returned(operation)
    call.__name__ = operation.name
    call.__signature__ = inspect.Signature(parameters, return_annotation=returns)  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": returns}
    return call


def described(operation: Operation) -> str:
    return f"{operation.summary} {operation.description}".strip()


def parameters_of(operation: Operation) -> list[inspect.Parameter]:
    """Return the parameters with the types and defaults that gradio_client sees; files have Gradio's type."""
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if field.is_required() else field.get_default(),
            annotation=gr.FileData if is_file_field(field) else field.annotation,
        )
        for name, field in operation.input.model_fields.items()
    ]


def _returned(operation: Operation) -> Any:
    if operation.parts:
        kinds = tuple(_kind(field.annotation) for field in operation.output.model_fields.values())
        return tuple[kinds]  # type: ignore[valid-type]
    return _kind(operation.output)


def _kind(output: Any) -> Any:
    """Return the type of an answer for Gradio, where models are dicts."""
    if output is FileRef:
        return gr.FileData
    if get_origin(output) is list:
        return list[_kind(get_args(output)[0])]  # type: ignore[misc]
    return dict[str, Any] if isinstance(output, type) and issubclass(output, BaseModel) else output


def _value(answer: Any) -> Any:
    if isinstance(answer, FileRef):
        return file_data(answer.path)
    if isinstance(answer, BaseModel):
        return answer.model_dump(mode="json", exclude_unset=True)
    return [_value(one) for one in answer] if isinstance(answer, list) else answer


def file_data(path: Path) -> gr.FileData:
    """Return a file of the studio as Gradio's file data."""
    return gr.FileData(path=str(path), orig_name=path.name)
