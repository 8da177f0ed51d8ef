"""The data folder's lock, the log, and the regular tidying."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.errors import StorageError
from studio.logs import FILE_NAME, LONGEST_MESSAGE, LONGEST_TRACEBACK, ScrubbingFormatter, open_log, scrub
from studio.maintenance.housekeeping import MaintenanceTimer
from studio.maintenance.last_shutdown import LastShutdown, ShutdownMarker
from studio.paths import DataFolderLock

ROOT = Path(__file__).resolve().parents[3]


def test_a_second_studio_is_told_who_holds_the_data_folder(tmp_path: Path) -> None:
    held = DataFolderLock(tmp_path / "data" / "studio.lock")
    with pytest.raises(StorageError) as refused:
        DataFolderLock(tmp_path / "data" / "studio.lock")
    assert f"process {os.getpid()}" in refused.value.reason and "--data" in refused.value.hint
    DataFolderLock(tmp_path / "other" / "studio.lock").release()
    held.release()
    held.release()
    DataFolderLock(tmp_path / "data" / "studio.lock").release()


def test_a_killed_studio_lets_go_even_while_a_program_it_started_lives_on(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time; from pathlib import Path; from studio.paths import DataFolderLock\n"
        f"lock = DataFolderLock(Path({str(tmp_path / 'studio.lock')!r}))\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], close_fds=False)\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    child = int(server.stdout.readline())
    try:
        with pytest.raises(StorageError, match=f"process {server.pid}"):
            DataFolderLock(tmp_path / "studio.lock")
        server.kill()
        server.wait()
        DataFolderLock(tmp_path / "studio.lock").release()
    finally:
        server.kill()
        os.kill(child, signal.SIGKILL)
        server.wait()
        server.stdout.close()


def test_a_place_that_cannot_hold_a_data_folder_is_told_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as refused:
        DataFolderLock(tmp_path / "file" / "studio.lock")
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        ("GET /?token=Zx81kd92 HTTP/1.1", "Zx81kd92"),
        ("Authorization: Bearer eyJhbGciOi.abc-def", "eyJhbGciOi.abc-def"),
        ("sent with Bearer eyJhbGciOi.abc-def", "eyJhbGciOi"),
        ('{"api_key": "A1b2C3d4"}', "A1b2C3d4"),
        ("HF_TOKEN=hf_abcdefghijkl failed", "hf_abcdefghijkl"),
        ("the key hf_abcdefghijkl was refused", "hf_abcdefghijkl"),
        ("https://anna:geheim@host/path", "geheim"),
        ("Set-Cookie: greenroom_token=QQww; Path=/", "QQww"),
        ("password='p a'", "'p "),
    ],
)
def test_secrets_never_reach_the_log(given: str, secret: str) -> None:
    assert secret not in scrub(given) and "[hidden]" in scrub(given)


def test_records_are_cut_before_they_are_scrubbed_and_keep_their_beginning_and_their_end() -> None:
    formatter = ScrubbingFormatter("%(message)s")
    record = logging.LogRecord("a", logging.ERROR, "", 0, "%s", ("token=abcdef12 " + "x" * 60_000,), None)
    record.exc_text = "Traceback\n" + "  a frame\n" * 60_000 + "OSError: the end"
    text = formatter.format(record)
    assert len(text) < LONGEST_MESSAGE + LONGEST_TRACEBACK + 200
    assert text.startswith("token=[hidden]") and text.endswith("OSError: the end") and "characters left out" in text
    assert len(record.exc_text) > 600_000 and record.args


def test_home_folders_read_as_a_tilde_and_ordinary_words_stay() -> None:
    assert scrub(f"{Path.home()}/studio/a.wav") == "~/studio/a.wav"
    someone = "/home" + "/anna"
    assert scrub(f'File "{someone}/x.py", line 3') == 'File "~/x.py", line 3'
    assert scrub("/Users/anna/x and /srv/home2/x") == "~/x and /srv/home2/x"
    ordinary = "Job 3f2a: done, 12 tokens per second, keyed by text; asked https://host:80/a?b=c"
    assert scrub(ordinary) == ordinary


def test_the_log_is_written_scrubbed_with_tracebacks_and_ends_when_closed(tmp_path: Path) -> None:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    close = open_log(tmp_path / "logs")
    try:
        raise ValueError(f"token=abcdef12 in {Path.home()}/x")
    except ValueError:
        logging.getLogger("studio.test").exception("It failed")
    logging.getLogger("studio.test").info("plain words")
    close()
    logging.getLogger("studio.test").warning("after the end")
    text = (tmp_path / "logs" / FILE_NAME).read_text()
    assert "It failed" in text and "Traceback" in text and "plain words" in text and "after the end" not in text
    assert "abcdef12" not in text and f"{Path.home()}/x" not in text
    assert root.level == level and root.handlers == handlers
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="log"):
        open_log(tmp_path / "file" / "logs")


@pytest.fixture
def machine(tmp_path: Path) -> Callable[[str, int], Path]:
    def write(boot: str, kills: int) -> Path:
        proc = tmp_path / "proc"
        (proc / "sys/kernel/random").mkdir(parents=True, exist_ok=True)
        (proc / "sys/kernel/random/boot_id").write_text(boot)
        (proc / "vmstat").write_text(f"nr_free_pages 12\noom_kill {kills}\n")
        return proc

    return write


def test_how_the_last_server_ended_is_told_from_what_it_left(tmp_path: Path, machine: Callable[[str, int], Path]) -> None:
    marker, faults = tmp_path / "server.json", tmp_path / "fault.log"

    def last_after_death(boot: str = "a", kills: int = 5, traces: str = "") -> LastShutdown:
        marker.write_text('{"pid": 1, "boot": "a", "memory_kills": 5}')
        faults.write_text(traces)
        life = ShutdownMarker(marker, faults, machine(boot, kills))
        life.close()
        return life.last

    assert ShutdownMarker(marker, faults, machine("a", 5)).last is LastShutdown.CLEAN
    assert last_after_death() is LastShutdown.KILLED
    assert last_after_death(kills=6) is LastShutdown.MEMORY
    assert last_after_death(boot="b") is LastShutdown.MACHINE
    assert last_after_death(traces="Fatal Python error: Aborted") is LastShutdown.FAULT
    assert not marker.exists() and not faults.exists()
    assert [ending for ending in LastShutdown if ending.suspicious] == [
        LastShutdown.FAULT,
        LastShutdown.MEMORY,
        LastShutdown.MACHINE,
    ]
    marker.write_text("rubbish")
    assert ShutdownMarker(marker, faults, machine("", 0)).last in LastShutdown


def test_tidying_begins_at_start_repeats_and_outlives_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[str] = []
    twice = threading.Event()

    def fail() -> None:
        runs.append("first")
        raise OSError("no")

    def second() -> None:
        runs.append("second")
        if runs.count("second") == 2:
            twice.set()

    keeper = MaintenanceTimer({"first": fail, "second": second}, interval_seconds=0.01)
    keeper.start()
    assert twice.wait(5)
    keeper.close()
    count = len(runs)
    assert runs[:4] == ["first", "second"] * 2 and "Tidying the first failed" in caplog.text
    threading.Event().wait(0.05)
    assert len(runs) == count
