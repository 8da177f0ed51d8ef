"""`./launch.sh prove` from end to end with what runs without a graphics card, in a data folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import table
from bench.prove import judging
from bench.prove.__main__ import main
from bench.prove.judging import Measure
from bench.prove.record import Record, Row

Prove = Callable[..., tuple[int, str]]


@pytest.fixture
def prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prove:
    """Runs it as a person without a terminal would, and gives its exit code and what it said."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(table, "FOLDER", tmp_path / "figures")
    monkeypatch.setattr(table, "PAGE", tmp_path / "figures.md")

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["--data", str(tmp_path / "data"), "--skip-doctor", *arguments])
        return code, capsys.readouterr().out

    return run


@pytest.mark.slow
def test_engines_are_proven_told_of_and_not_proven_twice(prove: Prove, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engines = ("hibari", "basic-upscale", "f5-tts", "fish-server", "mms-tts", "face-analysis")
    code, told = prove(*engines, "--save", "A test")
    assert code == 0, told
    assert "Hibari: proven. Prove Hibari:" in told and "words wrong" in told and "all memory back" in told
    assert "Basic enlarging: proven." in told and "fidelity" in told
    assert "F5-TTS: not run. It needs an NVIDIA graphics card" in told and "--cpu" in told
    assert "Fish Speech server: not run. No address of a Fish server is set." in told
    assert "MMS-TTS: not run." in told and "--yes" in told
    assert "2 proven, 0 not as expected, 3 not run here." in told
    rows = json.loads((tmp_path / "figures" / "a-test.json").read_text("utf-8"))["figures"]
    assert [row["name"] for row in rows] == ["Prove Hibari", "Prove Basic enlarging"]
    assert "Prove Hibari" in (tmp_path / "figures.md").read_text("utf-8")
    record = Record(tmp_path / "data" / "prove" / "record.json")
    assert set(record.rows) == {"hibari", "basic-upscale"}
    assert all(row.seconds > 0 and row.made > 0 and row.peak_gib > 0 and row.load_seconds > 0 for row in record.rows.values())

    stricter = tmp_path / "expectations.toml"
    stricter.write_text(judging.EXPECTATIONS.read_text("utf-8") + "\n[basic-upscale]\nfidelity = 90\n", "utf-8")
    monkeypatch.setattr(judging, "EXPECTATIONS", stricter)
    code, told = prove("hibari", "basic-upscale")
    assert code == 0 and told.count("proven already") == 2 and "loading" not in told, "a stopped run goes on where it was"
    code, told = prove("basic-upscale", "--again")
    assert code == 1 and "Basic enlarging: not as expected." in told and "(at least 90) MISSED" in told


def test_an_engine_that_does_not_exist_is_refused(prove: Prove) -> None:
    assert prove("hibary")[0] == 2


def test_the_record_outlives_damage_and_other_versions(tmp_path: Path) -> None:
    record = Record(tmp_path / "record.json")
    record.keep(Row("one", "One", "1", "proven", seconds=2.0, made=4.0, measured=("words wrong 0.00 (at most 0.12)",)))
    again = Record(tmp_path / "record.json")
    assert again.proven("one", "1") and not again.proven("one", "2") and again.rows == record.rows
    assert again.rows["one"].figure().ratio == 0.5
    record.keep(Row("one", "One", "1", "not as expected"))
    assert not Record(tmp_path / "record.json").proven("one", "1")
    (tmp_path / "record.json").write_text("{broken")
    assert Record(tmp_path / "record.json").rows == {}


@pytest.mark.parametrize(
    ("value", "at_most", "good"), [(0.1, True, True), (0.3, True, False), (0.3, False, True), (0.1, False, False)]
)
def test_a_measure_is_held_against_its_limit(value: float, at_most: bool, good: bool) -> None:
    assert Measure("likeness", value, 0.2, at_most).good == good
