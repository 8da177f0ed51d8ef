"""./launch.sh check: what it runs, and that it finds what it is there to find."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests import unit
from tests.launch.conftest import put_script
from tests.repository.sources import ROOMS, ROOT


def test_every_name_leads_to_one_file_and_none_stands_twice() -> None:
    files = unit.unit_files()
    assert len(files) == len(set(files)) == len(unit.UNIT) > 50


@pytest.mark.parametrize("name", ["test_of_nothing", "test_kill"])
def test_a_name_that_leads_nowhere_or_to_several_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(unit, "UNIT", (name,))
    with pytest.raises(LookupError, match=name):
        unit.unit_files()


def test_unit_tests_are_a_net_of_hundreds() -> None:
    functions = sum(path.read_text("utf-8").count("\ndef test_") for path in unit.unit_files())
    assert functions > 500


def test_types_are_checked_in_every_package() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert {name.removesuffix(".py") for name in config["files"]} == set(ROOMS)


TOOLS = ("ruff", "lint-imports", "deptry", "mypy", "shellcheck", "python")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """launch.sh beside an environment that counts as set up, whose tools note how they are called and succeed."""
    (tmp_path / "launch.sh").write_bytes((ROOT / "launch.sh").read_bytes())
    (tmp_path / "launch.sh").chmod(0o755)
    bin = tmp_path / ".venv" / "bin"
    bin.mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    for lock, stamp in (("requirements.lock", "set-up"), ("tests/requirements.lock", "set-up-tests")):
        (tmp_path / lock).write_text("")
        (tmp_path / ".venv" / stamp).write_text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 Python \n")
    for tool in TOOLS:
        answer = '\ncase "$*" in *tests.unit) echo tests/test_a.py ;; esac' if tool == "python" else ""
        fails = f'case "$FAILING" in {tool}) echo "found by {tool}"; exit 1 ;; esac'
        put_script(bin, tool, f'echo "{tool} $*" >>"$CALLS"{answer}\n{fails}')
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "launch.sh"], cwd=tmp_path, check=True)
    return tmp_path


def check(checkout: Path, *arguments: str, failing: str = "") -> tuple[int, str, list[str]]:
    calls = checkout / "calls"
    calls.write_text("")
    result = subprocess.run(
        [str(checkout / "launch.sh"), "check", *arguments],
        env={**os.environ, "CALLS": str(calls), "FAILING": failing},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.returncode, result.stdout + result.stderr, calls.read_text().splitlines()


def test_every_step_is_run(checkout: Path) -> None:
    code, said, calls = check(checkout)
    assert code == 0 and "FAILED" not in said, said
    assert [call.split(" -q ")[0] for call in calls] == [
        "python -m tests.unit", "ruff check .", "ruff format --check .", "shellcheck launch.sh", "lint-imports ", "deptry .",
        "mypy ", "python -m pytest",
    ]  # fmt: skip
    assert calls[-1].endswith("tests/test_a.py")


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool != "python"])
def test_what_a_step_finds_is_shown_and_the_others_still_run(checkout: Path, tool: str) -> None:
    code, said, calls = check(checkout, failing=tool)
    assert code == 1 and f"found by {tool}" in said and "FAILED" in said
    assert calls[-1].startswith("python -m pytest")


def test_it_takes_no_arguments(checkout: Path) -> None:
    code, said, calls = check(checkout, "-k", "x")
    assert (code, calls) == (2, []) and "takes no arguments" in said
