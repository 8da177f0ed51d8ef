"""app.py as a program: how it starts, refuses to start, and ends."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.repository.sources import ROOT
from tests.servers import RunningStudio, free_port, long_script, running_studio, wait_until


def refused(*arguments: str, **variables: str) -> str:
    """The one sentence of a start that does not come about."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GREENROOM_")}
    result = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *arguments], env=kept | variables, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 2, result.stderr
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("Greenroom: ")
    return line


def test_a_token_that_is_too_short_is_refused_and_not_shown() -> None:
    sentence = refused(GREENROOM_SERVER__TOKEN="hunter2")
    assert "server.token" in sentence and "hunter2" not in sentence


def test_a_token_of_one_s_own_is_not_renewed() -> None:
    assert "server.token" in refused("--new-token", GREENROOM_SERVER__TOKEN="a-token-of-my-own")


def test_a_path_of_a_proxy_is_a_path() -> None:
    assert "server.root_path" in refused("--root-path", "https://example.com")


def test_a_bad_setting_stops_the_start() -> None:
    assert "voiceover.loudness" in refused(GREENROOM_VOICEOVER__LOUDNESS="-15")
    assert "GREENROOM_SERVER__PROT" in refused(GREENROOM_SERVER__PROT="1")


def test_a_bad_port_is_named() -> None:
    assert "server.port" in refused("--port", "70000")


@pytest.mark.realtime
def test_a_taken_port_is_named_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        begin = time.monotonic()
        sentence = refused("--port", str(port), "--data", str(tmp_path / "data"))
        assert time.monotonic() - begin < 10
    assert f"Port {port} is taken" in sentence and f"--port {port + 1}" in sentence
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "data folder" in refused("--port", str(free_port()), "--data", str(tmp_path / "file" / "data"))


def test_a_second_studio_on_the_same_data_is_refused(server: RunningStudio) -> None:
    sentence = refused("--port", str(free_port()), "--data", str(server.data))
    assert "Another Greenroom" in sentence and str(server.process.pid) in sentence


def test_it_says_where_it_is_only_when_it_answers(server: RunningStudio) -> None:
    first, *_ = server.output.splitlines()  # what other tests had it say comes after
    assert first == f"Greenroom is open at {server.url}"


def test_it_listens_on_loopback_alone(server: RunningStudio) -> None:
    listening = [one for one in psutil.Process(server.process.pid).net_connections("inet") if one.status == psutil.CONN_LISTEN]
    assert [(one.laddr.ip, one.laddr.port) for one in listening] == [("127.0.0.1", server.port)]


@pytest.fixture
def hang_ups_count() -> Iterator[None]:
    """What is started here heeds a hang-up, also when the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.realtime
@pytest.mark.slow
@pytest.mark.usefixtures("hang_ups_count")
def test_every_way_to_end_it_is_clean_and_its_jobs_go_on_at_the_next_start(tmp_path: Path) -> None:
    """Workers end with it and waiting calls are let go; what one start began, the next ones go on with unasked. A service manager
    hears of each start and end."""
    data, manager = tmp_path / "data", socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "n"))
    manager.settimeout(60)
    for starts, ending in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), 1):
        with running_studio(data, NOTIFY_SOCKET=str(tmp_path / "n")) as studio:
            assert manager.recv(100).decode() == f"READY=1\nMAINPID={studio.process.pid}"
            client = studio.client()
            client.submit(long_script(), api_name="/voiceover")
            wait_until(lambda: len(client.predict(api_name="/jobs")) == starts, 60)  # noqa: B023
            wait_until(lambda: client.predict(api_name="/jobs")[-1]["state"] == "running", 60)  # noqa: B023
            end_cleanly(studio, ending)
            assert manager.recv(100).startswith(b"STOPPING=1")
        with sqlite3.connect(data / "jobs.db") as jobs:
            assert {state for (state,) in jobs.execute("SELECT state FROM jobs")} <= {"queued", "interrupted"}
    manager.close()


def end_cleanly(studio: RunningStudio, ending: signal.Signals) -> None:
    wait_until(lambda: psutil.Process(studio.process.pid).children(recursive=True), 60)  # a job runs before its engine is here
    family = psutil.Process(studio.process.pid).children(recursive=True)
    begin = time.monotonic()
    studio.process.send_signal(ending)
    assert studio.process.wait(20) == 0
    assert time.monotonic() - begin < 10
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert "Traceback" not in studio.output


@pytest.mark.slow
def test_nothing_is_asked_of_the_outside_at_start(tmp_path: Path) -> None:
    """In a network of its own with loopback alone, the studio starts and answers."""
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("this machine gives no network namespaces")
    port = free_port()
    inside = (
        "import socket, subprocess, sys, time, urllib.request;"
        "subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True);"
        f"server = subprocess.Popen([sys.executable, {str(ROOT / 'app.py')!r}, '--port', '{port}', '--data', sys.argv[1]],"
        " stdout=subprocess.PIPE, text=True);"
        "print(server.stdout.readline().strip());"
        f"print(urllib.request.urlopen('http://127.0.0.1:{port}/readyz').read().decode());"
        "server.terminate(); server.wait(20)"
    )
    command = ["unshare", "-rn", sys.executable, "-c", inside, str(tmp_path / "data")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "is open at" in result.stdout and '"ready":true' in result.stdout, result.stdout + result.stderr
    assert "Error" not in result.stderr and "WARNING" not in result.stderr


def test_the_page_names_no_other_host(server: RunningStudio) -> None:
    text = httpx.get(server.url).text
    for address in ("fonts.googleapis.com", "cdn.", "huggingface.co/", "api.gradio.app"):
        assert f"https://{address}" not in text
