"""A small model hub on loopback: the two endpoints that huggingface_hub asks for a file, with ranges and with faults."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """
    Args:
        files: "org/name/path" to content. Files over 1 kB are told with a SHA-256, smaller ones with git's SHA-1.
        gated: repositories that answer 401 without the token and 403 with a wrong one.
        break_after: bytes after which a connection is cut, once for each entry.
        corrupt: paths of which the first byte is sent wrong.
        ranges: what was asked for, in order: (path, first byte). slow: seconds between two pieces of 64 KiB.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    token: str = "hf_rightrightright"
    break_after: list[int] = field(default_factory=list)
    corrupt: set[str] = field(default_factory=set)
    ranges: list[tuple[str, int]] = field(default_factory=list)
    slow: float = 0.0
    url: str = ""


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Nothing on stderr."""

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            repo, found, path = self.path.lstrip("/").partition("/resolve/main/")
            content = hub.files.get(f"{repo}/{path}")
            given = self.headers.get("authorization", "")
            if repo in hub.gated and given != f"Bearer {hub.token}":
                self._refuse(403 if given else 401, "GatedRepo")
            elif not any(name.startswith(f"{repo}/") for name in hub.files) or not found:
                self._refuse(404, "RepoNotFound")
            elif content is None:
                self._refuse(404, "EntryNotFound")
            else:
                self._send(f"{repo}/{path}", content, with_body)

        def _refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, path: str, content: bytes, with_body: bool) -> None:
            large = len(content) > 1000
            git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
            etag = hashlib.sha256(content).hexdigest() if large else git.hexdigest()
            asked = self.headers.get("range", "")
            first = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
            self.send_response(206 if asked else 200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{etag}"')
            if large:
                self.send_header("X-Linked-Etag", f'"{etag}"')
                self.send_header("X-Linked-Size", str(len(content)))
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            if with_body:
                hub.ranges.append((path, first))
                self._send_body(path, content, first)

        def _send_body(self, path: str, content: bytes, first: int) -> None:
            body = bytearray(content)
            if path in hub.corrupt:
                body[0] ^= 0xFF
            end = first + hub.break_after.pop(0) if hub.break_after else len(body)
            waiting = threading.Event()
            try:
                for start in range(first, min(end, len(body)), 1 << 16):
                    self.wfile.write(body[start : min(start + (1 << 16), end)])
                    waiting.wait(hub.slow)
            except OSError:
                pass
            if end < len(body):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
