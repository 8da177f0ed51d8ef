"""Messages and values: what goes in comes out, and nothing that is not a message does more than raise WireError."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import socket
import string
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engines.contract import (
    WIRE_VALUES,
    EngineOptions,
    Tier,
)
from engines.contract.errors import WireError
from engines.worker import wire
from engines.worker.codec import DTYPES, decode, encode
from engines.worker.wire import LONGEST_HEADER, MAGIC, PREFIX, MessageReader, WireMessage, pack
from media.audio.audio import Audio

text = st.text(max_size=30)
number = st.floats(allow_nan=False)
arrays = hnp.arrays(
    st.sampled_from(sorted(DTYPES)).map(np.dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
)
audios = st.builds(
    Audio,
    hnp.arrays(np.float32, st.tuples(st.integers(0, 40), st.integers(1, 3)), elements=st.floats(-1, 1, width=32)),
    st.integers(4_000, 384_000),
)
paths = st.text(string.ascii_letters + "äß /._-", min_size=1, max_size=20).map(Path)


def strategy_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation as the contract's dataclasses use them."""
    hint = getattr(get_origin(hint), "__value__", hint)  # numpy's NDArray from Python 3.12 on
    origin, inside = get_origin(hint), get_args(hint)
    plain = {str: text, int: st.integers(), float: number, bytes: st.binary(max_size=40), Path: paths, Audio: audios, Any: text}
    if hint in plain:
        return plain[hint]
    if hint is type(None):
        return st.none()
    if origin in (Union, types.UnionType):
        return st.one_of(*map(strategy_of, inside))
    if origin is Literal:
        return st.sampled_from(inside)
    if origin is tuple and inside[-1] is Ellipsis:
        return st.lists(strategy_of(inside[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(strategy_of, inside))
    if origin is dict:
        return st.dictionaries(*map(strategy_of, inside), max_size=3)
    if origin is np.ndarray:
        return hnp.arrays(np.float32, hnp.array_shapes(min_dims=1, max_dims=2, max_side=4), elements=st.floats(-1, 1, width=32))
    assert dataclasses.is_dataclass(hint), f"no values are known for {hint}"
    hints = get_type_hints(hint)
    return st.builds(hint, **{field.name: strategy_of(hints[field.name]) for field in dataclasses.fields(hint)})


registered = st.one_of(*map(strategy_of, WIRE_VALUES))
leaves = st.one_of(st.none(), st.booleans(), st.integers(), number, text, st.binary(max_size=40), paths, arrays, registered)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(tuple), st.dictionaries(text, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray):
        return (
            isinstance(right, np.ndarray)
            and left.dtype == right.dtype
            and left.shape == right.shape
            and left.tobytes() == right.tobytes()
        )
    if isinstance(left, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return isinstance(right, dict) and left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if dataclasses.is_dataclass(left) and not isinstance(left, Audio):
        fields = dataclasses.fields(left)
        return type(left) is type(right) and all(same(getattr(left, one.name), getattr(right, one.name)) for one in fields)
    return type(left) is type(right) and left == right


def joined(parts: list[memoryview]) -> bytes:
    return b"".join(parts)


@given(values)
@settings(max_examples=100, deadline=None)
def test_what_goes_in_comes_out(value: Any) -> None:
    (message,) = MessageReader().feed(joined(pack("call", 7, value)))
    assert (message.kind, message.call) == ("call", 7)
    assert same(message.value(), value)


@given(st.lists(values, min_size=1, max_size=3), st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_messages_come_whole_whatever_the_pieces_they_arrive_in(several: list[Any], piece: int) -> None:
    reader, stream = MessageReader(), b"".join(joined(pack("item", index, value)) for index, value in enumerate(several))
    pieces = [stream[start : start + piece] for start in range(0, len(stream), piece)]
    messages = [message for part in pieces for message in reader.feed(part)]
    assert [message.call for message in messages] == list(range(len(several)))
    assert all(same(message.value(), value) for message, value in zip(messages, several, strict=True))


def read_all(data: bytes) -> list[Any]:
    return [message.value() for message in MessageReader().feed(data)]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_never_more_than_a_wire_error(data: bytes) -> None:
    with_header = MAGIC + PREFIX.pack(MAGIC, len(data))[4:] + data
    for stream in (data, with_header):
        with contextlib.suppress(WireError):
            read_all(stream)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["$", "v", "f", "d", "s", "rate"]), inner, max_size=5)
    ),
    max_leaves=20,
)
tagged = st.fixed_dictionaries(
    {
        "$": st.sampled_from(
            ["dict", "tuple", "path", "bytes", "array", "Audio", "Speech", "TimedMark", "os.system", "Popen", 3, None]
        )
    },
    optional={"v": json_values, "f": json_values, "d": json_values | st.sampled_from(sorted(DTYPES)), "s": json_values},
)


@given(tagged | json_values, st.lists(st.binary(max_size=16), max_size=2))
@settings(max_examples=150, deadline=None)
def test_any_json_decodes_or_is_a_wire_error(body: Any, frames: list[bytes]) -> None:
    with contextlib.suppress(WireError):
        decode(body, frames)


@given(registered, st.data())
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_is_a_value_or_a_wire_error(value: Any, data: st.DataObject) -> None:
    stream = bytearray(joined(pack("result", 1, value)))
    stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        read_all(bytes(stream))


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"[1]",
        b'{"kind":"x","call":0,"body":null,"frames":[-1]}',
        b'{"kind":"x","call":0,"body":null,"frames":[99999999999]}',
        b'{"kind":"x","call":true,"body":null,"frames":[]}',
        b'{"kind":"x","call":0,"body":null,"frames":[1.5]}',
        b'{"kind":"x","call":0,"body":null,"frames":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        json.dumps({"kind": "x", "call": 0, "body": None, "frames": [1 << 30] * 5}).encode(),
        json.dumps({"kind": "x", "call": 0, "body": None, "frames": [0] * 5000}).encode(),
    ],
)
def test_bad_headers_are_refused_before_memory_is_taken(header: bytes) -> None:
    with pytest.raises(WireError):
        MessageReader().feed(PREFIX.pack(MAGIC, len(header)) + header)


def test_a_header_longer_than_the_bound_is_refused_at_its_prefix() -> None:
    with pytest.raises(WireError):
        MessageReader().feed(PREFIX.pack(MAGIC, LONGEST_HEADER + 1))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"samples": [0.0], "rate": 16_000}, "samples"),
        ({"samples": {"$": "array", "f": 0, "d": "<f4", "s": [2]}, "rate": "fast"}, "rate"),
        ({"samples": {"$": "array", "f": 0, "d": "<f4", "s": [2]}, "rate": 1}, "Hz"),
        ({"samples": {"$": "array", "f": 0, "d": "<f4", "s": [2, 2]}, "rate": 16_000}, "shape"),
        ({"samples": {"$": "array", "f": 5, "d": "<f4", "s": [2]}, "rate": 16_000}, "missing"),
        ({"rate": 16_000}, "fields"),
        ({"samples": None, "rate": 16_000, "more": 1}, "fields"),
    ],
)
def test_a_value_its_class_refuses_is_a_wire_error(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(WireError, match=said):
        decode({"$": "Audio", "v": fields}, [np.zeros(2, "<f4").tobytes()])


def test_sound_with_values_that_are_not_numbers_is_refused() -> None:
    frame = np.full(4, math.nan, "<f4").tobytes()
    with pytest.raises(WireError, match="not numbers"):
        decode({"$": "Audio", "v": {"samples": {"$": "array", "f": 0, "d": "<f4", "s": [4]}, "rate": 16_000}}, [frame])


class Opinion:
    pass


@pytest.mark.parametrize("value", [Opinion(), {1: 2}, {1, 2}, np.array(["a"]), np.array([Opinion()]), lambda: 0, 1j])
def test_what_cannot_cross_is_said_before_it_is_sent(value: Any) -> None:
    with pytest.raises(WireError, match="pass"):
        pack("call", 1, value)


def test_a_value_that_holds_itself_is_refused() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(WireError, match="deeply"):
        pack("call", 1, ring)


def test_options_enums_and_numpy_scalars_cross_as_plain_values() -> None:
    class Options(EngineOptions):
        rate: float = 1.5
        mode: Tier = Tier.HEAVY

    body, frames = encode([Options(), Tier.LIGHT, np.float32(0.5), np.int64(3), np.bool_(True)])
    assert decode(body, frames) == [{"rate": 1.5, "mode": "heavy"}, "light", 0.5, 3, True]


def test_arrays_keep_their_order_whatever_their_memory_layout() -> None:
    array = np.arange(24, dtype=">i4").reshape(2, 3, 4).transpose(2, 0, 1)[::2]
    back = decode(*encode(array))
    assert back.dtype == np.dtype("<i4")
    assert np.array_equal(back, array)


def test_a_closed_pipe_is_an_end_of_file() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"GRWM")
    theirs.close()
    reader = MessageReader()
    assert reader.receive(ours) is None
    with pytest.raises(EOFError):
        reader.receive(ours)
    ours.close()


def test_only_the_frames_of_a_message_belong_to_it() -> None:
    (first, second) = MessageReader().feed(joined(pack("item", 1, b"one")) + joined(pack("item", 2, b"two")))
    assert isinstance(first, WireMessage)
    assert (first.value(), second.value()) == (b"one", b"two")


def test_nothing_that_could_execute_is_imported_for_the_wire() -> None:
    for module in (wire, __import__("engines.worker.codec", fromlist=["codec"])):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert not {"import pickle", "import marshal", "eval(", "exec(", "import_module"} & {
            word for word in ("import pickle", "import marshal", "eval(", "exec(", "import_module") if word in source
        }
