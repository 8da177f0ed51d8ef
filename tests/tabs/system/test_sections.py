"""Jobs, engines, times and disk as drawn: what each row says and which buttons it has."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from engines.contract import EngineKind, Readiness, Tier
from engines.speech.hibari.engine import Hibari
from studio.comfyui.memory_request import COMFYUI_ID
from studio.comfyui.server.state import ServerState
from studio.jobs.model import Job, JobError, JobState
from studio.jobs.runtime_stats import RuntimeStats, Workload
from studio.maintenance.disk_usage import DiskReport, ReclaimableSpace, StorageArea
from studio.memory.model import Need
from studio.units import GIB
from studio.workers.engine_service import EngineStatus
from studio.workers.model import WorkerState, WorkerStatus
from tabs.common.fit import spread_in_words, time_in_words
from tabs.system.disk import disk_panel
from tabs.system.engines import _TITLES, EngineFacts, engines_panel
from tabs.system.jobs import jobs_panel
from tabs.system.times import times_table

HOSTILE = '"><script>alert(1)</script>'


def job(title: str, state: JobState = JobState.QUEUED, **more: Any) -> Job:
    facts: dict[str, Any] = {
        "id": title, "kind": "voiceover", "title": title, "lane": "gpu", "spec": {}, "state": state, "progress": 0.0,
        "note": "", "eta_seconds": None, "created": 0.0, "started": None, "ended": None, "error": None,
    }  # fmt: skip
    return Job(**facts | more)


def buttons(html: str) -> list[str]:
    return re.findall(r'<button[^>]*aria-label="([^"]*)"', html)


def test_queued_jobs_can_be_moved_within_their_lane() -> None:
    queued = [job("c", ahead=2), job("b", ahead=1), job("a", ahead=0), job("alone", lane="cpu")]
    html = jobs_panel(queued, queued, now=10.0)
    assert [label for label in buttons(html) if label.startswith("Move")] == [
        "Move c up", "Move b up", "Move b down", "Move a down",
    ]  # fmt: skip
    assert 'data-job="c" data-place="2"' in jobs_panel(queued[:1], queued), "a filter changes no places"
    assert 'data-job="b" data-place="1"' in html and 'data-job="b" data-place="3"' in html


def test_a_job_tells_what_it_cost_and_why_it_failed() -> None:
    failed = job("f", JobState.FAILED, error=JobError("Out of memory.", "Close a program."), work_seconds=42.0, peak_gib=3.5)
    html = jobs_panel([failed, job("d", JobState.DONE)], now=10.0)
    assert "Out of memory." in html and "Close a program." in html and "42 s<br>3.50 GiB" in html
    assert buttons(html) == ["Try f again", "Remove f from the list", "Remove d from the list"]
    assert "No job is like that" in jobs_panel([], filtered=True) and "No jobs yet" in jobs_panel([])
    assert "<script" not in jobs_panel([job(HOSTILE, note=HOSTILE)])


def engine(**more: Any) -> EngineFacts:
    card = Hibari.card
    said = Readiness(True, "Ready.")
    status = EngineStatus(card, said.ready, said.sentence, "", WorkerState.COLD, {}, lambda: ())
    need = Need(card.id, card.title, card.tier, card.device, GIB // 8, measured=True)
    facts: dict[str, Any] = {
        "status": status, "workers": (), "need": need, "idle": 300.0, "chosen": False, "reload_seconds": 0.5,
    }  # fmt: skip
    return EngineFacts(**facts | more)


def test_a_warm_engine_counts_down_and_can_be_kept() -> None:
    card = Hibari.card
    worker = WorkerStatus(card.id, 7, WorkerState.WARM, 0.12, 100.0, 300.0, card.tier, 0.0)
    html = engines_panel([engine(workers=(worker,))])
    assert "goes in 3 min" in html and "0.12 GiB" in html and "0.12 GiB measured here" in html
    assert {"Unload Hibari", "Keep warm", "5 min"} <= set(buttons(html)) and "As usual" not in buttons(html)
    kept = engines_panel([engine(workers=(worker,), idle=0.0, chosen=True)])
    assert "kept warm" in kept and "stays" in kept and "As usual" in buttons(kept)


def test_engines_are_found_by_words() -> None:
    assert "Hibari" in engines_panel([engine()], search="speech READY")
    assert "No engine has" in engines_panel([engine()], search="swap")
    assert "<script" not in engines_panel([engine()], search=HOSTILE)


def test_every_kind_of_engine_is_shown() -> None:
    assert set(_TITLES) == set(EngineKind)


def comfyui(**more: Any) -> ServerState:
    given: dict[str, Any] = {"worker": None, "peak_gib": 0.0, "address": "http://127.0.0.1:8188", "local": True, "answers": True}
    return ServerState(Readiness(True, "ComfyUI at http://127.0.0.1:8188."), **given | more)


def test_a_comfyui_server_says_what_it_holds_and_can_be_asked_to_let_go() -> None:
    holds = WorkerStatus(COMFYUI_ID, 7, WorkerState.WARM, 6.25, 100.0, 300.0, Tier.HEAVY, 0.0)
    html = engines_panel([engine()], comfyui=comfyui(worker=holds, peak_gib=8.5))
    assert "6.25 GiB held" in html and "8.50 GiB at the peak" in html and "models go in 3 min" in html
    assert "Unload the models of ComfyUI" in buttons(html)
    busy = engines_panel([], comfyui=comfyui(worker=replace(holds, state=WorkerState.BUSY)))
    assert "in use" in busy and not buttons(busy)
    assert "elsewhere" in engines_panel([], search="comfyui", comfyui=comfyui(local=False))
    nowhere = ServerState(Readiness(False, "No ComfyUI server is set.", "Set it."), None, 0.0, "", False, False)
    html = engines_panel([engine()], comfyui=nowhere)
    assert "not connected" in html and "Set it." in html and "Unload the models of ComfyUI" not in buttons(html)
    assert "ComfyUI" not in engines_panel([engine()], search="hibari", comfyui=nowhere)


def test_times_are_learned_with_their_spread_and_how_well_they_held(tmp_path: Path) -> None:
    book = RuntimeStats(tmp_path / "runs.json")
    assert time_in_words(book.seconds(Workload("f5", "text", frames=1000))) == "not measured yet"
    for seconds in (10.0, 12.0, 20.0):
        book.learn(Workload("f5", "text", frames=1000), seconds)
    estimate = book.seconds(Workload("f5", "text", frames=2000))
    assert estimate is not None and (estimate.seconds, estimate.low, estimate.high, estimate.runs) == (24.0, 20.0, 40.0, 3)
    assert time_in_words(estimate) == "about 20 s to 40 s, going by 3 runs"
    (row,) = RuntimeStats(tmp_path / "runs.json").calibration()
    assert (row.runs, row.judged) == (3, 2) and row.off is not None and 0.1 < row.off < 0.8
    html = times_table([row])
    assert "10 s to 20 s" in html and "(2 judged)" in html and "1,000 characters" in html
    assert "Nothing was measured yet" in times_table([])
    assert spread_in_words(10, 9.9, 10.1, 4) == "about 10 s" and spread_in_words(10, 10, 10, 1).endswith("one run")


def test_the_disk_tells_what_can_go_and_asks_first() -> None:
    rooms = (StorageArea("outputs", "Results", 60 * GIB, 12, 50 * GIB), StorageArea("logs", "Logs", 0, 0))
    report = DiskReport(0.0, 100 * GIB, 10 * GIB, rooms, (ReclaimableSpace("logs", "Older logs", 5 * GIB, "They are gone."),))
    html = disk_panel(report, now=60.0)
    assert '<span class="problem">120% of' in html and "10.7 GB of 107 GB free" in html
    assert re.search(r'data-what="logs" data-confirm="Remove older logs, 5.4 GB\? They are gone."', html)
