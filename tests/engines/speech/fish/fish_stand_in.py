"""A server with the protocol of Fish Speech's own: msgpack in, WAV out, streamed without a header as 0.1.0 does.

What it "speaks" is a tone whose length follows the text and whose pitch follows the reference, so that tests can hear whether
both arrived. With `keeps_references` it has the newer routes too.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgpack
import numpy as np
import soundfile

RATE = 44_100


@dataclass
class Record:
    keeps_references: bool = False
    streams_header: bool = False
    failure: tuple[int, bytes] | None = None
    breaks_off: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    references: dict[str, tuple[bytes, str]] = field(default_factory=dict)


def tone(text: str, pitch: float) -> np.ndarray:
    times = np.arange(round(0.07 * len(text) * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * pitch * times)).astype(np.float32)


class _Handler(BaseHTTPRequestHandler):
    record: Record

    def do_GET(self) -> None:
        if self.path == "/v1/health":
            self._answer(200, b'{"status":"ok"}')
        elif self.path == "/v1/references/list" and self.record.keeps_references:
            ids = {"success": True, "reference_ids": sorted(self.record.references), "message": ""}
            self._answer(200, json.dumps(ids).encode())
        else:
            self._answer(404, b"Not Found")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/references/add" and self.record.keeps_references:
            self._add(body)
        elif self.path == "/v1/tts":
            self._speak(msgpack.unpackb(body))
        else:
            self._answer(404, b"Not Found")

    def _add(self, body: bytes) -> None:
        border = b"--" + self.headers["Content-Type"].split("boundary=")[1].encode()
        parts = {}
        for part in body.split(border)[1:-1]:
            head, _, value = part.partition(b"\r\n\r\n")
            parts[re.search(rb'name="(\w+)"', head)[1].decode()] = value[:-2]  # type: ignore[index]
        self.record.references[parts["id"].decode()] = (parts["audio"], parts["text"].decode())
        self._answer(200, b'{"success":true}')

    def _speak(self, asked: dict[str, Any]) -> None:
        self.record.asked.append(asked)
        if self.record.failure:
            return self._answer(*self.record.failure)
        clip = asked["references"][0]["audio"] if asked["references"] else self.record.references[asked["reference_id"]][0]
        samples = tone(asked["text"], 100.0 + len(clip) % 100)
        if asked["streaming"]:
            return self._stream((samples * 32767).astype("<i2").tobytes())
        file = io.BytesIO()
        soundfile.write(file, samples, RATE, format="wav")
        return self._answer(200, file.getvalue())

    def _stream(self, raw: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        if self.record.streams_header:
            file = io.BytesIO()
            soundfile.write(file, np.zeros(0, np.float32), RATE, format="wav", subtype="PCM_16")
            self.wfile.write(file.getvalue())
        for first in range(0, len(raw) // (2 if self.record.breaks_off else 1), 10_001):
            self.wfile.write(raw[first : first + 10_001])

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def serving(record: Record) -> Iterator[str]:
    """The address of a stand-in that works as `record` says and writes into it what it was asked."""
    handler = type("Handler", (_Handler,), {"record": record})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
