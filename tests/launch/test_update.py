"""./launch.sh update, service and uninstall, on a clone with two tagged versions and real data."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.http.service_manager import READY, tell_service_manager
from studio.paths import DataFolderLock
from tests.launch.conftest import Clone, put_script
from tests.launch.test_launch import said
from tests.repository.sources import ROOT

PARTS = ("launch.sh", "packaging", "studio", "engines", "media", "settings.yaml", "VERSION", "requirements.lock", ".gitignore")
STEP = """
def _named(folder):
    from studio.files import write_atomic
    for path in folder.glob("voices/*/voice.json"):
        write_atomic(path, path.read_bytes().replace(b"Ada", b"ADA"))


KINDS = tuple(DataKind(one.name, one.entries, (_named,)) if one.name == "voices" else one for one in KINDS)
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@localhost", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where clones come from: v1.0.0, and v1.1.0 in which voices have another format."""
    folder = tmp_path_factory.mktemp("source")
    for name in PARTS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for version, step in (("1.0.0", ""), ("1.1.0", STEP)):
        (folder / "VERSION").write_text(f"{version}\n")
        with (folder / "studio" / "data_format" / "kinds.py").open("a") as kinds:
            kinds.write(step)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", version)
        git(folder, "tag", f"v{version}")
    return folder


@pytest.fixture
def installed(source: Path, tmp_path: Path) -> Clone:
    """v1.0.0, set up with the packages of these tests, and data of an earlier version."""
    folder = tmp_path / "green room"
    git(tmp_path, "clone", "--quiet", "--branch", "v1.0.0", str(source), str(folder))
    venv.create(folder / ".venv", symlinks=True)
    packages = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    (folder / ".venv" / packages.relative_to(sys.prefix) / "tests.pth").write_text(f"{packages}\n")
    stamp = subprocess.run(
        ["bash", "-c", 'source <(sed "/^main /d" ./launch.sh); stamp_of requirements.lock'],
        cwd=folder, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    (folder / ".venv" / "set-up").write_text(stamp)
    shutil.copytree(ROOT / "tests" / "data" / "former-data-folder", folder / "data")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GREENROOM_", "PYTHON", "NOTIFY_"))}
    return Clone(folder, {**kept, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)})


def version(clone: Clone) -> str:
    return (clone.folder / "VERSION").read_text().strip()


def start_once(clone: Clone) -> None:
    """What a start does to data of an earlier format."""
    program = "from pathlib import Path; from studio.data_format import bring_forward; bring_forward(Path('data'))"
    subprocess.run([clone.folder / ".venv" / "bin" / "python", "-c", program], cwd=clone.folder, check=True)


@pytest.mark.slow
def test_update_and_back_with_the_data(installed: Clone) -> None:
    """Between two tags: a backup is made before, the data is brought forward, and one command brings version and data back."""
    start_once(installed)
    record = installed.folder / "data" / "voices" / "ada-as-saved-before" / "voice.json"
    before = record.read_bytes()

    (installed.folder / "settings.yaml").open("a").write("# mine\n")
    assert "settings.yaml" in said(installed.launch("update")) and version(installed) == "1.0.0"
    assert (installed.folder / "settings.yaml").read_text().endswith("# mine\n"), "nothing is put away"
    git(installed.folder, "checkout", "--", "settings.yaml")

    lock = DataFolderLock(installed.folder / "data" / "studio.lock")
    assert f"process {os.getpid()}" in said(installed.launch("update"))
    lock.release()

    updated = installed.launch("update")
    assert updated.returncode == 0 and version(installed) == "1.1.0", updated.stdout + updated.stderr
    (backup,) = (installed.folder / "data" / "backups").glob("before-*.zip")
    start_once(installed)
    assert record.read_bytes() != before
    assert "is the newest" in installed.launch("update").stdout

    back = installed.launch("update", "--back")
    assert back.returncode == 0 and version(installed) == "1.0.0", back.stdout + back.stderr
    assert record.read_bytes() == before and backup.is_file()
    assert list((installed.folder / "data").glob("replaced-*/voices")), "what was made with the newer version is kept"
    assert "no version to go back to" in said(installed.launch("update", "--back"))


@pytest.mark.slow
def test_uninstall_says_what_stays(installed: Clone) -> None:
    lock = DataFolderLock(installed.folder / "data" / "studio.lock")
    assert "is running" in said(installed.launch("uninstall"))
    lock.release()
    gone = installed.launch("uninstall")
    assert gone.returncode == 0 and str(installed.folder / "data") in gone.stdout, gone.stderr
    assert not (installed.folder / ".venv").exists() and (installed.folder / "data" / "voices").is_dir()


def test_an_unpacked_archive_is_not_updated(clone: Clone, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "packaging", clone.folder / "packaging")
    assert "no git clone" in said(clone.launch("update", GIT_CEILING_DIRECTORIES=str(tmp_path)))


def test_the_unit_is_one_that_systemd_takes(clone: Clone, tmp_path: Path) -> None:
    """The folder has spaces, the options have what systemd would replace."""
    shutil.copytree(ROOT / "packaging", clone.folder / "packaging")
    printed = clone.launch("service", "print", "--data", "/srv/50% $HOME", "--port", "7900")
    assert printed.returncode == 0, printed.stderr
    assert '"--data" "/srv/50%% $$HOME" "--port" "7900"' in printed.stdout
    assert {"Type=notify", "Restart=on-failure", "KillMode=mixed"} <= set(printed.stdout.splitlines())
    unit = tmp_path / "greenroom.service"
    unit.write_text(printed.stdout)
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("there is no systemd-analyze here")
    own = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    verdict = subprocess.run([verify, "--user", "--man=no", "verify", str(unit)], env=own, capture_output=True, text=True)
    assert verdict.returncode == 0 and "greenroom.service" not in verdict.stderr, verdict.stderr


def test_without_a_session_of_systemd_the_service_is_refused_in_words(clone: Clone, tools: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "packaging", clone.folder / "packaging")
    put_script(tools, "systemctl", "exit 1")
    path = f"{tools}:{clone.environment['PATH']}"
    told = {"PATH": path, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert "systemd has no session for you" in said(clone.launch("service", "install", **told))
    assert "./launch.sh service install makes one" in said(clone.launch("service", "status", **told))
    assert "takes install, remove, status or print" in said(clone.launch("service", "start", **told))


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager that listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "n"))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
        yield listening


def test_the_service_manager_is_told(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    tell_service_manager(READY)
    assert manager.recv(100).decode().splitlines() == ["READY=1", f"MAINPID={os.getpid()}"]
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere")
    tell_service_manager(READY)
