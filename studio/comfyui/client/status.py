"""The status of a job on the server, parsed from answers of several forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from media.messages.message import Message

OUT_OF_MEMORY = ("out of memory", "outofmemory", "ran out of memory")


@dataclass(frozen=True)
class Queued:
    """Waits on the server; `ahead` counts the jobs before it there, running ones too."""

    ahead: int


@dataclass(frozen=True)
class Running:
    """Is being worked on."""


@dataclass(frozen=True)
class ResultFile:
    """One file that a node wrote, as /view finds it again."""

    node: str
    filename: str
    subfolder: str
    type: str

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.filename).suffix.lower()


@dataclass(frozen=True)
class Finished:
    """The job has finished; `files` in the order of nodes and lists in the answer, without previews."""

    files: tuple[ResultFile, ...]


@dataclass(frozen=True)
class Failed:
    """A node failed; what there is to say of it."""

    message: Message
    out_of_memory: bool = False


@dataclass(frozen=True)
class Interrupted:
    """It was stopped, by the studio or at the server."""


@dataclass(frozen=True)
class Unknown:
    """The server does not know the job: never received, or forgotten in a restart."""


JobStatus = Queued | Running | Finished | Failed | Interrupted | Unknown
ENDED = (Finished, Failed, Interrupted)


@dataclass(frozen=True)
class ServerQueue:
    """The server's queue: ids that run, and ids that wait in their order."""

    running: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    @classmethod
    def read(cls, answer: Any) -> ServerQueue:
        """Parse an answer of /queue; entries of an unknown form are ignored."""
        told = answer if isinstance(answer, Mapping) else {}
        running = [item[1] for item in _items(told.get("queue_running"))]
        pending = sorted(_items(told.get("queue_pending")), key=lambda item: item[0] if _is_number(item[0]) else 0)
        return cls(tuple(map(str, running)), tuple(str(item[1]) for item in pending))

    def place(self, prompt_id: str) -> Queued | Running | None:
        if prompt_id in self.running:
            return Running()
        if prompt_id in self.pending:
            return Queued(self.pending.index(prompt_id) + len(self.running))
        return None


def read_history(answer: Any, prompt_id: str, titles: Mapping[str, str] = MappingProxyType({})) -> JobStatus | None:
    """Return how a job ended, from an answer of /history/{id}; None while the answer does not contain it.

    Args:
        titles: names for node ids in sentences.
    """
    entry = answer.get(prompt_id) if isinstance(answer, Mapping) else None
    if not isinstance(entry, Mapping):
        return None
    raw = entry.get("status")
    status = raw if isinstance(raw, Mapping) else {}
    events = [_event(message) for message in status.get("messages") or ()]
    for name, data in events:
        if name == "execution_interrupted":
            return Interrupted()
        if name == "execution_error":
            return explain_error(data, titles)
    if status.get("status_str") == "error":
        words = " ".join(str(message) for message in status.get("messages") or () if isinstance(message, str))
        if "interrupt" in words.lower():
            return Interrupted()
        return explain_error({"exception_message": words}, titles)
    return Finished(read_outputs(entry.get("outputs")))


def read_outputs(outputs: Any) -> tuple[ResultFile, ...]:
    """Return every file in the output of any node, under any key: images, gifs, video, audio …"""
    found: list[ResultFile] = []
    for node, told in (outputs if isinstance(outputs, Mapping) else {}).items():
        for listed in (told if isinstance(told, Mapping) else {}).values():
            for item in listed if isinstance(listed, list) else ():
                if isinstance(item, Mapping) and isinstance(item.get("filename"), str) and item.get("type", "output") == "output":
                    found.append(ResultFile(str(node), item["filename"], str(item.get("subfolder") or ""), "output"))
    return tuple(dict.fromkeys(found))


def explain_error(data: Mapping[str, Any], titles: Mapping[str, str] = MappingProxyType({})) -> Failed:
    """Return the sentence of an execution_error, without traceback and paths of the server's machine."""
    message = str(data.get("exception_message") or "").strip()
    kind = str(data.get("exception_type") or "").rsplit(".", 1)[-1]
    where = _where(data, titles)
    everything = f"{kind} {message}".lower()
    if any(words in everything for words in OUT_OF_MEMORY):
        return Failed(Message.of("comfyui.out-of-graphics-memory", node=where), out_of_memory=True)
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    if "header too small" in first.lower() or "safetensor" in everything:
        code = "comfyui.model-file-damaged"
    else:
        code = "comfyui.node-failed"
    return Failed(Message.of(code, node=where, said=(without_paths(first)[:240] or kind).rstrip(".")))


def _where(data: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    node = str(data.get("node_id") or "")
    return titles.get(node) or str(data.get("node_type") or "")


def without_paths(text: str) -> str:
    """Folders of the server's machine cut down to the last name."""
    words = []
    for word in text.split():
        bare = word.replace("\\", "/")
        words.append(bare.rsplit("/", 1)[-1] if bare.count("/") > 1 and "://" not in bare else word)
    return " ".join(words)


def _event(message: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(message, list | tuple) and message:
        data = message[1] if len(message) > 1 else {}
        return str(message[0]), data if isinstance(data, Mapping) else {}
    return "", {}


def _items(listed: Any) -> list[Any]:
    return [item for item in listed or () if isinstance(item, list | tuple) and len(item) > 1] if isinstance(listed, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
