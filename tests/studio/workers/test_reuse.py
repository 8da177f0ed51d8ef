"""Warm workers before another job: they ask first, are given back while they wait, and tell what they held."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from studio.errors import MemoryRefused
from studio.workers.model import WorkerState
from studio.workers.pool import WorkerPool
from tests.servers import wait_until
from tests.studio.workers.conftest import Books, ask
from tests.studio.workers.probe_engine import Probe


def test_a_warm_worker_waits_is_free_meanwhile_and_tells_its_peak(make_host: Callable[..., WorkerPool]) -> None:
    answers = ["Too hot.", "Still too hot.", ""]
    asked: list[tuple[float, float]] = []

    def reuse(card: Any, held: float, waited: float, variant: str = "") -> str:
        asked.append((held, waited))
        return answers.pop(0)

    host = make_host(reuse=reuse)
    host.load("probe")
    assert asked == [], "a fresh worker has passed the gate"
    states: list[tuple[str, str, WorkerState]] = []
    peaks: list[float] = []

    def on_state(state: str, note: str) -> None:
        states.append((state, note, host.residency("probe")))

    with host.lease(Probe, Probe.Options(), on_state=on_state, on_peak=peaks.append):
        pass
    assert states[:2] == [("waiting", "Too hot.", WorkerState.WARM), ("waiting", "Still too hot.", WorkerState.WARM)]
    assert [held > 0 for held, _ in asked] == [True] * 3 and [waited for _, waited in asked] == sorted(w for _, w in asked)
    assert peaks[0] > 0


def test_a_refusal_leaves_the_worker_warm(make_host: Callable[..., WorkerPool]) -> None:
    def reuse(card: Any, held: float, waited: float, variant: str = "") -> str:
        raise MemoryRefused("memory.not-given-back", engine="Probe")

    host = make_host(reuse=reuse)
    host.load("probe")
    with pytest.raises(MemoryRefused):
        ask(host, "Hello.")
    assert host.residency("probe") is WorkerState.WARM


def test_a_set_idle_time_acts_on_a_worker_that_is_warm_already(make_host: Callable[..., WorkerPool], books: Books) -> None:
    told: list[tuple[str, str]] = []
    heard = threading.Event()

    def tell(kind: str, sentence: str) -> None:
        told.append((kind, sentence))
        heard.set()

    host = make_host(tell=tell)
    host.load("probe")
    host.set_idle("probe", 0.2)
    wait_until(lambda: host.residency("probe") is WorkerState.COLD)
    assert heard.wait(10)
    assert told[0][0] == "idle" and "was unloaded" in told[0][1] and "GiB came back" in told[0][1]
    host.set_idle("probe", None)
    assert host.idle.chosen("probe") is None
