"""Values as JSON with binary frames: the only values that can be passed between the studio and a worker.

JSON's own types are written as they are, except objects: every other value is an object with the key `$` naming its type.

| value | written as |
| --- | --- |
| dict with text keys | `{"$": "dict", "v": {…}}` |
| tuple | `{"$": "tuple", "v": […]}` |
| Path | `{"$": "path", "v": "…"}` |
| bytes | `{"$": "bytes", "f": frame}` |
| numpy array of numbers | `{"$": "array", "f": frame, "d": "<f4", "s": [shape]}` |
| a value of WIRE_VALUES | `{"$": "Speech", "v": {field: …}}` |

pydantic models become dicts (the receiver validates them again), numpy scalars become Python's numbers.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import BaseModel

from engines.contract import WIRE_VALUES
from engines.contract.errors import WireError

Buffer = bytes | bytearray | memoryview
DEEPEST = 60
MOST_DIMENSIONS = 8
DTYPES = frozenset({"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"})
REGISTERED: dict[str, type] = {value.__name__: value for value in WIRE_VALUES}


def encode(value: Any) -> tuple[Any, list[Buffer]]:
    """Return a value as JSON-ready objects, and the frames that they refer to.

    Raises:
        WireError: names the type that cannot be passed.
    """
    frames: list[Buffer] = []
    return _encode(value, frames, 0), frames


def decode(body: Any, frames: Sequence[Buffer]) -> Any:
    """Return the value that `encode` was given; arrays and bytes are views or copies of the frames.

    Raises:
        WireError: for anything that `encode` does not write, and for fields that a value's class refuses.
    """
    try:
        return _decode(body, frames, 0)
    except RecursionError as error:
        raise WireError("wire.carried-too-deep") from error


def _encode(value: Any, frames: list[Buffer], depth: int) -> Any:
    if depth > DEEPEST:
        raise WireError("wire.nested-too-deep")
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return _encode(value.item(), frames, depth + 1)
    if isinstance(value, list):
        return [_encode(item, frames, depth + 1) for item in value]
    return _encode_object(value, frames, depth)


def _encode_object(value: Any, frames: list[Buffer], depth: int) -> dict[str, Any]:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, tuple):
        return {"$": "tuple", "v": [_encode(item, frames, depth + 1) for item in value]}
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise WireError("wire.keys-not-text")
        return {"$": "dict", "v": {str(key): _encode(item, frames, depth + 1) for key, item in value.items()}}
    if isinstance(value, Path):
        return {"$": "path", "v": str(value)}
    if isinstance(value, (bytes, bytearray, memoryview)):
        frames.append(bytes(value))
        return {"$": "bytes", "f": len(frames) - 1}
    if isinstance(value, np.ndarray):
        return _encode_array(value, frames)
    sort: type = type(value)
    if REGISTERED.get(sort.__name__) is sort:
        fields = {name: _encode(getattr(value, name), frames, depth + 1) for name in _hints(sort)}
        return {"$": sort.__name__, "v": fields}
    raise WireError("wire.type-not-carried", kind=sort.__name__)


def _encode_array(array: np.ndarray, frames: list[Buffer]) -> dict[str, Any]:
    kind = array.dtype.newbyteorder("<").str if array.dtype.kind in "biuf" else array.dtype.str
    if kind not in DTYPES or array.ndim > MOST_DIMENSIONS:
        raise WireError("wire.array-not-carried", dtype=array.dtype, dimensions=array.ndim)
    plain = np.asarray(array, dtype=kind, order="C")
    frames.append(plain.reshape(-1).view(np.uint8).data)
    return {"$": "array", "f": len(frames) - 1, "d": kind, "s": list(array.shape)}


def _decode(body: Any, frames: Sequence[Buffer], depth: int) -> Any:
    if depth > 2 * DEEPEST:
        raise WireError("wire.carried-too-deep")
    if body is None or isinstance(body, (bool, int, float, str)):
        return body
    if isinstance(body, list):
        return [_decode(item, frames, depth + 1) for item in body]
    if not isinstance(body, dict):
        raise WireError("wire.sort-unknown")
    sort = body.get("$")
    reader = READERS.get(sort) if isinstance(sort, str) else None
    if reader is not None:
        return reader(body, frames, depth)
    if isinstance(sort, str) and sort in REGISTERED and isinstance(body.get("v"), dict):
        return _decode_registered(REGISTERED[sort], body["v"], frames, depth)
    raise WireError("wire.sort-unknown")


def _decode_tuple(body: dict[str, Any], frames: Sequence[Buffer], depth: int) -> tuple[Any, ...]:
    return tuple(_decode(item, frames, depth + 1) for item in _expect(body.get("v"), list))


def _decode_dict(body: dict[str, Any], frames: Sequence[Buffer], depth: int) -> dict[str, Any]:
    return {key: _decode(item, frames, depth + 1) for key, item in _expect(body.get("v"), dict).items()}


def _decode_path(body: dict[str, Any], frames: Sequence[Buffer], depth: int) -> Path:
    text: str = _expect(body.get("v"), str)
    if "\0" in text:
        raise WireError("wire.path-wrong")
    return Path(text)


def _decode_bytes(body: dict[str, Any], frames: Sequence[Buffer], depth: int) -> bytes:
    return bytes(_frame(body, frames))


def _decode_array(body: dict[str, Any], frames: Sequence[Buffer], depth: int) -> np.ndarray:
    kind, shape, frame = body.get("d"), _expect(body.get("s"), list), _frame(body, frames)
    sides_fit = len(shape) <= MOST_DIMENSIONS and all(type(side) is int and side >= 0 for side in shape)
    if not isinstance(kind, str) or kind not in DTYPES or not sides_fit:
        raise WireError("wire.array-unknown")
    try:
        return np.frombuffer(frame, dtype=kind).reshape(shape)
    except (ValueError, OverflowError) as error:
        raise WireError("wire.array-cut") from error


def _decode_registered(sort: type, fields: dict[str, Any], frames: Sequence[Buffer], depth: int) -> Any:
    hints = _hints(sort)
    if fields.keys() != hints.keys():
        raise WireError("wire.fields-wrong", kind=sort.__name__)
    values = {name: _decode(item, frames, depth + 1) for name, item in fields.items()}
    for name, value in values.items():
        if not fits(value, hints[name]):
            raise WireError("wire.field-type-wrong", kind=sort.__name__, field=name)
    try:
        return sort(**values)
    except Exception as error:
        raise WireError("wire.value-wrong", kind=sort.__name__, problem=error) from error


@cache
def _hints(sort: type) -> dict[str, Any]:
    hints = get_type_hints(sort)
    return {field.name: hints[field.name] for field in dataclasses.fields(sort)}


def fits(value: Any, hint: Any) -> bool:
    """Return whether a value matches an annotation; annotations other than those of values match anything."""
    origin, inside = get_origin(hint), get_args(hint)
    if hasattr(origin, "__value__"):  # a `type` statement's alias, as numpy's NDArray is from Python 3.12 on
        return fits(value, origin.__value__)
    if origin in (Union, types.UnionType):
        return any(fits(value, choice) for choice in inside)
    if origin is Literal:
        return value in inside
    if origin is tuple and len(inside) == 2 and inside[1] is Ellipsis:
        return isinstance(value, tuple) and all(fits(item, inside[0]) for item in value)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(inside) and all(map(fits, value, inside))
    if origin is not None:
        return isinstance(value, origin)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return hint is Any or not isinstance(hint, type) or isinstance(value, hint)


def _frame(body: dict[str, Any], frames: Sequence[Buffer]) -> Buffer:
    index = body.get("f")
    if type(index) is not int or not 0 <= index < len(frames):
        raise WireError("wire.part-missing")
    return frames[index]


def _expect(value: Any, sort: type) -> Any:
    if not isinstance(value, sort):
        raise WireError("wire.type-wrong")
    return value


READERS: dict[str, Callable[[dict[str, Any], Sequence[Buffer], int], Any]] = {
    "tuple": _decode_tuple,
    "dict": _decode_dict,
    "path": _decode_path,
    "bytes": _decode_bytes,
    "array": _decode_array,
}
