"""The ComfyUI server on the System tab: its state, its memory, and a button that unloads its models."""

from __future__ import annotations

from dataclasses import dataclass

from studio.comfyui.memory_request import COMFYUI_ID
from studio.comfyui.server.state import ServerState
from studio.workers.model import WorkerState
from tabs.common.formats import about


@dataclass(frozen=True)
class ServerRow:
    """The row of the server.

    Args:
        shown: whether it is unfolded. peak: memory of its last job, "" if unknown.
    """

    counted: str
    shown: bool
    said: str
    state: str
    state_label: str
    held: str
    peak: str
    countdown: str
    may_unload: bool
    id: str = COMFYUI_ID


def comfyui_words(server: ServerState) -> str:
    """Return the text that a search matches, in lower case."""
    return f"comfyui server character swap templates {_state(server)} {server.readiness.sentence} {server.address}".casefold()


def server_row(server: ServerState, *, shown: bool) -> ServerRow:
    readiness, worker, state = server.readiness, server.worker, _state(server)
    held = f"{worker.memory_gib:.2f} GiB" if worker else "–"
    return ServerRow(
        counted=f"{'connected' if readiness.ready else 'not connected'}{f', {held} held' if worker else ''}",
        shown=shown,
        said=f"{readiness.sentence} {readiness.next_step}".strip(),
        state="broken" if not readiness.ready else "ready" if state == "elsewhere" else state,
        state_label=state,
        held=held,
        peak=f"{server.peak_gib:.2f} GiB at the peak of its last job" if worker and server.peak_gib else "",
        countdown=_countdown(server),
        may_unload=readiness.ready and server.answers and state != WorkerState.BUSY,
    )


def _state(server: ServerState) -> str:
    if not server.readiness.ready:
        return "not ready"
    if not server.local:
        return "elsewhere"
    return server.worker.state.value if server.worker else WorkerState.COLD.value


def _countdown(server: ServerState) -> str:
    """Return how long it has been unused, and when its models are unloaded."""
    worker = server.worker
    if worker is None:
        return "–"
    if worker.state is not WorkerState.WARM:
        return "in use"
    if not worker.idle_limit:
        return f"{about(worker.idle_seconds)}; stays"
    return f"{about(worker.idle_seconds)}; models go in {about(max(0.0, worker.idle_limit - worker.idle_seconds))}"
