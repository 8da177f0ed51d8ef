"""The table of Wan by machine: current, and what it promises of each machine."""

from __future__ import annotations

import pytest

from bench.engines.video.wan_machines import MACHINES, MODELS, PAGE, PRESETS, Simulated, sizes_of, verdict


def test_the_page_is_the_present_one() -> None:
    from bench.engines.video.wan_machines import page

    assert PAGE.read_text("utf-8") == page(), "./launch.sh bench wan_machines makes it anew"


@pytest.mark.parametrize("machine", MACHINES[:4], ids=lambda one: one.title)
def test_every_model_runs_from_16_gb_up(machine: Simulated) -> None:
    for engine in MODELS:
        for extent in sizes_of(engine):
            for preset in PRESETS:
                found = verdict(machine, engine, preset, extent)
                assert not found.refusal and found.seconds is not None and found.gib > 0


@pytest.mark.parametrize("machine", MACHINES[4:], ids=lambda one: one.title)
def test_a_refusal_names_a_way_out(machine: Simulated) -> None:
    refused = {
        found.refusal
        for engine in MODELS
        for extent in sizes_of(engine)
        if (found := verdict(machine, engine, "draft", extent)).refusal
    }
    assert refused and all(
        "GiB" in sentence and ("animatic" in sentence or "Free that memory" in sentence) for sentence in refused
    )
