"""The example in docs/contributing/adding-an-engine.md keeps the contract and narrates, from one package and one line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import engines.speech
from capabilities.registry import all_capabilities
from engines import catalog
from engines.catalog import BUILT_IN, Catalog
from engines.contract import EngineKind, EnginePaths
from media.audio.decode import decode_audio
from studio.environments import variables
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from tests.engines import contract_suite as contract

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "contributing" / "adding-an-engine.md").read_text("utf-8")
PROGRAM, LINE = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
(SETTINGS,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """The catalog with the package of the document beside the others, and its line."""
    package = tmp_path / "speech" / "hum"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "engine.py").write_text(PROGRAM, "utf-8")
    monkeypatch.setattr(engines.speech, "__path__", [*engines.speech.__path__, str(package.parent)])
    monkeypatch.setattr(catalog, "BUILT_IN", (*BUILT_IN, LINE.strip().strip('",')))
    yield Catalog()
    for name in [name for name in sys.modules if name.startswith("engines.speech.hum")]:
        del sys.modules[name]


def test_the_example_keeps_the_contract(built_in: Catalog, site: EnginePaths) -> None:
    engine = built_in.get("hum")
    assert engine in built_in.of(EngineKind.SPEECH) and engine.__module__ == "engines.speech.hum.engine"
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


def test_the_example_narrates_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the line for `settings.yaml`, in a worker: it is listed with its voice and speaks a job."""
    own = yaml.safe_load(SETTINGS)["engines"]
    module = own["extra"][0].partition(":")[0].split(".")
    (tmp_path / module[0]).mkdir()
    (tmp_path / module[0] / f"{module[1]}.py").write_text(PROGRAM, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(variables, "HOME", f"{variables.HOME}{os.pathsep}{tmp_path}")  # as if it lay in the studio's folder
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    studio = Services.open(load_settings(data={"folder": tmp_path / "data"}, engines=own), all_capabilities)
    try:
        engine = studio.catalog.get("hum")
        contract.check_import_is_cheap(engine)
        assert "hum" in [row.card.id for row in studio.engines.statuses(EngineKind.SPEECH) if row.ready]
        job = studio.jobs.submit("voiceover", {"script": "Good evening.", "voice": "hum/hum", "check": "off"})
        done = studio.jobs.wait(job.id, 60)
        assert done.state is JobState.DONE, done.error
        output = studio.library.get(done.outputs[0].id)
        assert output.engine == "hum" and decode_audio(output.path).duration > 0.5
    finally:
        studio.close()
