"""Locks of tiny wheels that the test builds, installed by the real pip from a folder: no network."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from studio.environments import EnvironmentManager

NAMES = ("greenroomalpha", "greenroombeta")


def build_wheel(
    folder: Path, name: str, version: str, source: str = "", requires: str = "", members: Mapping[str, bytes] | None = None
) -> Path:
    """A wheel of one module, with further files beside it."""
    info = f"{name}-{version}.dist-info"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", source or f'VERSION = "{version}"\n')
        for member, data in (members or {}).items():
            archive.writestr(member, data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return wheel


class Place:
    """A folder of locks, a folder of wheels, and the environments made from them."""

    def __init__(self, folder: Path) -> None:
        self.locks, self.wheels, self.root = folder / "locks", folder / "wheels", folder / "environments"
        for made in (self.locks, self.wheels):
            made.mkdir()
        self.environments = EnvironmentManager(self.root, self.locks)

    def declare(self, lock: str, name: str = "tiny", **facts: object) -> None:
        """Write `NAME.lock` and `NAME.toml`; nothing goes in before the rest (a run of pip more) unless `first` says so."""
        (self.locks / f"{name}.lock").write_text(f"# made by a test\n{lock}")
        told: dict[str, object] = {
            "title": "Tiny environment", "summary": "Two small packages.", "python": ["3.11", "3.12", "3.13"],
            "first": [], "imports": list(NAMES),
        } | facts  # fmt: skip
        lines = [f"{key} = {json.dumps(value)}" for key, value in told.items() if not isinstance(value, dict)]
        sizes = {"installed_gb": 0.01, "download_gb": 0.0}
        lines += [f"{key} = {{ cpu = {facts.get(key, value)}, cuda = 0.0 }}" for key, value in sizes.items() if key not in told]
        lines += [
            f"{key} = {{ cpu = {value['cpu']}, cuda = {value['cuda']} }}"
            for key, value in told.items()
            if isinstance(value, dict)
        ]
        (self.locks / f"{name}.toml").write_text("\n".join(lines) + "\n")

    def python(self, name: str = "tiny") -> Path:
        return self.root / name / "bin" / "python"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An environment "tiny" of two wheels; pip is given their folder and no index."""
    return place_in(tmp_path, monkeypatch)


def only_from(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip takes packages from this folder alone, whatever this machine's pip is set up with."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def place_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(folder)
    only_from(made.wheels, monkeypatch)
    for name in NAMES:
        build_wheel(made.wheels, name, "1.0")
    made.declare("".join(f"{name}==1.0\n" for name in NAMES))
    return made


@pytest.fixture(scope="module")
def installed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of "tiny" as installing makes it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = place_in(tmp_path_factory.mktemp("installed"), monkeypatch)
        assert made.environments.install("tiny").ready
    return made.root / "tiny"


@pytest.fixture
def installed(place: Place, installed_once: Path) -> Place:
    """A place of one's own where "tiny" has been installed."""
    shutil.copytree(installed_once, place.root / "tiny", symlinks=True)
    assert place.environments.status("tiny").ready
    return place


@pytest.fixture
def told() -> tuple[list[tuple[float, str]], Callable[[float, str], None]]:
    heard: list[tuple[float, str]] = []
    return heard, lambda fraction, note: heard.append((fraction, note))
