"""The figure that `./launch.sh test` ends with counts what ran, by package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.coverage_figure import PACKAGES, sentence
from tests.repository.sources import ROOT

LAUNCHER = (ROOT / "launch.sh").read_text("utf-8")


def test_the_sentence_adds_the_packages() -> None:
    one = Counter(covered_branches=1, num_branches=4, covered_lines=30, num_statements=40)
    other = Counter(covered_branches=3, num_branches=4, covered_lines=10, num_statements=10)
    assert sentence({"api": one, "media": other, "app": Counter()}) == (
        "Coverage: 50.0 % of 8 branches and 80.0 % of 50 statements. Branches by package: api 25.0 %, media 75.0 %, app none."
    )


@pytest.mark.slow
def test_it_is_made_of_what_was_measured(tmp_path: Path) -> None:
    """A program that uses one module of `media` and none of `tabs`, measured as the test command measures."""
    data = tmp_path / "measured"
    program = tmp_path / "program.py"
    program.write_text(
        "import tabs\nfrom media.audio.audio import silence\nassert silence(1.0, 16_000).slice(0, 0.5).frames == 8_000\n"
    )
    variables = os.environ | {"PYTHONPATH": str(ROOT), "COVERAGE_FILE": str(data)}
    run = [sys.executable, "-m", "coverage", "run", f"--rcfile={ROOT / 'pyproject.toml'}", str(program)]
    subprocess.run(run, cwd=tmp_path, env=variables, check=True)
    told = subprocess.run(
        [sys.executable, "-m", "tests.coverage_figure"], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    ).stdout
    of_branches = dict(re.findall(r"(\w+) ([\d.]+) %[,.]", told.partition("Branches by package:")[2]))
    assert set(of_branches) <= set(PACKAGES)
    assert float(of_branches["media"]) > 0 == float(of_branches["tabs"])


def test_without_data_it_says_so_and_fails(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.coverage_figure"], cwd=ROOT, env=os.environ | {"COVERAGE_FILE": str(tmp_path / "none")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "No coverage was measured" in done.stderr


def test_the_test_command_measures_and_prints_it() -> None:
    runs = re.findall(r"-m pytest -n .*", LAUNCHER.partition("run_tests() {")[2].partition("\n}")[0])
    assert len(runs) == 2 and all("--cov " in run for run in runs) and "--cov-append" in runs[1]
    assert "-m tests.coverage_figure" in LAUNCHER
