"""What the engine tests share: the site, and engines loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.engines.intelligibility import Recogniser
from engines.contract import EnginePaths
from engines.speech.espeak.engine import Espeak
from engines.speech.hibari.engine import Hibari
from tests.engines.contract_suite import loaded
from tests.model_weights import model_weights

ASSETS = Path(__file__).resolve().parents[2] / "assets"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:
    """With the models of the first start, where they are here."""
    return EnginePaths(ASSETS, tmp_path_factory.mktemp("engine-cache"), model_weights())


@pytest.fixture(scope="session")
def espeak(site: EnginePaths) -> Espeak:
    engine = loaded(Espeak, site)
    assert isinstance(engine, Espeak)
    return engine


@pytest.fixture(scope="session")
def hibari(site: EnginePaths) -> Hibari:
    engine = loaded(Hibari, site)
    assert isinstance(engine, Hibari)
    return engine


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    return Recogniser()
