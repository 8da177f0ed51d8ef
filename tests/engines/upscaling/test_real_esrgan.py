"""Real-ESRGAN: its networks against plain walks through their key names, tiles, checkpoints of the published shapes, a worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.common.profile_key import profile_key
from engines.contract import EnginePaths
from engines.upscaling.real_esrgan.engine import FILES, RealEsrgan, RealEsrganOptions, weights_of
from media.video.read import probe_video, read_frames
from studio.memory.profiles import MeasurementKind
from studio.units import GIB
from tests.engines.conftest import ASSETS
from tests.engines.upscaling.conftest import SIZE, Enlarging
from tests.engines.video.wan.conftest import in_models

NUMBERS = {"photo": 16_697_987, "photo-2x": 16_703_171, "drawing": 4_467_779, "fast": 1_213_296}


@pytest.fixture(scope="module")
def told(model_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return json.loads(in_models(model_python, "tests.engines.upscaling.inside", tmp_path_factory.mktemp("inside")))


@pytest.mark.slow
def test_the_networks_are_what_their_key_names_say(told: dict[str, Any]) -> None:
    for name, found in told["parity"].items():
        assert found["off"] < 1e-5 < 0.01 < found["spread"], name
    assert [found["shape"] for found in told["parity"].values()] == [[1, 3, 48, 64], [1, 3, 24, 32], [1, 3, 48, 64]]


@pytest.mark.slow
def test_tiles_do_not_show(told: dict[str, Any]) -> None:
    assert all(off <= 1 for off in told["tiles"].values()), told["tiles"]


@pytest.mark.slow
def test_shapes_are_the_published_ones(told: dict[str, Any]) -> None:
    """As many numbers as the published files have room for: what is left over is some 320 bytes a tensor of packing."""
    for name, found in told["published"].items():
        assert found["numbers"] == NUMBERS[name]
        assert 250 < (FILES[name].size_bytes - 4 * found["numbers"]) / found["tensors"] < 400


@pytest.mark.slow
def test_checkpoints_are_read_in_every_wrapping_and_refused_when_wrong(told: dict[str, Any]) -> None:
    assert told["wrappers"] is True
    expected = {
        "missing": "1 are missing (body.4.weight)", "unknown": "1 are not known (more.weight)",
        "shape": "1 have another shape (body.0.bias)", "other": "192 are not known", "cut": "cut.pth is damaged",
        "objects": "objects.pth is damaged", "list": "list.pth holds something else than weights",
    }  # fmt: skip
    assert told["refusals"].keys() == expected.keys()
    for name, words in expected.items():
        assert words in told["refusals"][name], told["refusals"][name]


def chosen(site: EnginePaths, **options: Any) -> str:
    settled = RealEsrgan.settled(site, RealEsrganOptions(**options))
    assert isinstance(settled, RealEsrganOptions)
    return settled.model


def test_networks_are_found_and_chosen(tmp_path: Path) -> None:
    site = EnginePaths(ASSETS, tmp_path, (tmp_path / "weights",))
    assert not RealEsrgan.readiness(site).ready
    by_hand = tmp_path / "weights" / "real-esrgan" / "realesr-general-x4v3.pth"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"weights")
    assert weights_of(site, "fast") == by_hand and RealEsrgan.readiness(site).sentence == "Ready, with the networks fast."
    assert chosen(site) == "fast"
    for name in ("photo", "photo-2x"):
        downloaded = tmp_path / "weights" / FILES[name].repo.replace("/", "--") / FILES[name].path
        downloaded.parent.mkdir(exist_ok=True)
        downloaded.write_bytes(b"weights")
    assert [chosen(site, scale=scale) for scale in (2, 3, 4)] == ["photo-2x", "photo", "photo"]
    with pytest.raises(Exception, match="network drawing"):
        RealEsrgan.check(RealEsrganOptions(model="drawing"), site)


@pytest.fixture
def with_network(model_python: Path, environments: Path, tmp_path: Path) -> Iterator[Enlarging]:
    folder, weights = tmp_path / "data", tmp_path / "weights"
    folder.mkdir()
    (weights / "real-esrgan").mkdir(parents=True)
    (folder / "environments").symlink_to(environments)
    in_models(model_python, "tests.engines.upscaling.inside", weights / "real-esrgan" / "realesr-general-x4v3.pth", "fast")
    made = Enlarging(folder, data={"weights": [str(weights)]}, workers={"start_seconds": 300})
    known = profile_key(RealEsrganOptions(model="fast"))
    made.studio.memory.reservations.record(MeasurementKind.PEAK, "real-esrgan", known, GIB // 2)
    yield made
    made.studio.close()


@pytest.mark.slow
def test_a_video_through_a_worker(with_network: Enlarging) -> None:
    """The network that is there is taken without being asked for by name, on tiles smaller than the picture."""
    job = with_network.make(options={"scale": 2, "tile": 32})
    output = with_network.studio.library.get(job.outputs[0].id)
    info = probe_video(output.path)
    assert (info.width, info.height, info.has_audio) == (2 * SIZE[0], 2 * SIZE[1], True)
    assert output.recipe["options"]["model"] == "fast" and output.recipe["licence"] == "BSD-3-Clause"
    source = [frame.picture for frame in read_frames(with_network.studio.library.get(with_network.source).path)]
    made = [frame.picture for frame in read_frames(output.path)]
    assert len(made) == len(source) and np.stack(made).std() > 5
    alike = np.corrcoef(made[15][::2, ::2].ravel(), source[15].ravel())[0, 1]
    assert alike > 0.5, "the source lies beneath what the random network adds"
