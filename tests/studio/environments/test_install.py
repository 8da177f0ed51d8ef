"""Environments made by the real pip: whole or not used at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.environments import EnvironmentState
from studio.environments.model import InstallFailed, Trouble
from studio.environments.pip import PipSteps
from studio.environments.pip_settings import read_settings
from studio.environments.stamp import Stamp, read_stamp, write_stamp
from studio.errors import Cancelled, NotFound, StorageError
from tests.repository.sources import ROOT
from tests.servers import wait_until
from tests.studio.environments.conftest import NAMES, Place, build_wheel

Told = tuple[list[tuple[float, str]], Callable[[float, str], None]]


def version_of_second(place: Place) -> str:
    """Of the second package, as the environment's own Python finds it."""
    command = [place.python(), "-c", f"import {NAMES[1]}; print({NAMES[1]}.VERSION)"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def test_an_environment_is_installed_checked_and_stamped(place: Place, told: Told) -> None:
    heard, say = told
    place.declare("".join(f"{name}==1.0\n" for name in NAMES), first=[NAMES[0]])
    assert place.environments.status("tiny").state is EnvironmentState.ABSENT
    status = place.environments.install("tiny", say)
    assert status.ready and status.size_bytes > 0
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0 and len(set(fractions)) > 5
    assert any("import greenroombeta" in note for _, note in heard)
    assert version_of_second(place) == "1.0"
    before = place.python().lstat().st_mtime_ns
    assert place.environments.install("tiny").ready
    assert place.python().lstat().st_mtime_ns == before  # a ready one is left alone


def test_progress_never_goes_back_when_the_disk_is_ahead_of_pip(tmp_path: Path) -> None:
    heard: list[float] = []
    steps = PipSteps(2, lambda fraction, note: heard.append(fraction))
    steps.line("Collecting alpha==1.0 (from -r tiny.lock (line 1))")
    steps.look(tmp_path)
    steps.line("Installing collected packages: alpha, beta")
    for name in ("alpha", "beta"):
        (tmp_path / f"{name}-1.0.dist-info").mkdir()
        steps.look(tmp_path)
    steps.line("Successfully installed alpha-1.0 beta-1.0")
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(set(heard)) == 4


def test_a_changed_lock_makes_it_stale_and_installing_renews_it(installed: Place) -> None:
    lock = installed.locks / "tiny.lock"
    lock.write_text("# another comment\n\n" + lock.read_text())
    assert installed.environments.status("tiny").ready
    build_wheel(installed.wheels, NAMES[1], "2.0")
    installed.declare(f"{NAMES[0]}==1.0\n{NAMES[1]}==2.0\n")
    stale = installed.environments.status("tiny")
    assert stale.state is EnvironmentState.BROKEN and "older list" in stale.sentence and "install tiny" in stale.next_step
    assert installed.environments.install("tiny").ready
    assert version_of_second(installed) == "2.0"


def test_what_cannot_be_imported_is_named_and_never_ready(place: Place) -> None:
    build_wheel(place.wheels, NAMES[1], "3.0", source='raise OSError("libsomething.so.1 is missing")\n')
    place.declare(f"{NAMES[0]}==1.0\n{NAMES[1]}==3.0\n")
    with pytest.raises(InstallFailed, match=r"greenroombeta.*libsomething"):
        place.environments.install("tiny")
    status = place.environments.status("tiny")
    assert status.state is EnvironmentState.BROKEN and "libsomething" in status.sentence
    assert not place.environments.wants_install("tiny")  # not tried again unasked


def test_an_import_that_kills_its_python_is_named(place: Place) -> None:
    build_wheel(place.wheels, NAMES[1], "4.0", source="import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    place.declare(f"{NAMES[0]}==1.0\n{NAMES[1]}==4.0\n")
    with pytest.raises(InstallFailed, match=r"greenroombeta.*signal 11"):
        place.environments.install("tiny")


def test_a_missing_package_is_told_in_words(place: Place) -> None:
    place.declare(f"{NAMES[0]}==1.0\nnosuchgreenroompackage==9.0\n")
    with pytest.raises(InstallFailed, match=r"nosuchgreenroompackage==9.0") as failed:
        place.environments.install("tiny")
    assert failed.value.trouble is Trouble.NO_BUILD


def test_no_network_is_told_in_words(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    place.declare("nosuchgreenroompackage==9.0\n")
    with pytest.raises(InstallFailed) as failed:
        place.environments.install("tiny")
    assert failed.value.trouble is Trouble.NETWORK and failed.value.retryable


HOSTILE = """
[global]
user = true
target = {elsewhere}
prefix = {elsewhere}
root = {elsewhere}
constraint = {constraint}
quiet = 3
require-virtualenv = true
no-deps = true
require-hashes = true
no-binary = :all:
dry-run = true
python = {elsewhere}/python
progress-bar = pretty
[install]
find-links = {wheels}
no-index = true
"""


def test_a_hostile_configuration_of_pip_gives_its_sources_and_nothing_else(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, constraint = tmp_path / "elsewhere", tmp_path / "constraints.txt"
    constraint.write_text(f"{NAMES[1]}==9.0\n")
    (tmp_path / "pip.conf").write_text(HOSTILE.format(elsewhere=elsewhere, constraint=constraint, wheels=place.wheels))
    for name in ("PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_USER", "1")
    place.declare("".join(f"{name}==1.0\n" for name in NAMES), first=[NAMES[0]])
    assert place.environments.install("tiny").ready
    assert version_of_second(place) == "1.0" and not elsewhere.exists()


def test_sources_from_files_and_variables_are_taken_over() -> None:
    listed = [
        ":env:.cert='/own.pem'", ":env:.user='1'", ":env:.extra-index-url=''", "global.cert='/all.pem'", "global.target='/x'",
        "global.extra-index-url='\\nhttps://a/simple\\nhttps://b/simple'", "install.proxy='http://p:1'", "download.proxy='x'",
        "global.index-url='https://me:pa=ss@mirror/simple'",
    ]  # fmt: skip
    assert read_settings(listed) == {
        "PIP_CERT": "/own.pem", "PIP_EXTRA_INDEX_URL": "\nhttps://a/simple\nhttps://b/simple", "PIP_PROXY": "http://p:1",
        "PIP_INDEX_URL": "https://me:pa=ss@mirror/simple",
    }  # fmt: skip


def test_a_configuration_of_pip_that_cannot_be_read_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = place.root.parent / "broken.conf"
    broken.write_text("[global\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(broken))
    with pytest.raises(InstallFailed, match="configuration cannot be read") as failed:
        place.environments.install("tiny")
    assert failed.value.trouble is Trouble.PIP_CONFIGURATION


def test_a_full_disk_is_refused_before_anything_is_made(place: Place) -> None:
    build_wheel(place.wheels, "torch", "1.0+cpu")
    place.declare("torch==1.0\n", installed_gb={"cpu": 9e9, "cuda": 9e9}, download_gb={"cpu": 0.0, "cuda": 0.0})
    with pytest.raises(StorageError, match="are free"):
        place.environments.install("tiny")
    assert place.environments.status("tiny").state is EnvironmentState.ABSENT


def test_a_wrong_python_is_refused(place: Place) -> None:
    place.declare(f"{NAMES[0]}==1.0\n", python=["3.9"])
    with pytest.raises(InstallFailed, match=r"needs Python 3\.9"):
        place.environments.install("tiny")


def test_a_cancelled_one_is_broken_and_made_anew(place: Place) -> None:
    stop = threading.Event()

    def say(fraction: float, note: str) -> None:
        if fraction > 0.1:
            stop.set()

    with pytest.raises(Cancelled):
        place.environments.install("tiny", say, stop.is_set)
    status = place.environments.status("tiny")
    assert status.state is EnvironmentState.BROKEN and "interrupted" in status.sentence
    assert place.environments.install("tiny").ready


INSTALL = (
    "import sys\nfrom pathlib import Path\nfrom studio.environments import EnvironmentManager\n"
    "EnvironmentManager(Path(sys.argv[1]), Path(sys.argv[2])).install('tiny')\n"
)


@pytest.mark.slow
def test_a_killed_studio_leaves_nothing_half_used(place: Place) -> None:
    """While what the killed one started is still at work, the environment stays locked; then it is made anew."""
    build_wheel(place.wheels, NAMES[1], "5.0", source="import time\ntime.sleep(1.5)\n")
    place.declare(f"{NAMES[0]}==1.0\n{NAMES[1]}==5.0\n")
    first = subprocess.Popen([sys.executable, "-c", INSTALL, str(place.root), str(place.locks)], cwd=ROOT)
    wait_until(lambda: place.environments.status("tiny").state is EnvironmentState.INSTALLING)
    wait_until(lambda: place.environments.status("tiny").fraction > 0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert place.environments.status("tiny").state in (EnvironmentState.INSTALLING, EnvironmentState.BROKEN)
    assert place.environments.install("tiny").ready


def test_a_missing_python_and_a_foreign_stamp_are_seen(installed: Place) -> None:
    stamp = read_stamp(installed.root / "tiny")
    assert stamp is not None
    write_stamp(installed.root / "tiny", Stamp("ready", stamp.lock, "3.8.1"))
    assert "Python 3.8.1" in installed.environments.status("tiny").sentence
    write_stamp(installed.root / "tiny", stamp)
    installed.python().unlink()
    assert "its Python is gone" in installed.environments.status("tiny").sentence


def test_removing_and_unknown_names(installed: Place) -> None:
    installed.environments.remove("tiny")
    assert installed.environments.status("tiny").state is EnvironmentState.ABSENT
    assert not [entry for entry in installed.root.iterdir() if entry.is_dir()]
    with pytest.raises(NotFound, match="There are: tiny"):
        installed.environments.install("tniy")


def test_the_studio_waits_for_another_process(place: Place, told: Told) -> None:
    heard, say = told
    holder = subprocess.Popen([sys.executable, "-c", INSTALL, str(place.root), str(place.locks)], cwd=ROOT)
    wait_until(lambda: place.environments.status("tiny").state is EnvironmentState.INSTALLING)
    assert place.environments.install("tiny", say).ready
    assert holder.wait(60) == 0
    assert any("Another process" in note for _, note in heard)


def test_the_terminal_lists_and_refuses_in_words(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "studio.environments"]
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    data = ["--data", str(tmp_path / "data")]
    listed = subprocess.run([*command, *data], env=variables, cwd=tmp_path, capture_output=True, text=True)
    assert listed.returncode == 0 and listed.stdout.startswith("models") and "absent" in listed.stdout
    refused = subprocess.run([*command, "modles", *data], env=variables, cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 2 and "There are: models, fish." in refused.stderr and "Traceback" not in refused.stderr
