"""Rows of F5-TTS that go through the network together are alike in length, and need no mask where they are equal."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from engines.speech.f5.engine import MOST_FRAMES, _groups
from tests.engines.video.wan.conftest import in_models


def test_rows_of_like_length_are_together_and_no_pass_holds_too_much() -> None:
    lengths = [2000, 300, 1900, 320, 2000, 310, 1800, 2000]
    groups = _groups([SimpleNamespace(total=length) for length in lengths])
    assert sorted(place for group in groups for place in group) == list(range(len(lengths)))
    padded = sum(max(lengths[place] for place in group) * len(group) for group in groups)
    assert all(max(lengths[place] for place in group) * len(group) <= MOST_FRAMES for group in groups)
    in_order = 4 * 2000 + 4 * 2000
    assert padded < 0.8 * in_order


@pytest.mark.slow
def test_rows_of_equal_length_are_given_no_mask(model_python: Path, tmp_path: Path) -> None:
    equal, unequal = json.loads(in_models(model_python, "tests.engines.speech.torch_engines.f5_masks", tmp_path).splitlines()[-1])
    assert equal == 0 < unequal
