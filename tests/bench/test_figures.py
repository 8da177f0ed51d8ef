"""How figures are told, kept and shown; what they are is the benches' to measure."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench import table
from bench.figures import FILE_VARIABLE, Figure, shown, tell
from bench.run import BENCHES, main, module_of
from tests.repository.sources import ROOT


def test_a_figure_is_its_median_with_spread_and_ratio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "figures.jsonl"))
    tell(Figure("Start", "s", [3.0, 1.0, 2.0], 4.0, "bare", "at most 1.15 of it"))
    row = json.loads((tmp_path / "figures.jsonl").read_text("utf-8"))
    assert (row["value"], row["least"], row["most"], row["runs"], row["ratio"]) == (2.0, 1.0, 3.0, 3, 0.5)
    assert "2 s (1 to 3 in 3 runs), bare 4, ratio 0.5" in capsys.readouterr().out


def test_numbers_have_three_digits_that_count() -> None:
    assert [shown(value) for value in (1234.5, 99.96, 1.2345, 0.00123)] == ["1,234", "100", "1.23", "0.00123"]


def test_a_second_run_renews_what_it_measured_and_keeps_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "FOLDER", tmp_path / "figures")
    monkeypatch.setattr(table, "PAGE", tmp_path / "figures.md")
    first, second = Figure("A", "s", [1.0], 2.0, "bare").as_dict(), Figure("B", "s", [5.0]).as_dict()
    table.save("My Machine!", {"CPU": "one"}, [first, second], 0.0)
    table.save("My Machine!", {"CPU": "one"}, [{**first, "value": 1.5}], 86_400.0)
    page = (tmp_path / "figures.md").read_text("utf-8")
    assert (tmp_path / "figures" / "my-machine.json").is_file()
    assert "| A | 1.5 s |" in page and "1970-01-02" in page
    assert "| B | 5 s |" in page and "1970-01-01" in page


def test_the_page_is_made_from_the_files() -> None:
    assert (ROOT / "docs/evidence/figures.md").read_text("utf-8") == table.page(), "run ./launch.sh bench --save NAME"


def test_an_unknown_bench_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "start_time" in capsys.readouterr().err


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_is_one_module_that_can_be_run(name: str) -> None:
    found = find_spec(module_of(name))
    assert found is not None and found.origin is not None and "\ndef main(" in Path(found.origin).read_text("utf-8")
