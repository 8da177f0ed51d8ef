"""How a plain method becomes a public endpoint: its arguments are checked, and every error of it is a written one."""

from __future__ import annotations

import functools
import inspect
import logging
import typing
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import gradio as gr
from pydantic import BaseModel, ConfigDict, create_model

from api.security.responses import briefly
from studio.errors import GreenroomError, storage_error_of
from studio.validation import validated

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

UNEXPECTED = "Something in the studio went wrong that should not have; its log holds the details."
"""What a caller gets for an unexpected error: never its own text, which may hold paths."""


def endpoint(method: Callable[P, R]) -> Callable[P, R]:
    """Make a method of an endpoints class safe to hand to `gr.api`.

    Gradio checks nothing that arrives over the wire, reads return types unevaluated and shows strangers the text of any
    exception; so the arguments pass through a model made from the signature, the annotations are evaluated once, and what
    goes wrong leaves as a `gr.Error` with the sentence of a GreenroomError.
    """
    signature = inspect.signature(method, eval_str=True)
    model = _arguments_model(method.__name__, signature)
    names = list(signature.parameters)

    @functools.wraps(method)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        this, given = args[0], dict(zip(names[1:], args[1:], strict=False)) | kwargs
        try:
            return method(this, **_checked_arguments(model, given))  # type: ignore[arg-type]
        except GreenroomError as error:
            raise gr.Error(briefly(str(error)), print_exception=False) from None
        except gr.Error:
            raise
        except Exception as error:
            log.exception("The endpoint /%s failed.", method.__name__)
            if (storage := storage_error_of(error)) is not None:
                raise gr.Error(str(storage), print_exception=False) from None
            raise gr.Error(UNEXPECTED, print_exception=False) from None

    checked.__signature__ = signature  # type: ignore[attr-defined]
    checked.arguments = model  # type: ignore[attr-defined]
    checked.__annotations__ = typing.get_type_hints(method)
    return checked


def arguments_of(method: Callable[..., Any]) -> type[BaseModel]:
    """The model that checks an endpoint's arguments; a file is `Any` in it."""
    model: type[BaseModel] = method.arguments  # type: ignore[attr-defined]
    return model


def _arguments_model(name: str, signature: inspect.Signature) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for parameter in list(signature.parameters.values())[1:]:
        kind = Any if parameter.annotation is gr.FileData else parameter.annotation
        fields[parameter.name] = (kind, ... if parameter.default is parameter.empty else parameter.default)
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def _checked_arguments(model: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name; None for one that has a default means the default, as tools send it.

    Raises:
        InvalidInput: naming the argument and what is allowed.
    """
    optional = {name for name, field in model.model_fields.items() if not field.is_required()}
    kept = {name: value for name, value in given.items() if value is not None or name not in optional}
    checked = validated(model, kept, "argument")
    return {name: getattr(checked, name) for name in model.model_fields}
