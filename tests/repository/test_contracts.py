"""The contracts of pyproject.toml, held by import-linter and deptry: that they hold, and that each sees what it is there for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.repository.sources import ROOMS, ROOT, studio_sources

CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
CONTRACTS = CONFIG["importlinter"]["contracts"]
ROOTS = CONFIG["importlinter"]["root_packages"]
OUTSIDE_ENGINES = ("--requirements-files", "requirements.in", "--ignore", "DEP002", "--extend-exclude", "engines/|tests/|bench/")
"""deptry for what runs in the studio's own process; that engines alone use a package is the other run's concern."""


def run(tool: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(tool)
    return subprocess.run([str(program), *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


def lint_imports(folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return run("lint-imports", "--no-cache", folder=folder)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The packages without their modules, under the contracts of this repository."""
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    shutil.copy2(ROOT / "requirements.in", tmp_path)
    shutil.copytree(ROOT / "engines" / "environments", tmp_path / "engines" / "environments")
    for package in [*ROOTS, *_layer_packages()]:
        folder = tmp_path / package.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text("")
        (folder / "whole.py").write_text("") if package in WHOLE else None
    return tmp_path


WHOLE = ("tabs.common", "api", "capabilities.common", "studio.units", "engines.common", "media.audio")
"""Packages with a module to be imported: some layers hold nothing but what their contract names."""


def _layer_packages() -> list[str]:
    """Every package that a contract of inner layers names."""
    inner = [contract for contract in CONTRACTS if "containers" in contract]
    return [
        f"{container}.{name.strip('() ')}"
        for contract in inner
        for container in contract["containers"]
        for layer in contract["layers"]
        for name in re.split("[|:]", layer)
    ]


def test_imports_keep_the_contracts() -> None:
    result = lint_imports()
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


def test_every_package_is_looked_at() -> None:
    assert {*ROOTS, "app"} == set(ROOMS) == {source.room for source in studio_sources()}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages == set(ROOTS)
    silent = [source.name for source in studio_sources() if not (source.path.parent / "__init__.py").exists()]
    assert silent == ["app.py"]  # import-linter passes over a folder without __init__.py


BREAKS = [
    ("media/audio/bad.py", "def f():\n    from studio.units import whole\n", "layers"),
    ("engines/common/bad.py", "from studio.units.whole import *\n", "layers"),
    ("studio/units/bad.py", "import capabilities.common.whole\n", "layers"),
    ("capabilities/common/bad.py", "import api.whole\n", "layers"),
    ("tabs/common/bad.py", "from api import whole\n", "layers"),
    ("api/bad.py", "from tabs.common import whole\n", "layers"),
    (
        "media/audio/bad.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from engines.common import whole\n",
        "layers",
    ),
    ("studio/units/bad.py", "import app\n", "top"),
    ("tabs/common/bad.py", "def f():\n    import tests.servers\n", "top"),
    ("studio/units/bad.py", "def f():\n    import gradio as gr\n", "gradio"),
    ("engines/common/bad.py", "from gradio_client import utils\n", "gradio"),
    ("studio/units/bad.py", "def f():\n    import torch\n", "heavy"),
    ("media/audio/bad.py", "from faster_whisper import audio\n", "heavy"),
    ("media/audio/bad.py", "import media.video\n", "media"),
    ("studio/errors/bad.py", "import studio.jobs\n", "studio"),
    ("engines/speech/bad.py", "import engines.faces\n", "engines"),
    ("studio/workers/bad.py", "import engines.speech\n", "kinds"),
    ("capabilities/common/bad.py", "import capabilities.voiceover\n", "capabilities"),
    ("tabs/common/bad.py", "import tabs.voiceover\n", "tabs"),
    ("studio/another.py", "", "studio"),
]


@pytest.mark.parametrize(("file", "text", "contract"), BREAKS)
def test_a_breach_is_seen(small: Path, file: str, text: str, contract: str) -> None:
    (small / file).write_text(text)
    (broken,) = _broken(lint_imports(small).stdout)
    assert broken == contract


def test_a_cycle_between_packages_is_seen(small: Path) -> None:
    for one, other in (("one", "other"), ("other", "one")):
        (small / "api" / one).mkdir()
        (small / "api" / one / "__init__.py").write_text("")
        (small / "api" / one / "part.py").write_text(f"def f():\n    import api.{other}\n")
    assert _broken(lint_imports(small).stdout) == ["cycles"]


def test_engines_may_import_model_libraries(small: Path) -> None:
    (small / "engines" / "common" / "good.py").write_text("def load():\n    import torch\n")
    (small / "studio" / "doctor" / "good.py").write_text("import engines.common.good\n")
    assert _broken(lint_imports(small).stdout) == []


def _broken(printed: str) -> list[str]:
    """Ids of the contracts that are broken; names are wrapped at the width of a terminal."""
    flat = re.sub(r"\s+", " ", printed)
    assert f"{len(CONTRACTS)} kept" in flat or "BROKEN" in flat, printed
    return [contract["id"] for contract in CONTRACTS if f"{contract['name']} BROKEN" in flat]


def test_packages_are_declared_and_used() -> None:
    for arguments in ((), OUTSIDE_ENGINES):
        result = run("deptry", ".", *arguments)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "text", "finding"),
    [
        ("studio/bad.py", "import pygments\n", "'pygments' imported but"),
        ("engines/bad.py", "def f():\n    import not_declared_anywhere\n", "'not_declared_anywhere' imported but missing"),
        ("studio/bad.py", "", "'segno' defined as a dependency but not used"),
    ],
)
def test_an_undeclared_or_unused_package_is_seen(small: Path, file: str, text: str, finding: str) -> None:
    (small / file).write_text(text)
    result = run("deptry", ".", "--no-ansi", folder=small)
    assert result.returncode == 1 and finding in result.stderr, result.stderr


def test_what_a_model_environment_brings_is_not_there_for_the_studio(small: Path) -> None:
    (small / "studio" / "bad.py").write_text("def f():\n    import safetensors\n")
    result = run("deptry", ".", "--no-ansi", *OUTSIDE_ENGINES, folder=small)
    assert "'safetensors' imported but" in result.stderr
