"""Validation of one parameter's value; errors have the key, the value and what is allowed."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from media.messages.message import Message
from studio.errors import InvalidInput
from studio.workflows.manifest import Parameter, ParameterKind, TemplateInput

LONGEST_TEXT = 20_000
MOST_POINTS = 64


def checked_parameter(parameter: Parameter, given: Any) -> Any:
    """Return `given` as the parameter's type, or its default for None; "draw" for a seed that has to be drawn.

    Raises:
        InvalidInput: of another type, or out of range.
    """
    value = parameter.default if given is None else given
    if parameter.kind is ParameterKind.SEED:
        seed = -1 if value is None else _number(parameter, value, whole=True)
        return "draw" if seed == -1 else _in_range(parameter, seed)
    if parameter.kind is ParameterKind.BOOLEAN:
        if not isinstance(value, bool):
            raise _refused(parameter, value)
        return value
    if parameter.kind is ParameterKind.CHOICE:
        return _choice(parameter, value)
    if parameter.kind is ParameterKind.TEXT:
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise _refused(parameter, value)
        return value
    return _in_range(parameter, _number(parameter, value, whole=parameter.kind is ParameterKind.INTEGER))


def checked_points(place: TemplateInput, given: Any) -> list[dict[str, Any]]:
    """Points as a list of {"x", "y", "subject"}; None and [] mean that nothing was clicked.

    Raises:
        InvalidInput: not points, outside the picture, or none of them on the subject.
    """
    if given is None or given == []:
        if place.required:
            raise InvalidInput("template.points-missing", key=place.key)
        return []
    if not isinstance(given, list | tuple) or len(given) > MOST_POINTS:
        raise InvalidInput("template.points-unreadable", key=place.key)
    points = []
    for each in given:
        if not isinstance(each, dict) or set(each) - {"x", "y", "subject"} or not isinstance(each.get("subject", True), bool):
            raise InvalidInput("template.points-unreadable", key=place.key)
        x, y = each.get("x"), each.get("y")
        if not (_is_number(x) and _is_number(y) and 0 <= x <= 1 and 0 <= y <= 1):
            raise InvalidInput("template.point-outside", key=place.key)
        points.append({"x": float(x), "y": float(y), "subject": each.get("subject", True)})
    if not any(point["subject"] for point in points):
        raise InvalidInput("template.no-point-on-subject", key=place.key)
    return points


def allowed(parameter: Parameter) -> Message:
    """Return what a parameter may be, in words: "a whole number from 1 to 100"."""
    if parameter.kind is ParameterKind.CHOICE:
        return Message.of("template.allows-choice", choices=[str(choice) for choice in parameter.choices])
    if parameter.kind is ParameterKind.BOOLEAN:
        return Message.of("template.allows-truth")
    if parameter.kind is ParameterKind.TEXT:
        return Message.of("template.allows-text", most=LONGEST_TEXT)
    low, high = _plain(parameter.minimum), _plain(parameter.maximum)
    between = ("from-to" if high is not None else "least") if low is not None else ("most" if high is not None else "any")
    return Message.of(
        "template.allows-number", whole=parameter.kind is not ParameterKind.NUMBER, range=between, low=low, high=high,
        multiple=parameter.frames_multiple or None, drawn=parameter.kind is ParameterKind.SEED,
    )  # fmt: skip


def _number(parameter: Parameter, value: Any, *, whole: bool) -> int | float:
    if not _is_number(value) or (whole and value != int(value)):
        raise _refused(parameter, value)
    return int(value) if whole else float(value)


def _in_range(parameter: Parameter, value: int | float) -> int | float:
    low, high, step = parameter.minimum, parameter.maximum, parameter.frames_multiple
    if (low is not None and value < low) or (high is not None and value > high) or (step and (int(value) - 1) % step):
        raise _refused(parameter, value)
    return value


def _choice(parameter: Parameter, value: Any) -> Any:
    for choice in parameter.choices:
        if str(choice) == str(value) and not isinstance(value, bool):
            return choice
    raise _refused(parameter, value)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _plain(value: float | None) -> float | None:
    """An end of a range, whole where it is: 3.0 is read as 3."""
    return int(value) if value is not None and value == int(value) else value


def _refused(parameter: Parameter, value: Any) -> InvalidInput:
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return InvalidInput("template.value-wrong", key=parameter.key, given=shown[:60], allowed=allowed(parameter))
