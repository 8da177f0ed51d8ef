"""Installing and fetching as jobs of a real studio: on the setup lane, beside narrations, unloaded before it is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from capabilities.registry import all_capabilities
from capabilities.setup.install_environment import InstallEnvironment
from engines.contract import Card
from studio.environments import EnvironmentManager
from studio.errors import InvalidInput, NotFound
from studio.jobs.capability import CPU_LANE, SETUP_LANE, Capability
from studio.jobs.model import JobState
from studio.memory.machine.gpu import GpuFacts
from studio.memory.manager import MemoryManager
from studio.services import Services
from studio.settings import Settings, load_settings
from studio.workers.process.launch import environment_readiness
from tabs.system.models import ModelsPanel, environments_panel, use_of, weights_panel
from tests.studio.environments.conftest import NAMES, Place, build_wheel, only_from
from tests.studio.weights.conftest import card_of


def settings_of(data: Path, *, install_on_gpu: bool = False) -> Settings:
    return load_settings(data={"folder": data}, environments={"install_on_gpu": install_on_gpu})


@pytest.fixture
def studio(place: Place, tmp_path: Path) -> Iterator[Services]:
    """A studio whose environments are the tiny one."""

    def capabilities(opened: Services) -> list[Capability[Any]]:
        opened.environments = EnvironmentManager(opened.paths.environments, place.locks)
        return [InstallEnvironment(opened)]

    opened = Services.open(settings_of(tmp_path / "data"), capabilities)
    yield opened
    opened.close()


def test_an_installation_is_a_job_beside_the_others(studio: Services) -> None:
    job = studio.jobs.submit("install_environment", {"name": "tiny"})
    assert job.lane == SETUP_LANE != CPU_LANE
    done = studio.jobs.wait(job.id, 60)
    assert (done.state, done.progress) == (JobState.DONE, 1.0)
    assert studio.environments.status("tiny").ready
    with pytest.raises(InvalidInput, match="installed and ready"):
        studio.jobs.submit("install_environment", {"name": "tiny"})
    removed = studio.jobs.submit("install_environment", {"name": "tiny", "action": "remove"})
    assert studio.jobs.wait(removed.id, 60).state is JobState.DONE
    assert not (studio.paths.environments / "tiny").exists()
    with pytest.raises(NotFound, match="There are: tiny"):
        studio.jobs.submit("install_environment", {"name": "tinny"})


def test_a_failed_one_says_why_and_can_be_tried_again(studio: Services, place: Place) -> None:
    build_wheel(place.wheels, NAMES[1], "3.0", source="import nosuchmodule\n")
    place.declare(f"{NAMES[0]}==1.0\n{NAMES[1]}==3.0\n")
    job = studio.jobs.wait(studio.jobs.submit("install_environment", {"name": "tiny"}).id, 60)
    assert job.state is JobState.FAILED and job.error is not None and "nosuchmodule" in job.error.reason
    panel = environments_panel([(studio.environments.declared("tiny").declared, studio.environments.status("tiny"))], [])
    assert "Repair" in panel and "nosuchmodule" in panel and "broken" in panel


def test_an_engine_of_a_missing_environment_says_the_next_step(studio: Services) -> None:
    card = Card(**{**vars(card_of("far")), "environment": "models"})
    found = environment_readiness(card, studio.site)
    assert not found.ready and "not installed" in found.sentence and "./launch.sh install models" in found.next_step


@pytest.mark.parametrize(("wished", "jobs"), [(True, 1), (False, 0)])
def test_a_gpu_brings_its_environment_when_that_is_wished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wished: bool, jobs: int
) -> None:
    """The job is queued and shown; nothing is fetched here, because pip is given no index."""
    only_from(tmp_path, monkeypatch)
    monkeypatch.setattr(MemoryManager, "gpu", lambda self: GpuFacts("NVIDIA GB10", unified=True))
    with_gpu = Services.open(settings_of(tmp_path / "data", install_on_gpu=wished), all_capabilities)
    try:
        found = with_gpu.jobs.list(kinds=["install_environment"])
        assert [job.spec["name"] for job in found] == ["models"] * jobs
        for job in found:
            ended = with_gpu.jobs.wait(job.id, 60)
            assert ended.state is JobState.FAILED and ended.error is not None and ended.error.reason
            assert not with_gpu.environments.status("models").ready
    finally:
        with_gpu.close()


def test_the_system_tab_shows_licence_size_and_what_can_be_done(studio: Services) -> None:
    drawn = ModelsPanel(studio).draw()
    assert "Tiny environment" in drawn and 'data-act="install"' in drawn and "not installed" in drawn
    from studio.weights import EngineWeights
    from studio.weights.model import FileStatus

    card = card_of("tiny", "sub/model.safetensors", gated=True)
    status = EngineWeights(card, (FileStatus(card.hub_files[0], None, 1_000_000),), own=True)
    shown = weights_panel([status], [], (Path("/a"),), offline=False)
    assert "CC-BY-NC-4.0: not for commercial use" in shown and "accept it first" in shown
    assert "1.0 MB of 3.0 MB" in shown and "Get the rest" in shown and 'data-act="delete"' in shown
    offline = weights_panel([status], [], (Path("/a"),), offline=True)
    assert "switched off" in offline and 'data-act="fetch"' not in offline
    assert use_of(card.code_licence) == "commercial use allowed"
