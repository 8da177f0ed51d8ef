from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from engines.contract import EngineOptions, EnginePaths
from engines.verification.reading_follower.engine import ReadingFollower
from studio.services import Services
from studio.settings import load_settings
from tests.engines.contract_suite import loaded
from tests.engines.hearts import Hearts

ASSETS = Path(__file__).resolve().parents[3] / "assets"
SWALLOWING = "tests.studio.verification.swallowing_engine:Swallowing"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> EnginePaths:
    return EnginePaths(ASSETS, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def hearts(site: EnginePaths) -> Hearts:
    engine = loaded(Hearts, site)
    assert isinstance(engine, Hearts)
    return engine


@pytest.fixture(scope="session")
def follower(site: EnginePaths) -> ReadingFollower:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    engine = loaded(ReadingFollower, site)
    assert isinstance(engine, ReadingFollower)
    assert engine.options == EngineOptions()
    return engine


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    opened = Services.open(
        load_settings(data={"folder": tmp_path_factory.mktemp("checks")}, engines={"extra": (SWALLOWING,)}), all_capabilities
    )
    yield opened
    opened.close()
