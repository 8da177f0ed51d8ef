"""Which engine a face job takes: the one asked for, or under "auto" the best that this machine can run."""

from __future__ import annotations

import pytest

from capabilities.common import render_engines
from capabilities.common.render_engines import RenderEngineSelector, animates_videos
from engines.analysis.engine import FaceAnalysis
from engines.catalog import Catalog
from engines.contract import Engine, EngineKind, EnginePaths, Readiness
from engines.contract.errors import EngineNotReady
from engines.faces.liveportrait.engine import LivePortrait
from engines.faces.musetalk.engine import MuseTalk
from engines.faces.puppet.engine import Puppet
from media.errors import NotFound
from studio.errors import InvalidInput
from studio.workers.proxy import callable_methods
from tests.engines.faces.puppet.conftest import ASSETS

ALL = ("puppet", "musetalk", "liveportrait")


@pytest.fixture
def engines(tmp_path: object) -> RenderEngineSelector:
    return RenderEngineSelector(Catalog(), EnginePaths(ASSETS, ASSETS))


def on_a_machine(monkeypatch: pytest.MonkeyPatch, gpu: bool, ready: tuple[str, ...] = ALL) -> None:
    monkeypatch.setattr(render_engines, "has_nvidia_gpu", lambda: gpu)

    def told(engine: type[Engine], site: EnginePaths) -> Readiness:
        there = engine.card.id in ready
        return Readiness(there, "Ready." if there else "Its weights are missing.", "" if there else "Download them.")

    monkeypatch.setattr(render_engines, "readiness_of", told)


@pytest.mark.parametrize(
    ("gpu", "ready", "method", "taken"),
    [
        (True, ALL, "lip_sync", MuseTalk),
        (True, ALL, "animate", LivePortrait),
        (True, ("puppet", "liveportrait"), "lip_sync", LivePortrait),
        (True, ("puppet", "musetalk"), "animate", Puppet),
        (True, ("puppet",), "lip_sync", Puppet),
        (False, ALL, "lip_sync", Puppet),
        (False, ALL, "animate", Puppet),
    ],
)
def test_auto_takes_the_best_that_the_machine_can_run(
    monkeypatch: pytest.MonkeyPatch,
    engines: RenderEngineSelector,
    gpu: bool,
    ready: tuple[str, ...],
    method: str,
    taken: type[Engine],
) -> None:
    on_a_machine(monkeypatch, gpu, ready)
    assert engines.choose("auto", method) is engines.choose("", method) is taken


def test_a_video_as_the_portrait_goes_to_an_engine_that_animates_videos(
    monkeypatch: pytest.MonkeyPatch, engines: RenderEngineSelector
) -> None:
    on_a_machine(monkeypatch, False)
    assert engines.choose("auto", "animate", animates_videos) is LivePortrait
    assert [animates_videos(engine) for engine in (Puppet, MuseTalk, LivePortrait)] == [False, False, True]
    on_a_machine(monkeypatch, False, ("puppet",))
    assert engines.choose("auto", "animate", animates_videos) is Puppet, "which the job then refuses by name"


def test_what_cannot_be_is_said(monkeypatch: pytest.MonkeyPatch, engines: RenderEngineSelector) -> None:
    on_a_machine(monkeypatch, True, ("puppet",))
    with pytest.raises(InvalidInput, match=r"MuseTalk 1\.5 cannot do this.*puppet, liveportrait"):
        engines.choose("musetalk", "animate")
    with pytest.raises(EngineNotReady, match="LivePortrait is not ready"):
        engines.choose("liveportrait", "lip_sync")
    with pytest.raises(NotFound):
        engines.choose("sadtalker", "lip_sync")
    on_a_machine(monkeypatch, True, ())
    with pytest.raises(EngineNotReady, match="No engine for faces"):
        engines.choose("auto", "lip_sync")


def test_analysis_is_no_engine_that_renders(monkeypatch: pytest.MonkeyPatch, engines: RenderEngineSelector) -> None:
    """It serves whichever engine renders, cannot be chosen to render, and says so when it is not ready."""
    assert engines.analysis() is FaceAnalysis and Catalog().of(EngineKind.ANALYSIS) == [FaceAnalysis]
    for method in ("lip_sync", "animate"):
        with pytest.raises(InvalidInput, match="Face analysis cannot do this"):
            engines.choose(FaceAnalysis.card.id, method)
    for engine in Catalog().of(EngineKind.FACES):
        assert not callable_methods(engine) & {"look", "listen", "track_mouth", "measure"}, engine.card.id
    on_a_machine(monkeypatch, True, ("puppet",))
    with pytest.raises(EngineNotReady, match="Face analysis is not ready"):
        engines.analysis()
