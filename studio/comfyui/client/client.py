"""A thin client of a ComfyUI server: each route that the studio uses, as one call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.comfyui.client.http import HttpTransport, as_json
from studio.comfyui.client.inventory import ModelFile, NodeClass
from studio.comfyui.client.refusal import read_refusal
from studio.comfyui.client.status import (
    Finished,
    Interrupted,
    JobStatus,
    ResultFile,
    Running,
    ServerQueue,
    Unknown,
    explain_error,
    read_history,
    read_outputs,
)
from studio.comfyui.errors import GraphRefused, UnexpectedAnswer, UploadTooLarge

MIB = 1024**2
DEFAULT_UPLOAD_BYTES = 100 * MIB
"""What a server takes that does not say: ComfyUI's own default."""
UPLOAD_MARGIN = 64 * 1024
"""What the form around a file takes of the server's limit."""


@dataclass(frozen=True)
class ServerDevice:
    """A device as the server reports it; sizes in bytes."""

    name: str
    type: str
    vram_total: int
    vram_free: int
    torch_vram: int


@dataclass(frozen=True)
class ServerStats:
    """The answer of /system_stats."""

    version: str | None
    arguments: tuple[str, ...]
    devices: tuple[ServerDevice, ...]


class ComfyUIClient:
    """One server. Any thread may call any method. Every call may raise ComfyUIUnreachable and UnexpectedAnswer beside the
    errors that it lists."""

    def __init__(self, url: str, wire: HttpTransport | None = None) -> None:
        self.wire = wire or HttpTransport(url)
        self.url = self.wire.url
        self._has_jobs: bool | None = None

    def close(self) -> None:
        self.wire.close()

    # What the server is and has

    def stats(self) -> ServerStats:
        """Return the server's facts; also used to check that it answers.

        Raises:
            UnexpectedAnswer: another program answers at this address.
        """
        told = self.wire.get("/system_stats")
        system = told.get("system") if isinstance(told, Mapping) else None
        if not isinstance(system, Mapping):
            raise UnexpectedAnswer("comfyui.not-a-server")
        version = system.get("comfyui_version")
        devices = tuple(_device(one) for one in told.get("devices") or () if isinstance(one, Mapping))
        arguments = tuple(str(word) for word in system.get("argv") or ())
        return ServerStats(None if version is None else str(version), arguments, devices)

    def max_upload_bytes(self) -> int:
        told = self.wire.find("/features")
        limit = told.get("max_upload_size") if isinstance(told, Mapping) else None
        return int(limit) if isinstance(limit, int | float) and limit > 0 else DEFAULT_UPLOAD_BYTES

    def node_classes(self) -> Mapping[str, NodeClass]:
        told = self.wire.get("/object_info")
        if not isinstance(told, Mapping):
            raise UnexpectedAnswer("comfyui.nodes-not-listed")
        return {str(name): node for name, node in told.items() if isinstance(node, Mapping)}

    def model_folders(self) -> tuple[str, ...]:
        told = self.wire.find("/models")
        return tuple(str(name) for name in told) if isinstance(told, list) else ()

    def model_roots(self) -> Mapping[str, tuple[str, ...]]:
        """Absolute folders on the server's machine by name; empty where the server does not report them."""
        told = self.wire.find("/experiment/models")
        found = {}
        for one in told if isinstance(told, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("folders"), list):
                found[str(one.get("name"))] = tuple(str(folder) for folder in one["folders"])
        return found

    def model_files(self, folder: str, roots: tuple[str, ...] = ()) -> tuple[ModelFile, ...]:
        """Return the files of one folder by the names for a loader's input, with sizes if the server reports them."""
        listed = self.wire.find(f"/models/{folder}")
        names = [str(name) for name in listed] if isinstance(listed, list) else []
        known: dict[str, ModelFile] = {}
        told = self.wire.find(f"/experiment/models/{folder}") if names and roots else None
        for one in told if isinstance(told, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("name"), str):
                index, size = one.get("pathIndex"), one.get("size")
                root = roots[index] if isinstance(index, int) and 0 <= index < len(roots) else None
                known[one["name"]] = ModelFile(one["name"], int(size) if isinstance(size, int | float) else None, root)
        return tuple(known.get(name, ModelFile(name)) for name in names)

    # Jobs

    def submit(
        self, graph: Mapping[str, Any], prompt_id: str, client_id: str, workflow: Mapping[str, Any] | None = None
    ) -> float | None:
        """Queue a graph under an id that the studio generated; return its number in the queue.

        Args:
            graph: in API format. workflow: stored by the server beside the results, for "open in ComfyUI".

        Raises:
            GraphRefused: with all errors. A graph of which only a part was accepted is cancelled and refused.
            ConnectionRefused: it was not received. ComfyUIUnreachable: it may have been; call `status` before trying again.
        """
        body: dict[str, Any] = {"prompt": dict(graph), "client_id": client_id, "prompt_id": prompt_id, "front": False}
        if workflow:
            body["extra_data"] = {"extra_pnginfo": {"workflow": dict(workflow)}}
        titles = titles_of(graph)
        answer = self.wire.post("/prompt", body, allowed=(400,))
        told = as_json(answer)
        refusal = read_refusal(told, titles)
        if refusal is not None:
            if answer.is_success:
                self.cancel(prompt_id)
            raise GraphRefused("comfyui.graph-refused", reason=refusal.reason)
        if not isinstance(told, Mapping) or str(told.get("prompt_id") or prompt_id) != prompt_id:
            raise UnexpectedAnswer("comfyui.other-id")
        number = told.get("number")
        return float(number) if isinstance(number, int | float) else None

    def queue(self) -> ServerQueue:
        return ServerQueue.read(self.wire.get("/queue"))

    def status(self, prompt_id: str, titles: Mapping[str, str] | None = None) -> JobStatus:
        """Return the state of a job. Unknown only if it is in neither queue nor history, which are read in an order in which a
        job that moves on meanwhile is not missed."""
        named = titles or {}
        if self._has_jobs is not False:
            found = self._asked_jobs(prompt_id, named)
            if found is not None:
                return found
        ended = self._history(prompt_id, named)
        if ended is not None:
            return ended
        place = self.queue().place(prompt_id)
        if place is not None:
            return place
        return self._history(prompt_id, named) or Unknown()

    def last_ended(self) -> str | None:
        """Return the id of the job that ended last, None if the server remembers none: it was just started, or never used."""
        told = self.wire.get("/history", max_items=1)
        return next(iter(told), None) if isinstance(told, Mapping) else None

    def knows(self, prompt_id: str) -> bool:
        """Return whether the server remembers a job that ended."""
        return self._history(prompt_id, {}) is not None

    def cancel(self, prompt_id: str) -> None:
        """Cancel only this job, queued or running. It has stopped only when `status` says so.

        Old servers ignore the id given to /interrupt and stop whatever runs, so it is sent only while this job runs.
        """
        self.wire.post("/queue", {"delete": [prompt_id]})
        if prompt_id in self.queue().running:
            self.wire.post("/interrupt", {"prompt_id": prompt_id})

    def free(self) -> None:
        """Make the server unload its models as soon as it is idle."""
        self.wire.post("/free", {"unload_models": True, "free_memory": True})

    # Files

    def upload(self, source: Path, folder: str, limit: int) -> str:
        """Put a file into the server's input folder; the value for a loader's input.

        The name is the content's hash: the same file is sent to the same place and never over another one.

        Args:
            folder: below the input folder, "studio/<job>".
            limit: bytes that the server takes; a larger file is refused before anything is sent.

        Raises:
            UploadTooLarge.
        """
        self.refuse_large(source, limit)
        name = f"{_sha256(source)[:16]}{source.suffix.lower()}"
        told = self.wire.upload("/upload/image", {"type": "input", "subfolder": folder, "overwrite": "true"}, name, source)
        stored = told.get("name") if isinstance(told, Mapping) else None
        if not isinstance(stored, str) or not stored:
            raise UnexpectedAnswer("comfyui.upload-not-placed")
        below = str(told.get("subfolder") or "").replace("\\", "/").strip("/")
        return f"{below}/{stored}" if below else stored

    @staticmethod
    def refuse_large(source: Path, limit: int) -> None:
        """
        Raises:
            UploadTooLarge: the server, which takes `limit` bytes, would not take the file.
        """
        size = source.stat().st_size
        if size + UPLOAD_MARGIN > limit:
            raise UploadTooLarge("comfyui.upload-over-limit", file=source.name, size=size / MIB, limit=limit / MIB)

    def download(self, file: ResultFile, target: Path, check: Callable[[], None]) -> Path:
        """Copy a result into `target`.

        Raises:
            UnexpectedAnswer: status 404 when the file is gone.
            GreenroomError: it is empty.
        """
        query = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
        written = self.wire.download("/view", query, target, check)
        if not written:
            raise UnexpectedAnswer("comfyui.result-empty", retryable=True)
        return target

    # Inside

    def _history(self, prompt_id: str, titles: Mapping[str, str]) -> JobStatus | None:
        return read_history(self.wire.get(f"/history/{prompt_id}"), prompt_id, titles)

    def _asked_jobs(self, prompt_id: str, titles: Mapping[str, str]) -> JobStatus | None:
        """A job's status from the route of newer servers; None where only the older routes exist."""
        told = self.wire.find(f"/api/jobs/{prompt_id}")
        if not isinstance(told, Mapping) or told.get("status") is None:
            if self._has_jobs is None:
                self._has_jobs = self.wire.find("/api/jobs", limit=1) is not None
            return None
        self._has_jobs, state = True, told["status"]
        if state == "in_progress":
            return Running()
        if state == "completed":
            outputs = read_outputs(told.get("outputs"))
            return Finished(outputs) if outputs else None
        if state == "failed":
            raw = told.get("execution_error")
            return explain_error(raw if isinstance(raw, Mapping) else {}, titles)
        return Interrupted() if state == "cancelled" else None


def titles_of(graph: Mapping[str, Any]) -> dict[str, str]:
    """Names of a graph's nodes for sentences: their titles where they have one, else their class."""
    named = {}
    for node_id, node in graph.items():
        if isinstance(node, Mapping):
            raw = node.get("_meta")
            meta = raw if isinstance(raw, Mapping) else {}
            named[str(node_id)] = str(meta.get("title") or node.get("class_type") or f"node {node_id}")
    return named


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _device(told: Mapping[str, Any]) -> ServerDevice:
    def size(name: str) -> int:
        value = told.get(name)
        return int(value) if isinstance(value, int | float) else 0

    return ServerDevice(
        str(told.get("name") or ""), str(told.get("type") or ""), size("vram_total"), size("vram_free"), size("torch_vram_total")
    )
