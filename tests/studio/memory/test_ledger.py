"""The books: who holds what, what came back."""

from __future__ import annotations

from studio.memory.ledger import MemoryLedger
from studio.units import GIB
from studio.workers.model import UnloadReport, WorkerObserver


def report(engine_id: str, held: float, returned: float, within: bool = True) -> UnloadReport:
    return UnloadReport(engine_id, 1, held, returned, 100, 100 - held + returned, within)


def test_a_life_from_load_to_return() -> None:
    now = [1000.0]
    ledger: WorkerObserver = MemoryLedger(clock=lambda: now[0])
    assert isinstance(ledger, MemoryLedger)
    ledger.on_loaded("wan", 7, 20.0, 41.5)
    ledger.on_peak("wan", 7, 28.0)
    ledger.on_peak("wan", 7, 25.0)
    (living,) = ledger.living()
    assert (living.since, living.resident, living.peak, living.runs) == (1000.0, 20 * GIB, 28 * GIB, 2)
    assert living.ended is None and living.returned is None
    now[0] = 1100
    ledger.on_returned("wan", 7, report("wan", 20, 19.9))
    assert ledger.living() == []
    (ended,) = ledger.ended()
    assert ended.ended == 1100
    assert ended.as_dict() == {
        "engine": "wan", "pid": 7, "since": 1000.0, "resident": 20.0, "peak": 28.0, "runs": 2, "ended": 1100,
        "returned": 19.9, "within_tolerance": True, "death": "",
    }  # fmt: skip


def test_a_death_keeps_its_reason_and_a_failed_start_is_in_the_books_too() -> None:
    ledger = MemoryLedger()
    ledger.on_loaded("wan", 7, 20.0, 1)
    ledger.on_died("wan", 7, "The kernel ended it.")
    ledger.on_returned("wan", 7, report("wan", 20, 12, within=False))
    ledger.on_died("f5", 8, "It never said hello.")
    ledger.on_returned("f5", 8, report("f5", 0, 0))
    failed, died = ledger.ended()
    assert (died.death, died.within_tolerance) == ("The kernel ended it.", False)
    assert (failed.engine_id, failed.since, failed.death) == ("f5", None, "It never said hello.")


def test_two_workers_of_one_engine_are_told_apart_and_the_books_stay_bounded() -> None:
    now = [0.0]
    ledger = MemoryLedger(clock=lambda: now[0], keep=3)
    ledger.on_loaded("hibari", 1, 0.1, 1)
    ledger.on_loaded("hibari", 2, 0.2, 1)
    assert [entry.pid for entry in ledger.living()] == [1, 2]
    for pid in range(10):
        ledger.on_loaded("hibari", pid, 0.1, 1)
        ledger.on_returned("hibari", pid, report("hibari", 0.1, 0.1))
    assert [entry.pid for entry in ledger.ended()] == [9, 8, 7]
    assert [entry.pid for entry in ledger.ended(limit=2)] == [9, 8]


def test_uses_of_the_last_hour() -> None:
    now = [0.0]
    ledger = MemoryLedger(clock=lambda: now[0])
    assert ledger.recent_uses("wan") == 0
    for moment in (0, 1800, 3000):
        now[0] = moment
        ledger.on_peak("wan", 1, 1)
    assert ledger.recent_uses("wan") == 3
    now[0] = 3700
    assert ledger.recent_uses("wan") == 2
    now[0] = 10_000
    assert ledger.recent_uses("wan") == 0
