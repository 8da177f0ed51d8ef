"""A server that the studio starts itself: its start, its life, its end, and what the memory's keeper sees of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from engines.contract import Card, Tier
from studio.comfyui.errors import ComfyUIMissing
from studio.comfyui.memory_request import COMFYUI_ID, MemoryRequest
from studio.comfyui.service import ComfyUIService
from studio.errors import EngineError, MemoryRefused
from studio.memory.ledger import MemoryLedger
from studio.memory.machine.gpu import GpuFacts
from studio.memory.manager import MemoryManager
from studio.settings import ComfyUISettings, MemorySettings
from studio.units import GIB, MIB
from studio.workers.model import WorkerState
from tests.repository.sources import ROOT
from tests.servers import wait_until
from tests.studio.comfyui.servers import StandInServer
from tests.studio.memory.machines import PC_TOTAL_KB, SPARK_GPU, card_24, machine

MAIN = f"""import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
print("a line of its log", flush=True)
runpy.run_module("tests.studio.comfyui.stand_in", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """A folder that looks like ComfyUI's and runs the stand-in."""
    folder = tmp_path / "ComfyUI"
    (folder / "comfy").mkdir(parents=True)
    (folder / "main.py").write_text(MAIN)
    return folder


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def comfyui(installation: Path, ledger: MemoryLedger, tmp_path: Path) -> Iterator[ComfyUIService]:
    settings = ComfyUISettings(path=installation, python=Path(sys.executable), start_seconds=60)
    made = ComfyUIService(settings, tmp_path / "logs", observer=ledger, idle_seconds=0)
    made.open()
    yield made
    made.close()


def test_it_is_started_when_it_is_needed_and_ends_with_the_studio(
    comfyui: ComfyUIService, ledger: MemoryLedger, installation: Path, tmp_path: Path
) -> None:
    assert comfyui.readiness().ready and not comfyui.residency.snapshot()
    with pytest.raises(ComfyUIMissing, match="does not run"):
        comfyui.unload()
    told: list[str] = []
    client = comfyui.client(told.append)
    assert client.stats().version == "0.3.64" and any("Starting ComfyUI" in note for note in told)
    (status,) = comfyui.residency.snapshot()
    process = psutil.Process(status.pid)
    assert status.engine_id == COMFYUI_ID and status.state is WorkerState.WARM
    assert os.getpgid(status.pid) == status.pid != os.getpgid(0)
    assert int(Path(f"/proc/{status.pid}/oom_score_adj").read_text()) == 900
    assert process.cwd() == str(installation) and "PYTHONPATH" not in process.environ()
    assert {one.laddr.ip for one in process.net_connections() if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert client.max_upload_bytes() == 2048 * 1024**2
    assert comfyui.client() is client, "it is started once"
    assert "a line of its log" in (tmp_path / "logs" / "comfyui.log").read_text()
    wait_until(lambda: comfyui.residency.snapshot()[0].memory_gib > 0.02)
    with comfyui.residency.use():
        pass
    comfyui.close()
    assert not process.is_running()
    wait_until(lambda: bool(ledger.ended()))
    (entry,) = ledger.ended()
    assert entry.engine_id == COMFYUI_ID and entry.ended and entry.runs == 1 and entry.peak >= entry.resident > 0
    assert not entry.death


def test_a_crash_is_told_and_the_next_job_starts_it_again(comfyui: ComfyUIService) -> None:
    comfyui.client()
    first = comfyui.residency.snapshot()[0].pid
    os.kill(first, signal.SIGSEGV)
    wait_until(lambda: not comfyui.residency.snapshot())
    assert "crashed" in comfyui.dead() and "starts it again" in comfyui.readiness().sentence
    assert comfyui.client().stats().version and comfyui.residency.snapshot()[0].pid != first and not comfyui.dead()


def test_an_installation_that_cannot_start_is_told_in_words(comfyui: ComfyUIService, installation: Path) -> None:
    (installation / "main.py").write_text("raise SystemExit(3)")
    with pytest.raises(ComfyUIMissing, match=r"exit code 3.*not become ready"):
        comfyui.client()


@pytest.mark.parametrize("what", ["no folder", "no python"])
def test_a_wrong_setting_is_told_before_anything_is_started(tmp_path: Path, installation: Path, what: str) -> None:
    folder = tmp_path / "nowhere" if what == "no folder" else installation
    readiness = ComfyUIService(ComfyUISettings(path=folder), tmp_path / "logs").readiness()
    assert not readiness.ready and "settings.yaml" in readiness.next_step


def test_it_makes_way_for_other_loads_unless_it_works(comfyui: ComfyUIService) -> None:
    comfyui.client()
    with comfyui.residency.use():
        assert comfyui.residency.snapshot()[0].state is WorkerState.BUSY
        assert not comfyui.residency.evict() and comfyui.residency.snapshot()
    assert comfyui.residency.evict() and not comfyui.residency.snapshot()


def test_it_is_ended_when_memory_runs_out_and_its_job_is_told(comfyui: ComfyUIService) -> None:
    comfyui.client()
    with comfyui.residency.use():
        comfyui.residency.end(COMFYUI_ID, "Memory ran out.")
        wait_until(lambda: bool(comfyui.dead()))
        assert comfyui.dead() == comfyui.residency.doomed() == "Memory ran out."


def test_it_does_not_outlive_a_studio_that_is_killed(installation: Path, tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from studio.comfyui.service import ComfyUIService
from studio.settings import ComfyUISettings
settings = ComfyUISettings(path=Path({str(installation)!r}), python=Path(sys.executable))
comfyui = ComfyUIService(settings, Path({str(tmp_path)!r}) / "logs")
comfyui.open()
comfyui.client()
print(comfyui.residency.snapshot()[0].pid, flush=True)
time.sleep(60)
"""
    studio = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert studio.stdout is not None
    pid = int(studio.stdout.readline())
    assert psutil.pid_exists(pid)
    studio.kill()
    studio.wait()
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


# A server beside the studio


def test_a_server_on_this_machine_counts_while_it_may_hold_models_and_is_freed(
    stand_in: StandInServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.comfyui.service.KEEPER_SECONDS", 0.2)
    comfyui = ComfyUIService(ComfyUISettings(url=stand_in.url), tmp_path / "logs", idle_seconds=0.5)
    comfyui.open()
    try:
        assert comfyui.local and not comfyui.own and not comfyui.residency.snapshot()
        freed = stand_in.told["freed"]
        with comfyui.residency.use():
            wait_until(lambda: bool(comfyui.residency.snapshot()))
            status = comfyui.residency.snapshot()[0]
            assert stand_in.process is not None and status.pid == stand_in.process.pid and status.memory_gib > 0.02
            assert not comfyui.residency.free(), "never while a job of ours runs"
        wait_until(lambda: stand_in.told["freed"] > freed)
        wait_until(lambda: not comfyui.residency.snapshot())
        freed = stand_in.told["freed"]
        time.sleep(0.8)
        assert stand_in.told["freed"] == freed, "once is enough"
    finally:
        comfyui.close()
    assert stand_in.answers(), "it was not the studio's to end"


def test_a_server_in_a_container_counts_by_what_it_says_it_holds(
    stand_in: StandInServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.comfyui.residency.listening_process", lambda url: None)
    stand_in.faults(graphics=5 * 2**30)
    comfyui = ComfyUIService(ComfyUISettings(url=stand_in.url), tmp_path / "logs", idle_seconds=0)
    comfyui.open()
    try:
        with comfyui.residency.use():
            wait_until(lambda: bool(comfyui.residency.snapshot()))
            assert comfyui.residency.snapshot()[0].memory_gib == 5.0
            with pytest.raises(EngineError, match="at work"):
                comfyui.unload()
        assert comfyui.standing().worker and comfyui.standing().peak_gib == 5.0
        report = comfyui.unload()
        assert (report.held_gib, report.returned_gib) == (5.0, 5.0) and not comfyui.standing().worker
        stand_in.faults(graphics=5 * 2**30)
        with comfyui.residency.use():
            wait_until(lambda: bool(comfyui.residency.snapshot()))
        assert comfyui.residency.evict() and not comfyui.residency.snapshot()
    finally:
        comfyui.close()


def test_a_job_passes_the_memory_gate_and_other_templates_models_go_first(stand_in: StandInServer, tmp_path: Path) -> None:
    memory = MemoryManager(MemorySettings(), tmp_path)
    comfyui = ComfyUIService(ComfyUISettings(url=stand_in.url), tmp_path / "logs")
    try:
        told: list[str] = []
        freed = stand_in.told["freed"]
        for template in ("a", "a", "b"):
            want = MemoryRequest(template, "ComfyUI, a", Tier.LIGHT, 0.2)
            with comfyui.residency.room(memory, lambda holder: None, want, told.append), comfyui.residency.use():
                pass
        assert stand_in.told["freed"] == freed + 1
        far_too_much = comfyui.residency.room(
            memory, lambda holder: None, MemoryRequest("c", "ComfyUI, c", Tier.HEAVY, 9_000), told.append
        )
        with pytest.raises(MemoryRefused, match=r"ComfyUI, c needs about 9,?000"), far_too_much:
            raise AssertionError("it was let in")
    finally:
        memory.close()
        comfyui.close()


class Told:
    """A driver that answers this."""

    def __init__(self, facts: GpuFacts) -> None:
        self._facts = facts

    def facts(self) -> GpuFacts:
        return self._facts


def asked_for(memory: MemoryManager, stand_in: StandInServer, want: MemoryRequest, tmp_path: Path) -> tuple[float, str]:
    """GiB that the gate was asked for and let in, or 0 and what it said."""
    comfyui = ComfyUIService(ComfyUISettings(url=stand_in.url), tmp_path / "logs")
    told: list[Card] = []
    enter = memory.admission

    def noted(card: Card, *rest: Any) -> Any:
        told.append(card)
        return enter(card, *rest)

    memory.admission = noted  # type: ignore[method-assign,assignment]
    try:
        with comfyui.residency.room(memory, lambda holder: None, want, lambda why: None):
            return memory.need(told[0]).bytes / GIB, ""
    except MemoryRefused as refusal:
        return 0.0, refusal.reason
    finally:
        memory.admission = enter  # type: ignore[method-assign]
        comfyui.close()


def test_an_unknown_need_takes_what_is_free_and_a_plug_in_card_gives_what_it_has(stand_in: StandInServer, tmp_path: Path) -> None:
    """A card of 24 GiB, of which 19.2 can be had; the same need on memory shared with the GPU is refused with its numbers."""
    stand_in.faults(graphics=2**30, graphics_free=12 * 2**30)
    files = machine(tmp_path / "pc", PC_TOTAL_KB, 50 * MIB)
    pc = MemoryManager(MemorySettings(wait_seconds=0), tmp_path / "a", files=files, gpu=Told(card_24()))
    unknown, large = MemoryRequest("u", "ComfyUI, u", Tier.HEAVY, 0), MemoryRequest("l", "ComfyUI, l", Tier.HEAVY, 36)
    shared = MemoryManager(MemorySettings(wait_seconds=0), tmp_path / "b", files=files, gpu=Told(SPARK_GPU))
    try:
        assert asked_for(pc, stand_in, unknown, tmp_path)[0] == pytest.approx(12, abs=0.1), "as the server says"
        stand_in.faults(graphics_free=23 * 2**30)
        assert asked_for(pc, stand_in, unknown, tmp_path)[0] == pytest.approx(18.7, abs=0.2), "as the gate has"
        assert asked_for(pc, stand_in, large, tmp_path)[0] == pytest.approx(18.7, abs=0.2), "the rest lies beside it"
        assert asked_for(shared, stand_in, unknown, tmp_path)[0] == pytest.approx(23, abs=0.1)
        got, said = asked_for(shared, stand_in, replace(large, memory_gib=60), tmp_path)
        assert not got and "ComfyUI, l needs about 60 GiB" in said
    finally:
        pc.close()
        shared.close()


def test_a_server_on_another_machine_is_not_counted_here(tmp_path: Path) -> None:
    comfyui = ComfyUIService(ComfyUISettings(url="http://gpu-box.invalid:8188"), tmp_path / "logs")
    with comfyui.residency.use(), comfyui.residency.room(None, None, MemoryRequest("a", "a", Tier.HEAVY, 9_000), print):  # type: ignore[arg-type]
        assert not comfyui.local and not comfyui.residency.snapshot()
    comfyui.close()
