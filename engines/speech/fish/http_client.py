"""Client of a Fish server: msgpack requests, WAV or raw samples as responses, every failure an EngineError.

The routes are those of fish-speech's own server: `/v1/health`, `/v1/tts`, and on newer ones `/v1/references/list` and `add`.
"""

from __future__ import annotations

import http.client
import json
import secrets
import struct
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.contract.errors import EngineError
from media.audio.audio import Audio

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 600.0
LARGEST_ANSWER = 600_000_000
RAW_RATE = 44_100
"""Of answers that come without a header: the rate of every published Fish codec."""

_BLOCK = 65_536
_SHOWN = 200


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects, so that clips go to the configured address only."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass(frozen=True)
class FishAddress:
    """A Fish server at an address."""

    url: str

    def health(self) -> None:
        """Check that a Fish server answers.

        Raises:
            EngineError: no server, or another kind of server, answers.
        """
        with self._open("/v1/health", None, {}, CONNECT_SECONDS) as answer:
            answer.read(_BLOCK)

    def reference_ids(self) -> set[str] | None:
        """Return the references that the server stores; None if it stores none (S1's server has no such route)."""
        try:
            with self._open("/v1/references/list", None, {"Accept": "application/json"}, CONNECT_SECONDS) as answer:
                found = json.loads(answer.read(LARGEST_ANSWER))
                return {str(name) for name in found["reference_ids"]}
        except _Status as status:
            if status.status in (404, 405, 501):
                return None
            raise
        except (ValueError, KeyError, TypeError):
            return None

    def add_reference(self, name: str, wav: bytes, text: str) -> None:
        """Store a clip on the server under `name`."""
        body, kind = _form({"id": name, "text": text}, {"audio": ("reference.wav", wav)})
        with self._open("/v1/references/add", body, {"Content-Type": kind, "Accept": "application/json"}, 60) as answer:
            answer.read(_BLOCK)

    def speak(self, fields: dict[str, object], check: Callable[[], None], *, streaming: bool) -> Iterator[Audio]:
        """Yield the sound in chunks as they arrive; a single one without streaming.

        Raises:
            EngineError: no server, a refusal (with the server's message), or a response without sound.
        """
        import msgpack

        body = msgpack.packb({**fields, "format": "wav", "streaming": streaming}, use_bin_type=True)
        with self._open("/v1/tts", body, {"Content-Type": "application/msgpack"}, ANSWER_SECONDS) as answer:
            yield from sound_of(_blocks(answer, check))

    def _open(self, path: str, body: bytes | None, headers: dict[str, str], timeout: float) -> Any:
        request = urllib.request.Request(self.url + path, data=body, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
        try:
            return opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            raise _Status(error.code, _words(error)) from None
        except TimeoutError:
            raise EngineError("fish.too-slow", retryable=True) from None
        except (OSError, http.client.HTTPException, ValueError):
            raise EngineError("fish.server-silent", retryable=True) from None


class _Status(EngineError):
    """An HTTP error status of the server."""

    def __init__(self, status: int, words: str) -> None:
        broken = status >= 500
        super().__init__("fish.server-failed" if broken else "fish.refused", retryable=broken, status=status, said=words)
        self.status = status


def sound_of(blocks: Iterator[bytes]) -> Iterator[Audio]:
    """Parse 16-bit or float samples from a stream of bytes: with a WAV header, one of unknown length, or none.

    Raises:
        EngineError: it is not sound, or it is empty.
    """
    head = b""
    for block in blocks:
        head += block
        if len(head) >= 4 and (head[:4] != b"RIFF" or b"data" in head[:4096] or len(head) > 4096):
            break
    wave = _wave_header(head) if head[:4] == b"RIFF" else _Wave(RAW_RATE, 1, "<i2", 0)
    if head[:1] in (b"{", b"<"):
        raise EngineError("fish.text-without-sound")
    rest, anything = head[wave.start :], False
    for block in _and_then(blocks):
        rest += block
        whole = len(rest) - len(rest) % wave.frame
        if whole:
            anything = True
            yield wave.audio(rest[:whole])
            rest = rest[whole:]
    if not anything:
        raise EngineError("fish.server-without-sound", retryable=True)


def _and_then(blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield b""
    yield from blocks


@dataclass(frozen=True)
class _Wave:
    """Sample format of a response: `start` bytes of header, then frames."""

    rate: int
    channels: int
    kind: str
    start: int

    @property
    def frame(self) -> int:
        return self.channels * np.dtype(self.kind).itemsize

    def audio(self, raw: bytes) -> Audio:
        samples = np.frombuffer(raw, self.kind).reshape(-1, self.channels)
        scale = np.float32(32768 if self.kind == "<i2" else 1)
        return Audio(np.asarray(samples / scale, np.float32), self.rate)


def _wave_header(head: bytes) -> _Wave:
    """Return rate, channels and format of a WAV that may still be arriving; its lengths are ignored."""
    position, form = 12, None
    while position + 8 <= len(head):
        name, size = head[position : position + 4], struct.unpack("<I", head[position + 4 : position + 8])[0]
        if name == b"fmt " and position + 24 <= len(head):
            form = struct.unpack("<HHIIHH", head[position + 8 : position + 24])
        if name == b"data" and form is not None:
            kind = {(1, 16): "<i2", (3, 32): "<f4"}.get((form[0], form[5]))
            if kind is None or not 1 <= form[1] <= 8:
                break
            return _Wave(form[2], form[1], kind, position + 8)
        position += 8 + size + size % 2
    raise EngineError("fish.sound-of-unknown-kind")


def _blocks(answer: Any, check: Callable[[], None]) -> Iterator[bytes]:
    received = 0
    while True:
        check()
        try:
            block = answer.read1(_BLOCK)
        except (OSError, http.client.HTTPException):
            raise EngineError("fish.broke-off", retryable=True) from None
        if not block:
            return
        received += len(block)
        if received > LARGEST_ANSWER:
            raise EngineError("fish.answer-endless")
        yield block


def _words(error: urllib.error.HTTPError) -> str:
    """Return the message of an error response, short and on one line; "" without one."""
    try:
        raw = error.read(4_096).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return ""
    try:
        found = json.loads(raw)
        raw = str(found.get("message") or found.get("detail") or "") if isinstance(found, dict) else raw
    except ValueError:
        if raw.lstrip().startswith("<"):
            return ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in raw).split())[:_SHOWN].rstrip(".")


def _form(fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    border = secrets.token_hex(16)
    parts = [
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, (file, data) in files.items():
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: audio/wav\r\n\r\n'
        )
        parts.append(head.encode() + data + b"\r\n")
    return b"".join([*parts, f"--{border}--\r\n".encode()]), f"multipart/form-data; boundary={border}"
