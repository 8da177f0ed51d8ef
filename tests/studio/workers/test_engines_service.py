"""Engines as the page and the API ask for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engines.contract import EngineKind, EnginePaths
from studio.errors import EngineNotReady, InvalidInput, NotFound
from studio.workers.engine_service import EngineService
from studio.workers.model import WorkerState
from studio.workers.pool import WorkerPool
from tests.studio.workers.conftest import Shelf
from tests.studio.workers.probe_engine import FarProbe, Probe, ProbeOptions

KEYS = [
    "id", "title", "capability", "ready", "readiness", "residency", "tier", "environment", "licence", "commercial_use",
    "options",
]  # fmt: skip


@pytest.fixture
def service(make_host: Callable[..., WorkerPool], site: EnginePaths) -> EngineService:
    return EngineService(Shelf(Probe, FarProbe), site, make_host())


def test_an_engine_is_told_with_the_promised_keys(service: EngineService) -> None:
    told = service.status("probe").as_dict()
    assert list(told) == KEYS
    assert (told["ready"], told["residency"], told["tier"], told["licence"]) == (True, "cold", "light", "Apache-2.0")
    assert told["options"]["properties"]["level"]["maximum"] == 1
    assert told["options"]["properties"]["size"]["reload"] is True


def test_engines_are_listed_by_capability(service: EngineService) -> None:
    assert [status.card.id for status in service.statuses()] == ["probe", "far-probe"]
    assert len(service.statuses(EngineKind.SPEECH)) == 2
    assert service.statuses(EngineKind.VIDEO) == []


def test_a_missing_environment_makes_an_engine_not_ready_and_names_the_step(service: EngineService) -> None:
    status = service.status("far-probe")
    assert not status.ready
    assert "./launch.sh install far" in status.next_step
    assert "./launch.sh install far" in status.as_dict()["readiness"]
    with pytest.raises(EngineNotReady):
        service.load("far-probe")


def test_an_installed_environment_makes_it_ready(service: EngineService, site: EnginePaths) -> None:
    python = Path(site.environments, "far", "bin", "python")
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/true")
    assert service.status("far-probe").ready


def test_options_are_checked_and_filled_in(service: EngineService) -> None:
    assert service.options("probe", {"level": 0.25}) == ProbeOptions(level=0.25)
    assert service.options("probe", {}) == ProbeOptions()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"levle": 0.5}, ('"levle"', '"level"')),
        ({"level": 2}, ('"level"', "less than or equal to 1")),
        ({"level": "loud"}, ('"level"', "number")),
        ({"size": "huge"}, ('"size"', "'small' or 'large'")),
    ],
)
def test_a_wrong_option_is_refused_naming_it_and_what_is_allowed(
    service: EngineService, values: dict[str, object], said: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        service.options("probe", values)
    assert all(word in str(caught.value) for word in said)


def test_load_and_unload_tell_where_the_engine_stands(service: EngineService) -> None:
    assert service.load("probe").residency is WorkerState.WARM
    report = service.unload("probe")
    assert report.workers == 1
    assert set(report.as_dict()) >= {"engine", "held_gib", "returned_gib", "within_tolerance"}
    assert service.status("probe").residency is WorkerState.COLD


def test_an_unknown_engine_is_not_found(service: EngineService) -> None:
    for ask in (service.status, service.load, service.unload, lambda name: service.options(name, {})):
        with pytest.raises(NotFound):
            ask("prob")
