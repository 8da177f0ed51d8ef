"""The engines section of the System tab: memory, idle time, and buttons to load, unload and set up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from capabilities.setup.set_up_engine import can_be_set_up
from engines.contract import EngineKind
from studio.comfyui.memory_request import COMFYUI_ID
from studio.comfyui.server.state import ServerState
from studio.errors import InvalidInput
from studio.memory.ledger import LedgerEntry
from studio.memory.model import Need
from studio.services import Services
from studio.units import GIB
from studio.weights import EngineWeights
from studio.workers.engine_service import EngineStatus, licence_text
from studio.workers.model import WorkerState, WorkerStatus
from tabs.common.formats import about, size
from tabs.common.html import html_piece, newest
from tabs.common.notices.notices import notice
from tabs.common.templating import render
from tabs.common.wiring import clicked
from tabs.system.comfyui import comfyui_words, server_row

ENDED_SHOWN = 6
_IDLE_CHOICES = ((60, "1 min"), (300, "5 min"), (900, "15 min"), (3600, "1 hour"), (0, "Keep warm"))
_TITLES = {
    EngineKind.SPEECH: "Speech",
    EngineKind.TRANSCRIPTION: "Transcription",
    EngineKind.FACES: "Faces",
    EngineKind.VIDEO: "Video",
    EngineKind.SWAP: "Character swap",
    EngineKind.UPSCALING: "Upscaling",
    EngineKind.VERIFICATION: "Checks",
    EngineKind.ANALYSIS: "Face analysis",
    EngineKind.LANGUAGE: "Language",
}
_ORDER = {WorkerState.BUSY: 0, WorkerState.LOADING: 1, WorkerState.WARM: 2, WorkerState.COLD: 3}


@dataclass(frozen=True)
class EngineFacts:
    """The facts about one engine that the tab shows.

    Args:
        need: expected memory of a load. idle: seconds without use until it is unloaded, 0 = never. chosen: whether the user has
            set that.
    """

    status: EngineStatus
    workers: tuple[WorkerStatus, ...]
    need: Need
    idle: float
    chosen: bool
    reload_seconds: float
    weights: EngineWeights | None = None
    may_be_set_up: bool = False


class EnginesSection:
    """The search box and the drawn list, whose clicks the tab passes on."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.search = gr.Textbox(
            label="Search engines", placeholder="name, licence, environment, ready, warm …", elem_id="engine-search", max_lines=1
        )
        self.piece = html_piece(elem_id="engines", on_draw="greenroom.keepFolds(element)", value=newest("engines"), together=True)
        self.asked: list[Any] = [self.search]
        self.drawn: list[Any] = [self.piece]

    def draw(self, search: str) -> list[str]:
        studio = self._studio
        ended = studio.memory.ledger.ended(ENDED_SHOWN)
        return [engines_panel(self._facts(), ended, search or "", comfyui=studio.comfyui.standing())]

    def clicked(self, event: gr.EventData) -> None:
        """Run the action of a button.

        Raises:
            GreenroomError: the action is not possible.
        """
        data = clicked(event)
        act, engine, studio = data.get("act"), data.get("engine", ""), self._studio
        if act == "load":
            studio.engines.load(engine)
        elif act == "unload" and engine == COMFYUI_ID:
            report = studio.comfyui.unload()
            notice(f"ComfyUI has unloaded its models; {report.returned_gib:.2f} GiB came back.")
        elif act == "unload":
            report = studio.engines.unload(engine)
            notice(f"{studio.catalog.get(engine).card.title} is unloaded; {report.returned_gib:.2f} GiB came back.")
        elif act == "idle":
            seconds = data.get("seconds", "")
            studio.workers.set_idle(engine, float(seconds) if seconds.isdigit() else None)
        else:
            raise InvalidInput("page.button-unknown")

    def _facts(self) -> list[EngineFacts]:
        studio = self._studio
        workers = studio.workers.snapshot()
        weights = {one.card.id: one for one in studio.weights.statuses()}
        return [
            EngineFacts(
                status=status,
                workers=tuple(worker for worker in workers if worker.engine_id == status.card.id),
                need=studio.memory.need(status.card),
                idle=studio.workers.idle.of(status.card),
                chosen=studio.workers.idle.chosen(status.card.id) is not None,
                reload_seconds=studio.memory.reservations.reload_seconds(status.card),
                weights=weights.get(status.card.id),
                may_be_set_up=not status.ready and can_be_set_up(studio, studio.catalog.get(status.card.id)),
            )
            for status in studio.engines.statuses()
        ]


def engines_panel(
    engines: Sequence[EngineFacts],
    ended: Sequence[LedgerEntry] = (),
    search: str = "",
    now: float | None = None,
    comfyui: ServerState | None = None,
) -> str:
    """Return the HTML of the engines by capability, and of the ComfyUI server. Groups are folded except the first, those that
    hold memory, and matches of a search."""
    words = search.casefold().split()
    found = [engine for engine in engines if all(word in _words(engine) for word in words)]
    groups = []
    for number, (capability, title) in enumerate(_TITLES.items()):
        of_it = [engine for engine in found if engine.status.card.capability is capability]
        if of_it:
            shown = bool(words) or number == 0 or any(engine.workers for engine in of_it)
            groups.append(_group(capability, title, of_it, shown=shown))
    server = None
    if comfyui is not None and all(word in comfyui_words(comfyui) for word in words):
        server = server_row(comfyui, shown=bool(words) or comfyui.worker is not None)
    moment = now or time.time()
    given_back = [_ended_row(entry, moment) for entry in ended]
    return render("system/engines.html", groups=groups, server=server, search=search, ended=given_back)


@dataclass(frozen=True)
class _Group:
    """The engines of one capability; `key` names the group, so that the page keeps it unfolded."""

    key: EngineKind
    title: str
    counted: str
    rows: tuple[_EngineRow, ...]
    shown: bool


@dataclass(frozen=True)
class _EngineRow:
    """One engine in the list.

    Args:
        lacks: why it is not ready and the next step, else "". act: of its main button, "" for none. lines: further facts by
            name.
        idle_choices: seconds, words, and whether this one was chosen.
    """

    id: str
    title: str
    kept_warm: bool
    facts: str
    lacks: str
    state: str
    state_label: str
    held: str
    countdown: str
    act: str
    lines: tuple[tuple[str, str], ...]
    idle_choices: tuple[tuple[int, str, bool], ...]
    idle_chosen: bool


def _words(engine: EngineFacts) -> str:
    card, status = engine.status.card, engine.status
    said = (card.id, card.title, card.capability, card.tier, card.device, card.environment, licence_text(card), status.residency)
    return f"{' '.join(said)} {'ready' if status.ready else 'missing'} {status.readiness}".casefold()


def _group(capability: EngineKind, title: str, engines: Sequence[EngineFacts], *, shown: bool) -> _Group:
    ready = sum(engine.status.ready for engine in engines)
    held = sum(worker.memory_gib for engine in engines for worker in engine.workers)
    counted = f"{len(engines)} engine{'' if len(engines) == 1 else 's'}, {ready} ready"
    holding = f", {held:.2f} GiB held" if held else ""
    rows = tuple(_row(engine) for engine in sorted(engines, key=lambda one: _ORDER[one.status.residency]))
    return _Group(capability, title, counted + holding, rows, shown)


def _row(engine: EngineFacts) -> _EngineRow:
    card, status = engine.status.card, engine.status
    return _EngineRow(
        id=card.id,
        title=card.title,
        kept_warm=engine.chosen and not engine.idle,
        facts=f"{card.tier.value}, {card.device.value}, {card.weights_licence.name}",
        lacks="" if status.ready else f"{status.readiness} {status.next_step}",
        state=str(status.residency) if status.ready else "broken",
        state_label=str(status.residency) if status.ready else "not ready",
        held=f"{sum(worker.memory_gib for worker in engine.workers):.2f} GiB" if engine.workers else "–",
        countdown=_countdown(engine),
        act=_main_act(engine),
        lines=_lines(engine),
        idle_choices=tuple((seconds, word, engine.chosen and engine.idle == seconds) for seconds, word in _IDLE_CHOICES),
        idle_chosen=engine.chosen,
    )


def _main_act(engine: EngineFacts) -> str:
    """Return the act of its main button for `EnginesSection.clicked`; "" for no button."""
    if engine.status.residency is WorkerState.LOADING:
        return ""
    if engine.workers:
        return "unload"
    if engine.status.ready:
        return "load"
    return "set-up" if engine.may_be_set_up else ""


def _countdown(engine: EngineFacts) -> str:
    """Return how long it has been unused, and when it is unloaded."""
    warm = [worker for worker in engine.workers if worker.state is WorkerState.WARM]
    if not engine.workers:
        return "–"
    if not warm:
        return "in use"
    waited = min(worker.idle_seconds for worker in warm)
    if not engine.idle:
        return f"{about(waited)}; stays"
    return f"{about(waited)}; goes in {about(max(0.0, engine.idle - waited))}"


def _lines(engine: EngineFacts) -> tuple[tuple[str, str], ...]:
    card = engine.status.card
    estimate = f"{card.memory_gib:g} GiB by its card"
    measured = f"{engine.need.bytes / GIB:.2f} GiB measured here" if engine.need.measured else "not measured here yet"
    return (
        ("Memory", f"{estimate}, {measured}; a load takes about {about(engine.reload_seconds)}"),
        ("Environment", card.environment),
        ("Weights", _weights(engine.weights)),
        ("Licence", f"{licence_text(card)}; {'commercial use allowed' if card.commercial_use else 'not for commercial use'}"),
        ("Idle", "stays until you unload it" if not engine.idle else f"unloaded after {about(engine.idle)} without use"),
    )


def _weights(weights: EngineWeights | None) -> str:
    if weights is None:
        return "none to download"
    here = {"missing": "not here", "partial": f"{size(weights.here_bytes)} here", "present": "here"}[weights.state.value]
    return f"{size(weights.whole_bytes)}, {here}" + ("; their makers ask to accept a licence" if weights.gated else "")


def _ended_row(entry: LedgerEntry, now: float) -> tuple[str, str, str, str, float]:
    """Return engine, reason of the end, memory held, memory given back, and age."""
    back = "–" if entry.returned is None else f"{entry.returned / GIB:.2f} GiB"
    held = f"{max(entry.peak, entry.resident) / GIB:.2f} GiB"
    return entry.engine_id, entry.death, held, back, now - (entry.ended or now)
