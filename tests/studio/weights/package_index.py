"""A package index on loopback: the simple pages and the wheels that pip asks for, with a cut at any step."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SIMPLE, FILES = "/simple/", "/files/"


@dataclass
class PackageIndex:
    """
    Args:
        folder: of the wheels. cut: parts of addresses that are answered by a closed connection. half: those of which the first
            half is sent and then nothing more. asked: every address, in order.
    """

    folder: Path
    cut: set[str] = field(default_factory=set)
    half: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """pip asks this index and nobody else, once."""
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        given = {"CONFIG_FILE": os.devnull, "INDEX_URL": f"{self.url}/simple", "RETRIES": "0", "NO_CACHE_DIR": "1"}
        for name, value in given.items():
            monkeypatch.setenv(f"PIP_{name}", value)


@contextmanager
def running_index(folder: Path) -> Iterator[PackageIndex]:
    """An index of the wheels in a folder."""
    index = PackageIndex(folder)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            """Nothing on stderr."""

        def do_GET(self) -> None:
            index.asked.append(self.path)
            if any(part in self.path for part in index.cut):
                return
            if self.path.startswith(SIMPLE):
                name = self.path.removeprefix(SIMPLE).strip("/").replace("-", "_")
                found = sorted(path.name for path in index.folder.glob(f"{name}-*.whl"))
                page = "".join(f'<a href="{FILES}{wheel}">{wheel}</a>\n' for wheel in found)
                self._send(200 if found else 404, "text/html", f"<!DOCTYPE html><html><body>{page}</body></html>".encode())
                return
            wheel = index.folder / Path(self.path).name
            self._send(200 if wheel.is_file() else 404, "application/zip", wheel.read_bytes() if wheel.is_file() else b"")

        def _send(self, status: int, kind: str, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if any(part in self.path for part in index.half) else data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    index.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
