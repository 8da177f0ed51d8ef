"""The stand-in's memory and its worker: queue, history, cache, sockets, and what goes wrong on request."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import struct
import threading
from pathlib import Path
from typing import Any

from starlette.websockets import WebSocket

from tests.studio.comfyui.stand_in_nodes import Interrupted, NodeError, run_node

FAULTS: dict[str, Any] = {
    "seconds": 0.0,  # that every node but loaders and savers takes
    "lose_reply": 0.0,  # the next /prompt is queued and its reply comes after so many seconds
    "lose_request": 0.0,  # the same, and it is not queued
    "stall": 0.0,  # every answer comes so late
    "deaf_sockets": False,  # sockets stay open and tell nothing
    "drop_sockets": False,  # sockets are cut at the first event
    "big_preview": False,  # a preview of 1.4 MB
    "plain_messages": False,  # history tells its messages as plain words
    "forget": False,  # every route acts as after a restart
    "old_interrupt": False,  # /interrupt stops whatever runs
    "jobs_api": False,  # /api/jobs is there, as in newer versions
    "newer": False,  # unknown classes are named as in newer versions
    "fail": {},  # class → [exception_type, exception_message]
    "no_outputs": False,  # a job ends without telling of its files
    "graphics": 0,  # bytes of a graphics card that it says it holds; 0 has no card
    "graphics_free": 2**34,  # bytes that it says are free on the device
    "drifted": {},  # class → another definition, or None for none
}
SLOW = ("ImageInvert", "ImageBlur", "ImageScale")


class StandIn:
    def __init__(self, base: Path, max_upload: int, arguments: list[str]) -> None:
        self.base, self.max_upload, self.arguments = base, max_upload, arguments
        for name in ("input", "output", "temp", "models"):
            (base / name).mkdir(parents=True, exist_ok=True)
        self.faults = dict(FAULTS)
        self.lock, self.wake = threading.Lock(), threading.Event()
        self.pending: list[list[Any]] = []
        self.running: list[Any] | None = None
        self.history: dict[str, Any] = {}
        self.cache: dict[str, tuple[Any, Any]] = {}
        self.sockets: dict[str, WebSocket] = {}
        self.number = 0
        self.interrupt = False
        self.told: dict[str, Any] = {"posts": 0, "uploads": 0, "freed": 0, "interrupts": [], "origins": [], "caught": []}
        self.loop: asyncio.AbstractEventLoop | None = None

    # Work

    def work(self) -> None:
        while True:
            self.wake.wait(0.05)
            self.wake.clear()
            with self.lock:
                if not self.pending:
                    continue
                self.pending.sort(key=lambda item: item[0])
                self.running = item = self.pending.pop(0)
                self.interrupt = False
            with (self.base / "runs.log").open("a") as file:
                file.write(f"{item[1]}\n")
            outputs, status = self.execute(item)
            with self.lock:
                self.running = None
                if self.faults["plain_messages"]:
                    status["messages"] = [f"{name}: {data.get('exception_message', '')}" for name, data in status["messages"]]
                told = {} if self.faults["no_outputs"] else outputs
                self.history[item[1]] = {"prompt": item, "outputs": told, "status": status, "meta": {}}
            self.send("executing", {"node": None, "prompt_id": item[1]}, item[3].get("client_id"))

    def execute(self, item: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        prompt_id, graph, client = item[1], item[2], item[3].get("client_id")
        messages: list[Any] = []

        def tell(kind: str, data: dict[str, Any], keep: bool = False) -> None:
            data = data | {"prompt_id": prompt_id}
            if keep:
                messages.append([kind, data])
            self.send(kind, data, client)

        tell("execution_start", {}, keep=True)
        keys = {node_id: self.key(node_id, graph) for node_id in graph}
        tell("execution_cached", {"nodes": [node_id for node_id, key in keys.items() if key in self.cache]}, keep=True)
        values: dict[str, Any] = {}
        shown: dict[str, Any] = {}
        node_id = ""
        try:
            for node_id in order(graph, item[4]):
                value, show = self.node(node_id, graph, keys, values, tell)
                values[node_id] = value
                if show:
                    shown[node_id] = show
        except Interrupted:
            tell(
                "execution_interrupted",
                {"node_id": node_id, "node_type": graph[node_id]["class_type"], "executed": []},
                keep=True,
            )
            return shown, {"status_str": "error", "completed": False, "messages": messages}
        except Exception as error:
            kind = error.kind if isinstance(error, NodeError) else type(error).__name__
            about = {"node_id": node_id, "node_type": graph[node_id]["class_type"], "executed": [], "exception_type": kind}
            tell(
                "execution_error",
                about | {"exception_message": f"{error}\n", "traceback": ['  File "/home/someone/x.py"']},
                keep=True,
            )
            return shown, {"status_str": "error", "completed": False, "messages": messages}
        tell("execution_success", {}, keep=True)
        return shown, {"status_str": "success", "completed": True, "messages": messages}

    def node(
        self, node_id: str, graph: dict[str, Any], keys: dict[str, str], values: dict[str, Any], tell: Any
    ) -> tuple[Any, Any]:
        kind = graph[node_id]["class_type"]
        if keys[node_id] in self.cache:
            return self.cache[keys[node_id]]
        tell("executing", {"node": node_id, "display_node": node_id})

        def step(done: int, most: int) -> None:
            state = {"value": done, "max": most, "state": "running", "node_id": node_id, "display_node_id": node_id}
            tell("progress_state", {"nodes": {node_id: state}})
            tell("progress", {"value": done, "max": most, "node": node_id})
            if done == 1:
                self.preview(node_id, tell)
            if self.interrupt:
                raise Interrupted

        if self.interrupt:
            raise Interrupted
        if kind in self.faults["fail"]:
            raise NodeError(*self.faults["fail"][kind])
        given = {
            name: values[str(value[0])] if isinstance(value, list) else value
            for name, value in graph[node_id].get("inputs", {}).items()
        }
        made = run_node(kind, given, self.base, step, self.faults["seconds"] if kind in SLOW else 0)
        self.cache[keys[node_id]] = made
        if made[1]:
            tell("executed", {"node": node_id, "display_node": node_id, "output": made[1]})
        return made

    def key(self, node_id: str, graph: dict[str, Any]) -> str:
        """Of a node and all before it; a loader's counts the file's content, as the real one's IS_CHANGED does."""
        node = graph[node_id]
        told = [node["class_type"]]
        for name, value in sorted(node.get("inputs", {}).items()):
            told.append(self.key(str(value[0]), graph) if isinstance(value, list) else f"{name}={value}")
            if name in ("image", "file") and isinstance(value, str) and (self.base / "input" / value).is_file():
                told.append(hashlib.sha256((self.base / "input" / value).read_bytes()).hexdigest())
        return hashlib.sha256("|".join(told).encode()).hexdigest()

    # Telling

    def send(self, kind: str, data: dict[str, Any], client: str | None) -> None:
        self._push(client, json.dumps({"type": kind, "data": data}))

    def preview(self, node_id: str, tell: Any) -> None:
        if self.running is None:
            return
        from PIL import Image

        picture, size = io.BytesIO(), 700 if self.faults["big_preview"] else 32
        noise = Image.effect_noise((size, size), 90).convert("RGB")
        noise.save(picture, "PNG" if self.faults["big_preview"] else "JPEG")
        about = json.dumps({"node_id": node_id, "prompt_id": self.running[1], "image_type": "image/jpeg"}).encode()
        self._push(self.running[3].get("client_id"), struct.pack(">II", 4, len(about)) + about + picture.getvalue())

    def _push(self, client: str | None, frame: str | bytes) -> None:
        socket = self.sockets.get(client or "")
        if socket is None or self.loop is None or self.faults["deaf_sockets"]:
            return

        async def out() -> None:
            with contextlib.suppress(Exception):
                if self.faults["drop_sockets"]:
                    await socket.close(1011)
                elif isinstance(frame, str):
                    await socket.send_text(frame)
                else:
                    await socket.send_bytes(frame)

        asyncio.run_coroutine_threadsafe(out(), self.loop)


def order(graph: dict[str, Any], outputs: list[str]) -> list[str]:
    found: list[str] = []

    def visit(node_id: str) -> None:
        for value in graph[node_id].get("inputs", {}).values():
            if isinstance(value, list):
                visit(str(value[0]))
        if node_id not in found:
            found.append(node_id)

    for output in outputs:
        visit(output)
    return found
