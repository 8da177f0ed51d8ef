"""Fixtures of the face swap engine, whose inputs are prepared here, and the engine that finds faces."""

import pytest

from engines.analysis.engine import FaceAnalysis
from engines.contract import EnginePaths
from tests.engines.contract_suite import loaded
from tests.engines.swap.conftest import ASSETS, face

__all__ = ["face"]


@pytest.fixture(scope="session")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> FaceAnalysis:
    engine = loaded(FaceAnalysis, EnginePaths(ASSETS, tmp_path_factory.mktemp("cache")))
    assert isinstance(engine, FaceAnalysis)
    return engine
