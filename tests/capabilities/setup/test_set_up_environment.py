"""One button for an engine that lacks everything: its environment from a package index, its weights from a hub, then a sample
that it speaks in that environment."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from capabilities.setup.set_up_engine import setup_plan
from media.audio.decode import decode_audio
from studio.environments import EnvironmentManager
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from studio.workers.engine_service import readiness_of
from tests.journeys.fetched_engine import CONTENT, WEIGHTS
from tests.studio.environments.conftest import Place, build_wheel
from tests.studio.weights.hub import Hub, running_hub
from tests.studio.weights.package_index import PackageIndex, running_index

pytestmark = pytest.mark.slow
WEIGHTS_AT = f"{WEIGHTS.repo}/{WEIGHTS.path}"


@pytest.fixture
def outside(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PackageIndex, Hub]]:
    """An index that has "tiny"'s packages, of which one lets its Python see what a worker needs, and a hub with the weights."""
    build_wheel(place.wheels, "greenroombeta", "1.0", members={"beside.pth": f"{sysconfig.get_path('purelib')}\n".encode()})
    monkeypatch.setattr(EnvironmentManager.__init__, "__defaults__", (place.locks,))
    with running_index(place.wheels) as index, running_hub() as hub:
        hub.files[WEIGHTS_AT] = CONTENT
        index.alone(monkeypatch)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield index, hub


def test_environment_weights_and_sample_come_by_one_button(outside: tuple[PackageIndex, Hub], tmp_path: Path) -> None:
    index, hub = outside
    settings = load_settings(
        data={"folder": tmp_path / "data"},
        engines={"extra": ("tests.capabilities.setup.far_engine:Far",)},
        weights={"offline": False},
    )
    studio = Services.open(settings, all_capabilities)
    try:
        plan, engine = setup_plan(studio, "far"), studio.catalog.get("far")
        assert plan is not None and plan.download_bytes >= len(CONTENT) and plan.fits
        index.cut = {"greenroombeta"}
        failed = studio.jobs.wait(studio.jobs.submit("set_up_engine", {"engine": "far"}).id, 120)
        assert failed.state is JobState.FAILED and failed.error is not None and failed.error.hint
        assert not readiness_of(engine, studio.site).ready and not hub.ranges, "weights come after the environment"

        index.cut = set()
        job = studio.jobs.wait(studio.jobs.submit("set_up_engine", {"engine": "far"}).id, 120)
        assert job.state is JobState.DONE, job.error
        assert readiness_of(engine, studio.site).ready and setup_plan(studio, "far") is None
        assert studio.environments.status("tiny").ready and hub.ranges == [(WEIGHTS_AT, 0)]
        (sample,) = studio.jobs.list((), ("voiceover",))
        spoken = studio.jobs.wait(sample.id, 120)
        assert spoken.state is JobState.DONE, spoken.error
        assert spoken.title == "Far: a first sample" and decode_audio(Path(spoken.outputs[0].path)).duration > 1
    finally:
        studio.close()
