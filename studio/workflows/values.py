"""The value of one parameter, checked against its range; errors name the key, the value and what is allowed."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from studio.errors import InvalidInput
from studio.workflows.manifest import Parameter, ParameterKind, TemplateInput

LONGEST_TEXT = 20_000
MOST_POINTS = 64


def checked_parameter(parameter: Parameter, given: Any) -> Any:
    """`given` in the parameter's own kind, or its default for None; "draw" for a seed that is to be drawn.

    Raises:
        InvalidInput: not of the kind, or out of the range.
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


def allowed(parameter: Parameter) -> str:
    """What a parameter may be, in words: "a whole number from 1 to 100"."""
    if parameter.kind is ParameterKind.CHOICE:
        return f"one of {', '.join(str(choice) for choice in parameter.choices)}"
    if parameter.kind is ParameterKind.BOOLEAN:
        return "true or false"
    if parameter.kind is ParameterKind.TEXT:
        return f"a text of at most {LONGEST_TEXT} characters"
    words = "a number" if parameter.kind is ParameterKind.NUMBER else "a whole number"
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None:
        words += f" from {_plain(low)} to {_plain(high)}"
    elif low is not None:
        words += f" of {_plain(low)} or more"
    elif high is not None:
        words += f" up to {_plain(high)}"
    if parameter.frames_multiple:
        words += f" that is a multiple of {parameter.frames_multiple}, plus 1"
    return words + (", or -1 to have one drawn" if parameter.kind is ParameterKind.SEED else "")


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


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _refused(parameter: Parameter, value: Any) -> InvalidInput:
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return InvalidInput("template.value-wrong", key=parameter.key, given=shown[:60], allowed=allowed(parameter))
