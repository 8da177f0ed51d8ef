"""Learned sizes: what the next load is given, and that the file outlives crashes and damage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engines.common.profile_key import profile_key
from engines.contract import EngineOptions, option
from studio.errors import StorageError
from studio.memory.profiles import LAST_RUNS, MeasurementKind, MemoryProfiles, percentile
from studio.units import GIB
from tests.studio.memory.machines import engine_card

CARD = engine_card("wan", 38, reload_seconds=90)


class Options(EngineOptions):
    weights: str = option("fp8", "Weights", "Which weights.", reload=True)
    steps: int = option(20, "Steps", "How many.")


def test_unmeasured_until_the_first_run(tmp_path: Path) -> None:
    learned = MemoryProfiles(tmp_path / "memory.db")
    first = learned.need(CARD)
    assert (first.bytes, first.measured) == (38 * GIB, False)
    assert learned.reload_seconds(CARD) == 90
    learned.record(MeasurementKind.LOADED, "wan", "", 30 * GIB, seconds=41)
    assert learned.need(CARD).bytes == 38 * GIB, "a load proves less than a run"
    assert not learned.need(CARD).measured
    learned.record(MeasurementKind.PEAK, "wan", "", 33 * GIB)
    measured = learned.need(CARD)
    assert (measured.bytes, measured.measured) == (33 * GIB, True)
    assert learned.reload_seconds(CARD) == 41


def test_the_95th_percentile_of_the_last_runs(tmp_path: Path) -> None:
    learned = MemoryProfiles(tmp_path / "memory.db")
    learned.record(MeasurementKind.PEAK, "wan", "", 90 * GIB)  # long ago: forgotten after twenty more
    for size in range(1, LAST_RUNS + 1):
        learned.record(MeasurementKind.PEAK, "wan", "", size * GIB)
    assert learned.need(CARD).bytes == 19 * GIB
    assert percentile([5], 0.95) == 5
    assert percentile([1, 9], 0.95) == 9
    assert percentile(range(1, 101), 0.95) == 95


def test_variants_and_engines_are_learned_apart(tmp_path: Path) -> None:
    learned = MemoryProfiles(tmp_path / "memory.db")
    learned.record(MeasurementKind.PEAK, "wan", "weights=fp8", 20 * GIB, host_bytes=2 * GIB)
    learned.record(MeasurementKind.PEAK, "other", "weights=bf16", 5 * GIB)
    assert learned.need(CARD, "weights=fp8").bytes == 20 * GIB
    assert learned.need(CARD, "weights=fp8").host_bytes == 2 * GIB
    assert not learned.need(CARD, "weights=bf16").measured


def test_the_key_of_a_variant_holds_what_changes_the_size() -> None:
    assert profile_key() == ""
    assert profile_key(Options(steps=5)) == profile_key(Options(steps=50)) == "weights=fp8"
    assert profile_key(Options(weights="bf16"), "832x480x121") == "weights=bf16,832x480x121"


def test_a_small_engine_needs_no_more_beside_a_card_than_it_needs_at_all(tmp_path: Path) -> None:
    assert MemoryProfiles(tmp_path / "memory.db").need(engine_card("tiny", 0.1)).host_bytes == int(0.1 * GIB)


def test_kept_over_a_restart_and_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom studio.memory.profiles import MeasurementKind, MemoryProfiles\n"
        "learned = MemoryProfiles(Path(sys.argv[1]))\n"
        "for size in range(1, 8): learned.record(MeasurementKind.PEAK, 'wan', '', size * 2**30)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], cwd=Path.cwd(), check=False, env={**os.environ})
    assert ended.returncode == -signal.SIGKILL
    assert MemoryProfiles(path).need(CARD).bytes == 7 * GIB


def test_a_damaged_file_is_put_aside_and_learned_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "memory.db"
    path.write_bytes(b"this is no database, it only looks long enough to be one" * 100)
    learned = MemoryProfiles(path)
    assert not learned.need(CARD).measured
    learned.record(MeasurementKind.PEAK, "wan", "", GIB)
    assert learned.need(CARD).bytes == GIB
    assert (tmp_path / "memory.db.broken").exists()
    assert "learned again" in caplog.text


def test_a_data_folder_that_cannot_be_used_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "memory.db").mkdir()
    with pytest.raises(StorageError, match="cannot be kept in the data folder"):
        MemoryProfiles(tmp_path / "memory.db")


def test_book_keeping_never_fails_a_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    learned = MemoryProfiles(tmp_path / "memory.db")
    learned.close()
    learned.record(MeasurementKind.PEAK, "wan", "", GIB)
    assert learned.need(CARD).bytes == 38 * GIB
    assert "could not be kept" in caplog.text
