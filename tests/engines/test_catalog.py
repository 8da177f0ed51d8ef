"""The catalog: ids, near matches, extra engines and broken entries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engines.catalog import Catalog
from engines.contract import EngineKind
from engines.contract.errors import EngineError
from engines.speech.defaults import default_speech
from engines.speech.espeak.engine import Espeak
from engines.speech.flite.engine import VOICES, Flite
from engines.speech.hibari.engine import Hibari
from engines.speech.kokoro.engine import Kokoro
from media.errors import NotFound
from tests.engines.fault_engine import FaultEngine

FAULT = "tests.engines.fault_engine:FaultEngine"


def test_built_in_engines_come_first_and_extra_ones_after() -> None:
    built_in = Catalog().all()
    assert built_in[:4] == [Hibari, Kokoro, Flite, Espeak]
    assert Catalog([FAULT]).all() == [*built_in, FaultEngine]
    assert Catalog([FAULT]).of(EngineKind.SPEECH)[-1] is FaultEngine
    assert FaultEngine not in Catalog([FAULT]).of(EngineKind.SWAP)


def test_an_engine_is_found_by_its_id() -> None:
    assert Catalog().get("espeak") is Espeak


@pytest.mark.parametrize(("asked", "hint"), [("espaek", "espeak"), ("Flite ", "flite"), ("zzz", "flite, espeak")])
def test_an_unknown_id_names_what_is_near_or_all_there_is(asked: str, hint: str) -> None:
    with pytest.raises(NotFound) as caught:
        Catalog().get(asked)
    assert asked in caught.value.reason
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "entry",
    [
        "no.such.module:Engine",
        "tests.engines.fault_engine:NoSuchClass",
        "pathlib:Path",
        "engines.contract:Engine",
        "engines.contract:Card",
        "engines.speech.flite.engine:VOICES",
    ],
)
def test_a_broken_entry_is_named(entry: str) -> None:
    catalog = Catalog([entry])
    with pytest.raises(EngineError) as caught:
        catalog.all()
    assert entry in caught.value.reason
    assert caught.value.hint


def test_a_module_that_fails_while_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_engine_module.py").write_text("raise RuntimeError('secret')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineError) as caught:
        Catalog(["broken_engine_module:Broken"]).all()
    assert "broken_engine_module:Broken" in caught.value.reason
    assert "secret" not in str(caught.value)


def test_two_engines_with_one_id_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "second_flite.py").write_text("from engines.speech.flite.engine import Flite\nclass Other(Flite): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineError, match='"flite"'):
        Catalog(["second_flite:Other"]).all()


def test_making_a_catalog_imports_no_engine() -> None:
    program = (
        "import sys; from engines.catalog import Catalog; Catalog(['no.such:Thing']);"
        "print([name for name in sys.modules if name.startswith('engines.speech')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("language", ["en", "en-US", "EN_gb"])
def test_the_default_for_english_is_hibari_and_else_a_flite_voice(language: str) -> None:
    assert default_speech(language, {"hibari", "flite", "espeak"}) == ("hibari", "heart")
    engine_id, preset = default_speech(language, {"flite", "espeak"})
    assert default_speech("en-GB", {"kokoro", "hibari"}) == ("kokoro", "bf_emma")
    assert default_speech("en-US", {"kokoro", "hibari"}) == ("hibari", "heart")
    assert engine_id == "flite"
    assert preset in {voice.id for voice in VOICES}


def test_the_default_falls_back_to_what_is_ready() -> None:
    assert default_speech("en", {"espeak"}) == ("espeak", "gmw/en-US")
    assert default_speech("de", {"flite", "espeak"}) == ("espeak", "")


@pytest.mark.parametrize(("language", "ready"), [("en", set()), ("de", {"flite", "hibari"}), ("xx", {"flite", "espeak"})])
def test_a_language_nobody_speaks_is_refused_in_words(language: str, ready: set[str]) -> None:
    with pytest.raises(EngineError, match=f'"{language}"'):
        default_speech(language, ready)
