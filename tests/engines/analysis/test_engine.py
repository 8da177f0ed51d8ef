"""The analysis engine: what it finds and measures, here and through a worker, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.analysis.engine import FaceAnalysis
from engines.analysis.mouth_track import mouth_track_of
from engines.catalog import Catalog
from engines.contract import AnalysisEngine, EnginePaths
from engines.contract.analysis import MouthTrackRequest
from engines.contract.errors import EngineError, EngineNotReady
from engines.contract.faces import FaceChoice
from engines.faces.puppet.engine import Puppet
from media.errors import MediaError
from media.video.images import read_image, write_picture
from media.video.read import Picture
from studio.settings import WorkerSettings
from studio.workers.pool import WorkerPool
from tests.engines.contract_suite import TinyRun, loaded
from tests.engines.faces.puppet.conftest import ASSETS, SENTENCE, blank, write_video


@pytest.fixture(scope="module")
def analysis(site: EnginePaths) -> FaceAnalysis:
    engine = loaded(FaceAnalysis, site)
    assert isinstance(engine, FaceAnalysis)
    return engine


@pytest.fixture(scope="module")
def portrait() -> Path:
    return next((ASSETS / "portraits").glob("astronaut*"))


@pytest.fixture(scope="module")
def face(portrait: Path) -> Picture:
    return read_image(portrait)[20:260, 100:340]


def test_it_is_an_analysis_engine_and_the_puppet_is_none(analysis: FaceAnalysis, site: EnginePaths) -> None:
    assert isinstance(analysis, AnalysisEngine)
    assert not isinstance(Puppet(site, Puppet.Options(), TinyRun()), AnalysisEngine)


def test_it_looks_whether_a_face_is_there(analysis: FaceAnalysis, portrait: Path, face: Picture, tmp_path: Path) -> None:
    analysis.look(portrait, FaceChoice())
    write_picture(tmp_path / "empty.png", blank(face))
    with pytest.raises(EngineError, match="face"):
        analysis.look(tmp_path / "empty.png", FaceChoice())
    with pytest.raises(MediaError):
        analysis.look(SENTENCE, FaceChoice())


def test_it_measures_a_still_mouth_and_knows_where_there_is_none(analysis: FaceAnalysis, face: Picture, tmp_path: Path) -> None:
    video = write_video(tmp_path / "still.mp4", [face] * 6 + [blank(face)] * 4)
    found = analysis.measure(video, [25, 1], 10)
    assert np.isfinite(found.gaps[:6]).all() and np.isnan(found.gaps[6:]).all()
    assert float(np.ptp(found.gaps[:6])) < 0.03 and found.times[0] == pytest.approx(0.02)


@pytest.mark.parametrize(("fps", "frames"), [([25], 10), ([25, 0], 10), ([25, 1], 0)])
def test_a_measurement_without_a_rate_is_refused(analysis: FaceAnalysis, fps: list[int], frames: int) -> None:
    with pytest.raises(EngineError, match="rate"):
        analysis.measure(SENTENCE, fps, frames)


def test_without_the_mesh_it_is_not_ready(tmp_path: Path) -> None:
    nowhere = EnginePaths(tmp_path, tmp_path)
    assert not FaceAnalysis.readiness(nowhere).ready and "assets/faces" in FaceAnalysis.readiness(nowhere).next_step
    with pytest.raises(EngineNotReady):
        loaded(FaceAnalysis, nowhere)


@pytest.fixture(scope="module")
def workers(site: EnginePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    made = WorkerPool(WorkerSettings(start_seconds=60), site, Catalog(), logs=tmp_path_factory.mktemp("worker-logs"))
    yield made
    made.close()


def test_a_worker_finds_the_same_track(workers: WorkerPool, portrait: Path) -> None:
    request = MouthTrackRequest(SENTENCE, language="de")
    here = mouth_track_of(request, lambda share: None)
    with workers.lease(FaceAnalysis, FaceAnalysis.Options()) as there:
        found = there.track_mouth(request)
        assert found.source == here.source == "loudness" and (found.values == here.values).all()
        there.look(portrait, FaceChoice())
    with workers.lease(Puppet, Puppet.Options()) as puppet:
        assert not hasattr(puppet, "look") and not hasattr(puppet, "measure")
