"""The record of a job that was submitted to a ComfyUI server, written to disk before anything is sent."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from studio.access.local_listeners import listening_process
from studio.comfyui.client.client import ComfyUIClient
from studio.files import write_atomic


class ServerIdentity(BaseModel):
    """What identifies a running server: it forgets all jobs in a restart and does not report the restart.

    Args:
        process: id and start time of its process, "" if it is not a process of this user on this machine.
        ended: the job that it ended last, "" if it remembered none.
    """

    model_config = ConfigDict(frozen=True)

    process: str = ""
    ended: str = ""

    @classmethod
    def of(cls, client: ComfyUIClient) -> ServerIdentity:
        """Raises what asking the server raises."""
        return cls(process=process_mark(client.url), ended=client.last_ended() or "")

    def still_holds(self, client: ComfyUIClient) -> bool | None:
        """Return whether the server is the same run that was recorded, not a later start of it; None if unknown."""
        process = process_mark(client.url)
        if self.process and process:
            return self.process == process
        return client.knows(self.ended) if self.ended else None


class PromptHandle(BaseModel):
    """One run of a graph.

    Args:
        phase: "asked" from before the request is sent until its reply is there, then "taken".
        own: the server is a process of the studio, which ended with it if the studio did.
        graph: in API format, exactly as it was sent.
    """

    model_config = ConfigDict(frozen=True)

    prompt_id: str
    client_id: str
    phase: Literal["asked", "taken"]
    mark: ServerIdentity
    own: bool
    graph: dict[str, Any]

    @classmethod
    def minted(cls, graph: dict[str, Any], mark: ServerIdentity, own: bool) -> PromptHandle:
        return cls(prompt_id=str(uuid.uuid4()), client_id=str(uuid.uuid4()), phase="asked", mark=mark, own=own, graph=graph)


@dataclass(frozen=True)
class PromptHandleFile:
    """The file of a job's prompt handle; replaced atomically, so that a kill leaves the old one or the new one."""

    path: Path

    def read(self) -> PromptHandle | None:
        """
        Raises:
            ValueError: there is one that cannot be read; whether a run is under way is not known then.
        """
        try:
            return PromptHandle.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise ValueError("the ticket is damaged") from error

    def write(self, ticket: PromptHandle) -> PromptHandle:
        write_atomic(self.path, ticket.model_dump_json().encode())
        return ticket

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def process_mark(url: str) -> str:
    """Id and birth of the process that listens at an address of this machine, "" where they cannot be determined."""
    pid = listening_process(url)
    try:
        return "" if pid is None else f"{pid}@{psutil.Process(pid).create_time():.2f}"
    except (psutil.Error, OSError):
        return ""
