"""launch.sh: sets up once, starts at once, and says in a sentence what is in the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.version import studio_version
from tests.launch.conftest import PACKAGE, Clone, build_wheel, put_script
from tests.repository.sources import ROOT


def said(result: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr; checks that it is one, that nothing technical came with it, and the exit code."""
    assert result.returncode == 2, result.stdout + result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Greenroom: ")
    assert "Traceback" not in result.stdout + result.stderr
    return lines[0]


def test_scripts_are_clean() -> None:
    checker = shutil.which("shellcheck") or str(Path(sys.executable).with_name("shellcheck"))
    scripts = [
        "launch.sh",
        ".ci/run",
        "tests/tools/lock.sh",
        *(f"packaging/{name}.sh" for name in ("service", "update", "uninstall")),
    ]
    result = subprocess.run([checker, *scripts], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_scripts_can_be_run() -> None:
    assert all(os.access(ROOT / name, os.X_OK) for name in ("launch.sh", ".ci/run", "tests/tools/lock.sh"))


def test_help_sets_nothing_up(clone: Clone) -> None:
    result = clone.launch("--help")
    assert result.returncode == 0 and "./launch.sh test" in result.stdout
    assert not (clone.folder / ".venv").exists()


def test_the_version_is_told_without_setting_up(clone: Clone) -> None:
    shutil.copy2(ROOT / "VERSION", clone.folder)
    result = clone.launch("--version", cwd=clone.folder.parent)
    assert (result.returncode, result.stdout) == (0, f"Greenroom {studio_version()}\n")
    assert not (clone.folder / ".venv").exists()
    (clone.folder / "VERSION").unlink()
    assert "VERSION is missing" in said(clone.launch("--version"))


def test_an_unknown_command_is_refused(clone: Clone) -> None:
    assert '"tests" is not a command' in said(clone.launch("tests"))


def test_no_python(clone: Clone, tools: Path) -> None:
    del clone.environment["PYTHON"]
    assert "No Python was found" in said(clone.launch(PATH=str(tools)))


def test_only_an_old_python(clone: Clone, tools: Path) -> None:
    del clone.environment["PYTHON"]
    put_script(tools, "python3", 'case "$*" in *None*) ;; *) echo 3.9 ;; esac')
    sentence = said(clone.launch(PATH=str(tools)))
    assert "3.9" in sentence and "3.11" in sentence


def test_python_named_wrongly(clone: Clone) -> None:
    assert "PYTHON=/nowhere/python" in said(clone.launch(PYTHON="/nowhere/python"))


def test_a_python_without_venv(clone: Clone, tools: Path) -> None:
    del clone.environment["PYTHON"]
    put_script(tools, "python3", f'case "$*" in *ensurepip*) exit 1 ;; *) exec "{os.path.realpath(sys.executable)}" "$@" ;; esac')
    assert "no venv module" in said(clone.launch(PATH=str(tools)))


def test_too_little_disk(clone: Clone, tools: Path) -> None:
    (tools / "df").unlink()
    put_script(tools, "df", "echo 'Filesystem 1024-blocks Used Available Capacity Mounted'; echo 'disk 9 9 512000 9% /'")
    sentence = said(clone.launch(PATH=f"{tools}:{clone.environment['PATH']}"))
    assert "2000 MB" in sentence and "500 MB are free" in sentence


def test_a_folder_of_someone_else(clone: Clone) -> None:
    if os.geteuid() == 0:
        nobody = shutil.which("setpriv")
        if not nobody:
            pytest.skip("root may write everywhere, and there is no setpriv to become someone else")
        for parent in clone.folder.parents:
            if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
        command = [nobody, "--reuid=65534", "--regid=65534", "--clear-groups", str(clone.folder / "launch.sh")]
    else:
        clone.folder.chmod(0o555)
        command = [str(clone.folder / "launch.sh")]
    environment = clone.environment | {"PYTHON": "python3"}
    result = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    clone.folder.chmod(0o755)
    assert "cannot be written to" in said(result)


@pytest.mark.slow
def test_sets_up_once_and_starts_from_anywhere(
    first_start: tuple[Clone, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    clone, first = first_start
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == "started 1 --port 1234 --data some where --fetch-models"
    assert "happens once" in first.stdout

    stamp = clone.stamp.stat().st_mtime_ns
    link = tmp_path / "elsewhere" / "greenroom"
    link.parent.mkdir()
    link.symlink_to(os.path.relpath(clone.folder / "launch.sh", link.parent))
    second = clone.launch(script=link, cwd=link.parent, PATH=clone.environment["PATH"], PYTHON="/nowhere")
    assert (second.returncode, second.stdout) == (0, "started 1\n"), second.stderr
    assert clone.stamp.stat().st_mtime_ns == stamp


def ask_for_version_2(clone: Clone) -> None:
    wheels = Path(clone.environment["PIP_FIND_LINKS"].removeprefix("file://"))
    (clone.folder / "requirements.lock").write_text(build_wheel(wheels, 2))


@pytest.mark.slow
def test_uv_fetches_a_python_where_none_fits_and_pip_takes_over_where_it_fails(clone: Clone, tools: Path) -> None:
    del clone.environment["PYTHON"]
    put_script(tools, "python3", 'case "$*" in *None*) ;; *) echo 3.9 ;; esac')
    python = os.path.realpath(sys.executable)
    put_script(
        tools, "uv", f'case "$*" in "python install"*) ;; "python find"*) echo "{python}" ;; *) echo "$*" >&2; exit 1 ;; esac'
    )
    for name in ("rm", "mkdir"):
        (tools / name).symlink_to(str(shutil.which(name)))
    started = clone.launch(PATH=str(tools), GREENROOM_INSTALLER="")
    assert started.stdout.splitlines()[-1] == "started 1 --fetch-models", started.stderr
    assert "uv fetches one" in started.stderr
    log = (clone.folder / ".venv" / "setup.log").read_text()
    assert "--require-hashes" in log.splitlines()[0], "uv was asked first"
    assert PACKAGE in log


@pytest.mark.slow
def test_a_new_lock_is_installed(set_up: Clone) -> None:
    assert set_up.launch().stdout == "started 1\n"
    ask_for_version_2(set_up)
    assert set_up.launch().stdout.splitlines()[-1] == "started 2"


@pytest.mark.slow
def test_a_hostile_configuration_of_pip_does_no_harm(set_up: Clone, tmp_path: Path) -> None:
    """It would put packages elsewhere, refuse every wheel, and say nothing; its sources count."""
    ask_for_version_2(set_up)
    (tmp_path / "pip.conf").write_text(
        f"[global]\nuser = true\ntarget = {tmp_path / 'elsewhere'}\nquiet = 3\nno-binary = :all:\ndry-run = true\n"
        f"constraint = {tmp_path / 'nowhere'}\n[install]\nfind-links = {set_up.environment.pop('PIP_FIND_LINKS')}\n"
    )
    started = set_up.launch(PIP_CONFIG_FILE=str(tmp_path / "pip.conf"), PIP_REQUIRE_VIRTUALENV="1")
    assert started.stdout.splitlines()[-1] == "started 2", started.stderr
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_a_set_up_killed_in_the_middle_is_done_again(set_up: Clone) -> None:
    ask_for_version_2(set_up)
    process = subprocess.Popen(
        [str(set_up.folder / "launch.sh")], cwd=set_up.folder, env=set_up.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while set_up.stamp.read_text() != "unfinished\n" and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, 9)
    process.communicate()
    assert set_up.stamp.read_text() == "unfinished\n"
    (module,) = (set_up.folder / ".venv").rglob("greenroomprobe.py")
    module.write_text("half a file")  # what a power cut leaves, while pip's own record says all is well
    again = set_up.launch()
    assert again.stdout.splitlines()[-1].removesuffix(" --fetch-models") == "started 2", again.stderr


@pytest.mark.slow
def test_no_network(set_up: Clone) -> None:
    (set_up.folder / "requirements.lock").write_text("idna==3.10 --hash=sha256:" + "0" * 64 + "\n")
    set_up.environment.pop("PIP_NO_INDEX")
    sentence = said(set_up.launch(PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_FIND_LINKS=""))
    assert "network cannot be reached" in sentence
    assert set_up.stamp.read_text() == "unfinished\n"


@pytest.mark.slow
def test_a_package_that_is_not_the_tested_one(set_up: Clone) -> None:
    lock = set_up.folder / "requirements.lock"
    ask_for_version_2(set_up)
    lock.write_text(lock.read_text()[:-9] + "00000000\n")
    assert "not the one that Greenroom was tested with" in said(set_up.launch())


@pytest.mark.slow
def test_a_machine_that_no_package_was_built_for(set_up: Clone) -> None:
    (set_up.folder / "requirements.lock").write_text("greenroomprobe==9.0 --hash=sha256:" + "0" * 64 + "\n")
    assert "no build for this machine" in said(set_up.launch())
