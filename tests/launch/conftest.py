"""A clone of the launcher alone, with a lock of one small package that needs no network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.repository.sources import ROOT

PACKAGE = "greenroomprobe"
PIP_SETTINGS = Path("studio", "environments", "pip_settings.py")
APP = f"import sys, {PACKAGE}\nprint('started', {PACKAGE}.VALUE, *sys.argv[1:])\n"


@dataclass
class Clone:
    """A folder with launch.sh in it, and the environment it is started in."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def stamp(self) -> Path:
        return self.folder / ".venv" / "set-up"

    def launch(
        self, *arguments: str, script: Path | None = None, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(script or self.folder / "launch.sh"), *arguments],
            cwd=cwd or self.folder,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )


def build_wheel(folder: Path, value: int) -> str:
    """A wheel of one module, and the line of a lock that asks for it."""
    name = f"{PACKAGE}-{value}.0-py3-none-any.whl"
    info = f"{PACKAGE}-{value}.0.dist-info"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        wheel.writestr(f"{PACKAGE}.py", f"VALUE = {value}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {value}.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{PACKAGE}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"{PACKAGE}=={value}.0 --hash=sha256:{hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n"


def make_clone(place: Path) -> Clone:
    folder = place / "a folder with spaces" / "green room"
    wheels = place / "wheels"
    folder.mkdir(parents=True)
    wheels.mkdir()
    shutil.copy2(ROOT / "launch.sh", folder)
    (folder / PIP_SETTINGS).parent.mkdir(parents=True)
    shutil.copy2(ROOT / PIP_SETTINGS, folder / PIP_SETTINGS)
    (folder / "requirements.lock").write_text(build_wheel(wheels, 1))
    (folder / "app.py").write_text(APP)
    # pip takes packages from the folder of wheels alone, whatever this machine's pip is set up with.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "GREENROOM_", "PYTHON"))}
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri()}
    return Clone(folder, {**kept, **pip, "PYTHON": os.path.realpath(sys.executable), "GREENROOM_INSTALLER": "pip"})


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return make_clone(tmp_path)


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clone, subprocess.CompletedProcess[str]]:
    """A clone that was started once, and what that said; for tests that leave it as it is."""
    clone = make_clone(tmp_path_factory.mktemp("first"))
    return clone, clone.launch("--port", "1234", "--data", "some where")


@pytest.fixture
def set_up(clone: Clone, first_start: tuple[Clone, subprocess.CompletedProcess[str]]) -> Clone:
    """A clone of one's own that has been set up."""
    made, _ = first_start
    shutil.copytree(made.folder, clone.folder, symlinks=True, dirs_exist_ok=True)
    return clone


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH of its own with what launch.sh needs and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("bash", "env", "cat", "dirname", "readlink", "df", "awk", "grep", "sed", "sha256sum", "uname", "flock"):
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


def put_script(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)
