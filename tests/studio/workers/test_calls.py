"""A worker that is well: calls, progress, streams, options, and what it is allowed."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines.contract import Card, SpeechEngine, SpeechRequest, StreamingSpeechEngine
from engines.contract.errors import EngineError, EngineNotReady, WireError
from engines.worker.loop import ITEMS_AHEAD
from media.audio.audio import Audio
from studio.errors import MemoryRefused
from studio.workers.lease_options import LeaseOptions
from studio.workers.model import WorkerState
from studio.workers.pool import WorkerPool
from tests.servers import wait_until
from tests.studio.workers.conftest import Books, ask, refusal
from tests.studio.workers.probe_engine import FarProbe, HeavyProbe, Probe, ProbeOptions


def test_a_call_runs_in_another_process_and_its_result_comes_back(lasting: WorkerPool) -> None:
    speech = ask(lasting, "say")
    assert speech.audio.rate == 16_000
    assert speech.audio.frames == 1_600
    assert speech.words[0].text == "word"
    assert ask(lasting, "pid") != os.getpid()


def test_a_lease_gives_exactly_the_methods_of_the_capability(lasting: WorkerPool) -> None:
    with lasting.lease(Probe, Probe.Options()) as speech:
        assert isinstance(speech, SpeechEngine)
        assert isinstance(speech, StreamingSpeechEngine)
        assert not hasattr(speech, "synthesize_batch")
        assert not hasattr(speech, "secret")
        assert not hasattr(speech, "load")


def test_a_method_outside_the_capability_is_refused_by_the_worker_itself(host: WorkerPool) -> None:
    with host.lease(Probe, Probe.Options()):
        (slot,) = host._registry.all()
        request = {"method": "secret", "args": (), "kwargs": {}, "stream": False}
        with pytest.raises(EngineError, match="secret"):
            next(host._ask(slot, request, LeaseOptions()))


def test_progress_reaches_the_caller_in_order(lasting: WorkerPool) -> None:
    seen: list[tuple[float, str]] = []
    ask(lasting, "tell 4", on_progress=lambda fraction, note: seen.append((fraction, note)))
    assert seen == sorted(seen)
    assert seen[-1] == (1.0, "step 4")
    assert len(seen) >= 3


def test_a_stream_gives_its_parts_as_they_are_made(lasting: WorkerPool) -> None:
    with lasting.lease(Probe, Probe.Options()) as speech:
        parts = list(speech.stream(SpeechRequest("stream 30")))
    assert len(parts) == 30
    assert all(isinstance(part, Audio) for part in parts)
    assert parts[15].samples[0, 0] == pytest.approx(0.5)


def test_a_stream_that_is_closed_leaves_the_worker_well(lasting: WorkerPool) -> None:
    before = ask(lasting, "pid")
    with lasting.lease(Probe, Probe.Options()) as speech:
        stream = speech.stream(SpeechRequest("stream 100000"))
        next(stream)
        stream.close()
        assert speech.synthesize(SpeechRequest("pid")) == before


def test_a_stream_runs_no_further_ahead_than_its_bound(lasting: WorkerPool) -> None:
    with lasting.lease(Probe, Probe.Options()) as speech:
        stream = speech.stream(SpeechRequest("stream 1000"))
        next(stream)
        time.sleep(0.3)
        next(stream)
        stream.close()
        assert speech.synthesize(SpeechRequest("made")) <= 2 + ITEMS_AHEAD + 1


def test_a_stream_left_open_ends_with_its_lease(lasting: WorkerPool) -> None:
    with lasting.lease(Probe, Probe.Options()) as speech:
        stream = speech.stream(SpeechRequest("stream 100000"))
        next(stream)
    assert ask(lasting, "say").audio.frames == 1_600
    with pytest.raises(EngineError, match="lease"):
        next(stream)


def test_one_lease_runs_one_call_at_a_time(lasting: WorkerPool) -> None:
    with lasting.lease(Probe, Probe.Options()) as speech:
        stream = speech.stream(SpeechRequest("stream 5"))
        next(stream)
        with pytest.raises(EngineError, match="busy"):
            speech.synthesize(SpeechRequest("say"))
        stream.close()


def test_a_proxy_is_of_no_use_after_its_lease(lasting: WorkerPool) -> None:
    with lasting.lease(Probe, Probe.Options()) as speech:
        pass
    with pytest.raises(EngineError, match="lease"):
        speech.synthesize(SpeechRequest("say"))


def test_large_arrays_cross_in_both_directions(lasting: WorkerPool) -> None:
    big = ask(lasting, "big")
    assert big.nbytes == 48 << 20
    assert np.array_equal(big[-3:], [(12 << 20) - 3, (12 << 20) - 2, (12 << 20) - 1])
    assert ask(lasting, "length " + "x" * 3_000_000) == 3_000_000


def test_new_options_reach_the_same_worker_and_reload_options_a_fresh_one(host: WorkerPool) -> None:
    pids = []
    for options, text, expected in (
        (ProbeOptions(level=0.25), "level", 0.25),
        (ProbeOptions(level=0.75), "level", 0.75),
        (ProbeOptions(level=0.75, size="large"), "size", "large"),
    ):
        with host.lease(Probe, options) as speech:
            assert speech.synthesize(SpeechRequest(text)) == expected
            pids.append(speech.synthesize(SpeechRequest("pid")))
    assert pids[0] == pids[1] != pids[2]


def test_a_heavy_engine_with_other_reload_options_replaces_its_worker(host: WorkerPool) -> None:
    first = _pid(host, ProbeOptions())
    second = _pid(host, ProbeOptions(size="large"))
    assert first != second
    assert [worker.pid for worker in host.snapshot()] == [second]


def _pid(host: WorkerPool, options: ProbeOptions) -> int:
    with host.lease(HeavyProbe, options) as speech:
        return int(speech.synthesize(SpeechRequest("pid")))


def test_an_engines_own_error_keeps_its_words(lasting: WorkerPool) -> None:
    error = refusal(lasting, "refuse")
    assert (error.reason, error.hint, error.retryable) == ('Probe does not speak the language "tlh".', "It speaks: en.", True)


def test_any_other_exception_becomes_a_sentence_without_paths_or_secrets(lasting: WorkerPool) -> None:
    assert refusal(lasting, "raise").reason == "Probe failed: ValueError: the tensor has the wrong shape."
    said = str(refusal(lasting, "secret-path"))
    assert "weights.bin" in said
    assert "/Users" not in said and "someone" not in said and "abcd1234" not in said


def test_a_result_that_cannot_cross_fails_the_call_alone(lasting: WorkerPool) -> None:
    before = ask(lasting, "pid")
    assert isinstance(refusal(lasting, "thing"), WireError)
    assert "not numbers" in refusal(lasting, "nan").reason
    assert ask(lasting, "pid") == before


def test_what_libraries_print_lands_in_a_capped_log_and_harms_nothing(host: WorkerPool, tmp_path: Path) -> None:
    assert ask(host, "noise") == "still well"
    host.unload("probe")
    log = (tmp_path / "logs" / "probe.log").read_text(encoding="utf-8")
    assert "a library prints" in log
    assert "progress 2%" in log
    assert (tmp_path / "logs" / "probe.log").stat().st_size < 2 << 20


def test_a_worker_stands_back_and_knows_no_secrets(host: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "very-secret")
    monkeypatch.setenv("GREENROOM_SERVER__PORT", "7861")
    own = int(Path("/proc/self/oom_score_adj").read_text())
    light, heavy = ask(host, "facts"), ask(host, "facts", HeavyProbe)
    assert light["oom"] >= max(own, 500) and heavy["oom"] >= 900
    assert heavy["nice"] > light["nice"] > os.nice(0)
    assert light["leader"] and light["secrets"] == [] and light["offline"] == "1"


def test_a_worker_imports_nothing_of_the_studio_or_the_page(lasting: WorkerPool) -> None:
    modules = ask(lasting, "facts")["modules"]
    tops = {module.partition(".")[0] for module in modules}
    assert not tops & {"studio", "tabs", "api", "gradio", "torch", "pydantic_settings"}


def test_a_missing_environment_is_said_with_the_next_step(host: WorkerPool) -> None:
    with pytest.raises(EngineNotReady) as caught:
        ask(host, "say", FarProbe)
    assert '"far"' in caught.value.reason
    assert "./launch.sh install far" in caught.value.hint
    assert host.snapshot() == []


def test_an_engine_of_another_environment_runs_with_that_environments_python(host: WorkerPool, tmp_path: Path) -> None:
    python = tmp_path / "environments" / "far" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexport WHICH=far\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    pid = ask(host, "pid", FarProbe)
    assert b"WHICH=far" in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


def test_two_light_workers_work_side_by_side_and_a_third_job_waits(host: WorkerPool) -> None:
    meeting = threading.Barrier(2, timeout=20)
    pids: list[int] = []

    def work() -> None:
        with host.lease(Probe, Probe.Options()) as speech:
            meeting.wait()
            pids.append(speech.synthesize(SpeechRequest("pid")))
            meeting.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(pids)) == 2
    states: list[str] = []
    with host.lease(Probe, Probe.Options()), host.lease(Probe, Probe.Options()):
        third = threading.Thread(target=lambda: ask(host, "say", on_state=lambda state, note: states.append(state)))
        third.start()
        wait_until(lambda: states)
        assert len(host.snapshot()) == 2
        assert states == ["waiting"]
    third.join(20)
    assert states == ["waiting", "running"]


def test_jobs_take_turns_at_a_heavy_engine(host: WorkerPool) -> None:
    pids: list[int] = []
    threads = [threading.Thread(target=lambda: pids.append(ask(host, "pid", HeavyProbe))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(pids) == 3
    assert len(set(pids)) == 1


def test_states_are_told_and_residency_follows(host: WorkerPool) -> None:
    states: list[str] = []
    assert host.residency("probe") is WorkerState.COLD
    with host.lease(Probe, Probe.Options(), on_state=lambda state, note: states.append(state)):
        assert host.residency("probe") is WorkerState.BUSY
    assert host.residency("probe") is WorkerState.WARM
    assert states == ["loading", "running"]


def test_the_books_are_kept_in_order(host: WorkerPool, books: Books) -> None:
    held = ask(host, "hold 600")
    report = host.unload("probe")
    assert books.kinds() == ["loaded", "peak", "returned"]
    assert held == 600 << 20
    assert books.last("peak")[3] > books.last("loaded")[3] + 0.5
    assert report.held_gib > 0.55
    assert report.returned_gib > 0.2, "other programs move available memory too, but not by so much in a second"
    assert books.last("returned")[3] == report


def test_a_gate_that_refuses_stops_the_start_and_one_that_waits_is_told_of(
    make_host: Callable[..., WorkerPool], books: Books
) -> None:
    def gate(card: Card, waiting: Callable[[str], None], variant: str = "") -> None:
        waiting("needs about 38 GiB, 31 GiB can be used")
        if card.id == "heavy-probe":
            raise MemoryRefused("memory.not-given-back", engine="Heavy probe")

    host = make_host(admit=gate)
    states: list[tuple[str, str]] = []
    assert ask(host, "say", on_state=lambda state, note: states.append((state, note))).audio.frames == 1_600
    assert states[0] == ("waiting", "needs about 38 GiB, 31 GiB can be used")
    with pytest.raises(MemoryRefused):
        ask(host, "say", HeavyProbe)
    assert [worker.engine_id for worker in host.snapshot()] == ["probe"]


def test_the_gate_may_evict_idle_engines_but_not_busy_ones(make_host: Callable[..., WorkerPool]) -> None:
    evicted: list[object] = []

    def gate(card: Card, waiting: Callable[[str], None], variant: str = "") -> None:
        if card.id == "heavy-probe":
            evicted.append(host.evict("probe"))

    host = make_host(admit=gate)
    ask(host, "say")
    ask(host, "say", HeavyProbe)
    assert evicted[0] is not None
    assert host.residency("probe") is WorkerState.COLD
    host.unload("heavy-probe")
    with host.lease(Probe, Probe.Options()) as speech:
        ask(host, "say", HeavyProbe)
        assert speech.synthesize(SpeechRequest("say")).audio.frames == 1_600
    assert evicted[1] is None
