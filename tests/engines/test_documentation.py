"""The example in docs/adding-an-engine.md is an engine that keeps the contract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import EnginePaths
from tests.engines import contract_suite as contract

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "adding-an-engine.md"


def test_the_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: EnginePaths) -> None:
    example = re.search(r"```python\n(\"\"\"Hum.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    (tmp_path / "documented_engine.py").write_text(example.group(1), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    engine = Catalog(["documented_engine:Hum"]).get("hum")
    contract.check_import_is_cheap(engine)
    contract.check_card(engine)
    contract.check_options(engine)
    contract.check_readiness(engine, site)
    contract.check_preset_voices(engine, site)
    run = contract.TinyRun()
    instance = contract.loaded(engine, site, run=run)
    contract.check_speech(instance, contract.PLAIN_TEXT, "en", "hum")
    contract.check_same_seed_same_sound(instance, "en")
    contract.check_refusals(instance, "en")
    contract.check_cancel(instance, run, "en")
