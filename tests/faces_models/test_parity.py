"""Our networks against tensors that upstream's own code gave on the same weights; see docs/lip-sync-parity.md for full sizes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faces_models.conftest import run_in_models

pytestmark = pytest.mark.slow

Differences = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def differences(model_python: Path) -> Differences:
    return json.loads(run_in_models(model_python, "-m", "tests.faces_models.compare").splitlines()[-1])


def test_liveportrait_is_upstreams(differences: Differences) -> None:
    """Eight frames with moving key points."""
    far = {name: value for name, value in differences["liveportrait"].items() if "control" not in name and value > 1e-5}
    assert not far


def test_musetalk_is_upstreams(differences: Differences) -> None:
    """Latents to float32's rounding, tokens exactly, pictures to the last level of 255."""
    told = differences["musetalk"]
    assert told["tokens at 25"] < 1e-5 and told["tokens at 30"] < 1e-5
    assert told["latents"] < 1e-5
    assert told["picture levels"] <= 1


def test_the_comparison_can_fail(differences: Differences) -> None:
    """Another frame, swapped inputs and weights changed by a twentieth are seen, more than a hundredfold."""
    controls = {name: value for name, value in differences["liveportrait"].items() if "control" in name}
    assert len(controls) == 4 and min(controls.values()) > 0.001
    levels = {name: value for name, value in differences["musetalk"].items() if "control" in name}
    assert len(levels) == 4 and min(levels.values()) > 0.3
