"""What the card of the first run tells is what the engines say, and what it offers is what one press fetches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from capabilities.setup.machine_can import MY_VOICE, PURPOSES, machine_can
from capabilities.setup.set_up_engine import setup_plan
from engines.catalog import Catalog
from engines.contract.card import Device
from studio.errors import NotFound
from studio.services import Services
from studio.settings import load_settings


def opened(folder: Path, *, offline: bool) -> Services:
    settings = load_settings(
        data={"folder": folder}, environments={"install_on_gpu": False}, weights={"offline": offline},
        memory={"reserve_light_gib": 0, "reserve_medium_gib": 0},
    )  # fmt: skip
    return Services.open(settings, all_capabilities)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = opened(tmp_path_factory.mktemp("machine") / "data", offline=False)
    yield services
    services.close()


def test_what_works_and_what_would_be_better_is_told_by_purpose(studio: Services) -> None:
    told = {one.purpose.key: one for one in machine_can(studio).purposes}
    assert list(told) == [one.key for one in PURPOSES]
    assert told["narrate"].ready[0] == "Hibari" and told["narrate"].languages > 100
    assert told["faces"].ready == ("Puppet",)
    for one in told.values():
        assert (one.plan is None) == (one.better == "")
        if one.plan is not None:
            assert one.plan.engine == one.better and one.plan.fits and one.plan.download_bytes > 0
            assert not studio.engines.status(one.better).ready
            assert one.slow == (studio.memory.gpu() is None and studio.catalog.get(one.better).card.device is Device.CUDA)
    assert not told[MY_VOICE.key].ready and "eSpeak NG" not in told[MY_VOICE.key].ready


def test_an_engine_of_which_one_repository_is_enough_is_set_up_with_that_alone(studio: Services) -> None:
    cards = [engine.card for engine in Catalog().all() if engine.card.first_repo]
    assert {card.id for card in cards} == {"faster-whisper", "whisper-gpu", "mms-tts"}
    for card in cards:
        assert card.first_repo in {file.repo for file in card.hub_files}
    plan = setup_plan(studio, "faster-whisper")
    if plan is not None:  # no Whisper is on this machine
        assert 100e6 < plan.download_bytes < 200e6


def test_a_sample_in_a_voice_that_does_not_exist_is_refused_before_anything_is_fetched(studio: Services) -> None:
    with pytest.raises(NotFound):
        studio.jobs.submit("set_up_engine", {"engine": "kokoro", "voice": "Nobody"})


def test_without_a_gpu_what_runs_in_the_studios_own_environment_is_recommended(studio: Services) -> None:
    if studio.memory.gpu() is None:
        told = {one.purpose.key: one.better for one in machine_can(studio).purposes}
        assert told["narrate"] in ("kokoro", "") and told["transcribe"] in ("faster-whisper", "")


def test_where_nothing_is_fetched_nothing_with_weights_is_recommended(tmp_path: Path) -> None:
    """An environment that could be installed is of no use to an engine whose weights could not be fetched then."""
    services = opened(tmp_path / "data", offline=True)
    try:
        can = machine_can(services)
        assert can.offline and not [one.better for one in can.purposes if one.better]
        assert setup_plan(services, "kokoro-torch") is None and setup_plan(services, "whisper-gpu") is None
    finally:
        services.close()
