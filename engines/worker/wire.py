"""Messages between the studio and a worker over a socket pair: a length-framed JSON header and binary frames.

On the wire a message is `GRWM`, the header's length as a little-endian uint32, the header, and the frames one after the other.
The header is a JSON object: `kind`, `call` (the number of the request it belongs to), `body` (a value as engines.worker.codec
writes it) and `frames` (their lengths in bytes).

Threats: a worker with corrupt memory, or a library that writes to a wrong descriptor, may send arbitrary data. Every length is
checked against a bound before memory is allocated for it, nothing from the wire is executed or looked up by name except the
registered values, and everything that is not a message raises WireError.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from engines.contract.errors import WireError
from engines.worker.codec import Buffer, decode, encode

PROTOCOL = 1
"""Raised whenever a message changes its meaning; both ends compare it at hello."""

LOST_LINK_EXIT = 74
"""Exit code of a worker whose pipe broke while the studio runs."""

MAGIC = b"GRWM"
PREFIX = struct.Struct("<4sI")
LONGEST_HEADER = 32 << 20
LARGEST_FRAME = 2 << 30
LARGEST_MESSAGE = 4 << 30
MOST_FRAMES = 4096


@dataclass(frozen=True)
class WireMessage:
    """One message as it came in. The body is decoded on demand, so that a wrong value spoils one call and not the pipe."""

    kind: str
    call: int
    body: Any
    frames: tuple[bytearray, ...] = ()

    def value(self) -> Any:
        """Return the body as a value.

        Raises:
            WireError: it is not one.
        """
        return decode(self.body, self.frames)


def pack(kind: str, call: int, value: Any = None) -> list[memoryview]:
    """Return a message as buffers to be sent in order.

    Raises:
        WireError: the value contains something that cannot be passed, or is too large.
    """
    body, frames = encode(value)
    lengths = [len(frame) for frame in frames]
    _check_lengths(lengths)
    header = json.dumps({"kind": kind, "call": call, "body": body, "frames": lengths}, separators=(",", ":")).encode()
    if len(header) > LONGEST_HEADER:
        raise WireError("wire.text-too-long", mib=len(header) >> 20)
    return [memoryview(PREFIX.pack(MAGIC, len(header)) + header), *(memoryview(frame) for frame in frames if len(frame))]


class MessageReader:
    """Assembles messages from what a socket delivers, blocking or non-blocking. For one thread."""

    def __init__(self) -> None:
        self._begin()

    def receive(self, source: socket.socket) -> WireMessage | None:
        """Read once; return the message if it is complete, else None.

        Raises:
            BlockingIOError: there is no data (non-blocking sockets).
            EOFError: the other side has closed.
            WireError: the data is not a message. The stream cannot be used any more.
        """
        try:
            count = source.recv_into(self._wanted)
        except ConnectionError as error:
            raise EOFError from error
        if count == 0:
            raise EOFError
        return self._take(count)

    def feed(self, data: bytes) -> list[WireMessage]:
        """Add bytes and return all messages that they complete."""
        messages = []
        while data:
            count = min(len(data), len(self._wanted))
            self._wanted[:count] = data[:count]
            data = data[count:]
            message = self._take(count)
            if message is not None:
                messages.append(message)
        return messages

    def _begin(self) -> None:
        self._parts = _parts()
        self._wanted = memoryview(next(self._parts))

    def _take(self, count: int) -> WireMessage | None:
        self._wanted = self._wanted[count:]
        while not len(self._wanted):
            try:
                self._wanted = memoryview(next(self._parts))
            except StopIteration as complete:
                message: WireMessage = complete.value
                self._begin()
                return message
        return None


def _parts() -> Generator[bytearray, None, WireMessage]:
    """Yield the buffers of one message in order, each to be filled before the next is requested."""
    prefix = bytearray(PREFIX.size)
    yield prefix
    magic, length = PREFIX.unpack(prefix)
    if magic != MAGIC or not 2 <= length <= LONGEST_HEADER:
        raise WireError("wire.no-message")
    header = bytearray(length)
    yield header
    kind, call, body, lengths = _read_header(header)
    frames = tuple(_allocate(size) for size in lengths)
    yield from frames
    return WireMessage(kind, call, body, frames)


def _read_header(header: bytearray) -> tuple[str, int, Any, list[int]]:
    try:
        fields = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise WireError("wire.header-unreadable") from error
    if not isinstance(fields, dict) or set(fields) != {"kind", "call", "body", "frames"}:
        raise WireError("wire.message-fields-wrong")
    kind, call, lengths = fields["kind"], fields["call"], fields["frames"]
    if not isinstance(kind, str) or type(call) is not int or not isinstance(lengths, list):
        raise WireError("wire.message-types-wrong")
    _check_lengths(lengths)
    return kind, call, fields["body"], lengths


def _check_lengths(lengths: list[int]) -> None:
    if len(lengths) > MOST_FRAMES:
        raise WireError("wire.too-many-parts", parts=len(lengths), most=MOST_FRAMES)
    if any(type(length) is not int or not 0 <= length <= LARGEST_FRAME for length in lengths) or sum(lengths) > LARGEST_MESSAGE:
        raise WireError("wire.too-large")


def _allocate(size: int) -> bytearray:
    try:
        return bytearray(size)
    except MemoryError as error:
        raise WireError("wire.no-memory", mib=size >> 20) from error


__all__ = ["LOST_LINK_EXIT", "PROTOCOL", "Buffer", "WireMessage", "MessageReader", "pack"]
