"""The events that a ComfyUI server sends over its websocket: for display only, since polling alone decides.

Frames of text are JSON {type, data}. Binary frames are big-endian: u32 kind, then for 1 a picture (u32 format, bytes), for 4 a
picture with metadata (u32 length, JSON, bytes); other messages and unknown types are ignored.
"""

from __future__ import annotations

import contextlib
import json
import logging
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from PIL import Image
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

log = logging.getLogger(__name__)

OPEN_SECONDS, CLOSE_SECONDS, LISTEN_SECONDS = 5.0, 1.0, 0.25
AGAIN_SECONDS, MOST_TRIES = 3.0, 20
PREVIEW, PREVIEW_WITH_METADATA = 1, 4
LONGEST_PREVIEW = 960
FEATURES = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
_LAST_WORDS = frozenset({"execution_success", "execution_error", "execution_interrupted"})


@dataclass
class RunProgress:
    """How far a graph has come, from its events.

    Args:
        titles: of the graph's nodes by id; the share of nodes that are done, and of the one in work, is the fraction.
    """

    titles: Mapping[str, str]
    done: set[str] = field(default_factory=set)
    node: str = ""
    share: float = 0.0
    step: tuple[int, int] | None = None
    fraction: float = 0.0

    def hear(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Take in an event; whether it changed anything."""
        before = (self.fraction, self.node, self.step)
        if kind == "execution_cached":
            self.done.update(str(node) for node in data.get("nodes") or ())
        elif kind == "executing":
            self._enter(str(data.get("node") or ""))
        elif kind == "executed":
            self.done.add(str(data.get("node")))
        elif kind == "progress":
            self._at(str(data.get("node") or self.node), data)
        elif kind == "progress_state":
            self._all(data.get("nodes"))
        known = len(self.done & set(self.titles))
        part = self.share if self.node in self.titles and self.node not in self.done else 0.0
        self.fraction = max(self.fraction, min(1.0, (known + part) / max(1, len(self.titles))))
        return before != (self.fraction, self.node, self.step)

    @property
    def note(self) -> str:
        if not self.node:
            return ""
        known = min(len(self.titles), len(self.done & set(self.titles)) + 1)
        steps = f", step {self.step[0]} of {self.step[1]}" if self.step and self.step[1] > 1 else ""
        return f"{self.titles.get(self.node, 'A node')} (node {known} of {len(self.titles)}{steps})"

    def _enter(self, node: str) -> None:
        if node != self.node:
            if self.node:
                self.done.add(self.node)
            self.node, self.share, self.step = node, 0.0, None

    def _at(self, node: str, data: Mapping[str, Any]) -> None:
        value, most = data.get("value"), data.get("max")
        if isinstance(value, int | float) and isinstance(most, int | float) and most > 0:
            self._enter(node)
            self.share, self.step = min(1.0, value / most), (int(value), int(most))

    def _all(self, nodes: Any) -> None:
        for node, told in (nodes if isinstance(nodes, Mapping) else {}).items():
            if not isinstance(told, Mapping):
                continue
            if told.get("state") == "finished":
                self.done.add(str(node))
            elif told.get("state") == "running":
                self._at(str(told.get("display_node_id") or node), told)


class EventListener:
    """One thread on the websocket of one job. Whatever happens to it, the job's outcome does not depend on it.

    A socket that broke off is opened again; the server may then stay silent on it for good, which costs the progress display
    and nothing else. Callbacks run in the thread and must be quick; what they raise is logged.

    Args:
        on_course: called when progress has changed. on_preview: called with a JPEG. on_end: called when the job may have ended.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        prompt_id: str,
        titles: Mapping[str, str],
        on_course: Callable[[RunProgress], None],
        on_preview: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        parts = urlsplit(url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._address = urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/ws", f"clientId={client_id}", ""))
        self._prompt_id, self._course = prompt_id, RunProgress(titles)
        self._on_course, self._on_preview, self._on_end = on_course, on_preview, on_end
        self._socket: ClientConnection | None = None
        self._stop, self._first = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen, name="comfyui-events", daemon=True)

    def open(self) -> None:
        """Begin; returns when the socket is open or has failed, so that no event of a job queued afterwards is missed."""
        self._thread.start()
        self._first.wait(OPEN_SECONDS)

    def close(self) -> None:
        """End the thread; the socket is closed properly, so that its client id may be used again."""
        self._stop.set()
        socket = self._socket
        if socket is not None:
            with contextlib.suppress(OSError, WebSocketException):
                socket.close()
        self._thread.join(OPEN_SECONDS)

    def _listen(self) -> None:
        for _ in range(MOST_TRIES):
            try:
                with connect(
                    self._address, proxy=None, max_size=None, open_timeout=OPEN_SECONDS, close_timeout=CLOSE_SECONDS,
                    ping_timeout=None, compression=None,
                ) as socket:  # fmt: skip
                    socket.send(json.dumps(FEATURES))
                    self._socket = socket
                    self._first.set()
                    self._hear(socket)
            except (OSError, WebSocketException, TimeoutError, EOFError) as error:
                if self._stop.is_set():
                    return
                log.info("The websocket of ComfyUI broke off (%s)", type(error).__name__)
            self._first.set()
            if self._stop.wait(AGAIN_SECONDS):
                return

    def _hear(self, socket: ClientConnection) -> None:
        while not self._stop.is_set():
            try:
                frame = socket.recv(timeout=LISTEN_SECONDS)
            except TimeoutError:
                continue
            try:
                self._take(frame)
            # A frame of a form that nobody foresaw must not end the hearing of the others.
            except Exception:
                log.exception("A frame of ComfyUI's websocket could not be used")

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            picture = read_preview(frame, self._prompt_id)
            if picture is not None:
                self._on_preview(picture)
            return
        told = json.loads(frame)
        kind, data = told.get("type"), told.get("data")
        if not isinstance(data, Mapping) or data.get("prompt_id") not in (None, self._prompt_id):
            return
        if self._course.hear(str(kind), data):
            self._on_course(self._course)
        if kind in _LAST_WORDS or (kind == "executing" and data.get("node") is None and data.get("prompt_id")):
            self._on_end()


def read_preview(frame: bytes, prompt_id: str) -> bytes | None:
    """Return the picture in a binary frame as a JPEG of the page's size; None for frames without one of this job."""
    if len(frame) < 8:
        return None
    kind, number = struct.unpack(">II", frame[:8])
    if kind == PREVIEW:
        return _as_jpeg(frame[8:])
    if kind != PREVIEW_WITH_METADATA:
        return None
    about = json.loads(frame[8 : 8 + number])
    ours = isinstance(about, Mapping) and about.get("prompt_id") in (None, prompt_id)
    return _as_jpeg(frame[8 + number :]) if ours else None


def _as_jpeg(picture: bytes) -> bytes | None:
    try:
        with Image.open(BytesIO(picture), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.format == "JPEG" and max(image.size) <= LONGEST_PREVIEW:
                return picture
            small = image.convert("RGB")
            small.thumbnail((LONGEST_PREVIEW, LONGEST_PREVIEW))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    written = BytesIO()
    small.save(written, "JPEG", quality=85)
    return written.getvalue()
