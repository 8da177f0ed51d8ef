"""The ComfyUI server on the System tab: how it stands, what it holds, and a button that has it unload its models."""

from __future__ import annotations

from html import escape

from studio.comfyui.memory_request import COMFYUI_ID
from studio.comfyui.server.state import ServerState
from studio.workers.model import WorkerState
from tabs.common.html import about, button, chip
from tabs.system.group import holders


def comfyui_group(server: ServerState, *, shown: bool) -> str:
    """A fold of its own with one row."""
    held = f", {server.worker.memory_gib:.2f} GiB held" if server.worker else ""
    counted = f"{'connected' if server.readiness.ready else 'not connected'}{held}"
    return holders(COMFYUI_ID, "ComfyUI", counted, "Server", _row(server), shown=shown)


def comfyui_words(server: ServerState) -> str:
    """What a search looks through, in small letters."""
    return f"comfyui server character swap templates {_state(server)} {server.readiness.sentence} {server.address}".casefold()


def _row(server: ServerState) -> str:
    readiness, worker = server.readiness, server.worker
    state = _state(server)
    drawn = chip("broken", state) if not readiness.ready else chip("ready" if state == "elsewhere" else state, state)
    said = f"{readiness.sentence} {readiness.next_step}".strip()
    measured = (
        ""
        if worker is None or not server.peak_gib
        else f"<br><small>{server.peak_gib:.2f} GiB at the peak of its last job</small>"
    )
    held = f"{worker.memory_gib:.2f} GiB{measured}" if worker else "–"
    offered = readiness.ready and server.answers and state != WorkerState.BUSY
    unload = button("unload", "Unload the models of ComfyUI", style="", word="Unload", engine=COMFYUI_ID) if offered else ""
    return (
        f"<tr><td><b>ComfyUI</b><br><small>{escape(said)}</small></td><td>{drawn}</td>"
        f'<td class="num">{held}</td><td class="num">{_countdown(server)}</td><td><div class="actions">{unload}</div></td></tr>'
    )


def _state(server: ServerState) -> str:
    if not server.readiness.ready:
        return "not ready"
    if not server.local:
        return "elsewhere"
    return server.worker.state.value if server.worker else WorkerState.COLD.value


def _countdown(server: ServerState) -> str:
    """How long it has been unused, and when its models go."""
    worker = server.worker
    if worker is None:
        return "–"
    if worker.state is not WorkerState.WARM:
        return "in use"
    if not worker.idle_limit:
        return f"{about(worker.idle_seconds)}; stays"
    return f"{about(worker.idle_seconds)}; models go in {about(max(0.0, worker.idle_limit - worker.idle_seconds))}"
