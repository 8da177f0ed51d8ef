"""The analysis engine: what it finds and measures, here and through a worker, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.analysis.engine import FaceAnalysis
from engines.analysis.mouth_track import mouth_track_of
from engines.catalog import Catalog
from engines.contract import AnalysisEngine, EnginePaths
from engines.contract.analysis import MouthTrackRequest
from engines.contract.errors import EngineError, EngineNotReady
from engines.contract.faces import FaceChoice, LipSyncRequest, MouthTrack, face_at
from engines.faces.puppet.engine import Puppet, PuppetOptions
from media.errors import MediaError
from media.video.images import read_image, write_picture
from media.video.read import Picture, read_frames
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


def test_faces_are_told_with_place_and_size(analysis: FaceAnalysis, portrait: Path, face: Picture, tmp_path: Path) -> None:
    (seen,) = analysis.faces(portrait)
    assert abs(seen.x - 0.44) < 0.02 and abs(seen.y - 0.24) < 0.02 and 0.19 < seen.height < 0.24
    assert len(analysis.faces(write_video(tmp_path / "late.mp4", [blank(face)] * 14 + [face] * 10))) == 1
    assert analysis.faces(write_video(tmp_path / "nobody.mp4", [blank(face)] * 12)) == []


def test_a_point_is_on_a_face_or_on_none(analysis: FaceAnalysis, face: Picture, tmp_path: Path) -> None:
    """Two people of different sizes: a click on either, on hair, and between them; nobody is taken for being the nearest."""
    picture = np.full((400, 900, 3), 90, np.uint8)
    picture[80:320, 20:260] = face
    picture[180:330, 700:850] = cv2.resize(face, (150, 150), interpolation=cv2.INTER_AREA)
    write_picture(tmp_path / "two.png", picture)
    faces = analysis.faces(tmp_path / "two.png")
    aspect = 900 / 400
    places = [(one.x, one.y) for one in faces]
    assert len(faces) == 2 and [face_at(faces, x, y, aspect) for x, y in places] == [0, 1]
    hair = (faces[0].x, faces[0].y - 0.7 * faces[0].height)
    assert face_at(faces, *hair, aspect) == 0
    assert face_at(faces, 0.5, 0.5, aspect) is None and face_at([], 0.5, 0.5, aspect) is None
    analysis.look(tmp_path / "two.png", FaceChoice(x=places[1][0], y=places[1][1]))
    with pytest.raises(EngineError, match=r"no face at the chosen point \(50 % across, 50 % down\).* shows 2 faces"):
        analysis.look(tmp_path / "two.png", FaceChoice(x=0.5, y=0.5))


def test_it_measures_a_still_mouth_and_knows_where_there_is_none(analysis: FaceAnalysis, face: Picture, tmp_path: Path) -> None:
    video = write_video(tmp_path / "still.mp4", [face] * 6 + [blank(face)] * 4)
    found = analysis.measure(video, [25, 1], 10)
    assert np.isfinite(found.gaps[:6]).all() and np.isnan(found.gaps[6:]).all()
    assert float(np.ptp(found.gaps[:6])) < 0.03 and found.times[0] == pytest.approx(0.02)


def test_the_mouth_that_was_chosen_is_measured(analysis: FaceAnalysis, face: Picture, tmp_path: Path) -> None:
    """Two people, of whom the larger one speaks and the smaller one does not."""
    puppet = Puppet(analysis.site, PuppetOptions(blinks=False, motion=0), analysis.run)
    puppet.load()
    write_picture(tmp_path / "face.png", face)
    track = MouthTrack(np.tile(np.array([[0.3, 0, 0, 0]], np.float32), (100, 1)), "exact")
    (part,) = puppet.lip_sync(LipSyncRequest(tmp_path / "face.png", SENTENCE, track, tmp_path, (25, 1), 2))
    speaking = next(read_frames(part.path)).picture
    small = cv2.resize(face, (180, 180), interpolation=cv2.INTER_AREA)
    both = np.hstack([speaking, cv2.copyMakeBorder(small, 30, 30, 30, 30, cv2.BORDER_REPLICATE)])
    video = write_video(tmp_path / "two.mp4", [both] * 3)
    first, second = (analysis.measure(video, [25, 1], 3, FaceChoice(rank)).gaps.mean() for rank in (0, 1))
    alone = analysis.measure(write_video(tmp_path / "one.mp4", [small] * 3), [25, 1], 3).gaps.mean()
    assert abs(second - alone) < 0.01 < 0.03 < first - alone


def test_a_badge_is_no_face_beside_a_face(analysis: FaceAnalysis, tmp_path: Path) -> None:
    """At this size the detector takes the badge on the astronaut's suit for a face, twice as large as hers."""
    portrait = read_image(ASSETS / "portraits" / "astronaut.png")
    write_picture(tmp_path / "smaller.png", cv2.resize(portrait, None, fx=0.9, fy=0.9))
    (seen,) = analysis.faces(tmp_path / "smaller.png")
    assert seen.y < 0.3 and seen.height < 0.3


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
