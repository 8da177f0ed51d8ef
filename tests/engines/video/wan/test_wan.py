"""Wan through diffusers, in workers without a network, on tiny random checkpoints of its true architectures."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from engines.contract import EnginePaths
from engines.contract.video import VideoPreview, VideoRequest, VideoResult
from engines.video.wan import models
from engines.video.wan.engine import Wan, WanI2V14B, WanI2VA14B, WanT2V13B
from engines.video.wan.lora_names import TABLE, weights_of
from engines.video.wan.options import NEGATIVE
from media.errors import Cancelled, InvalidInput
from media.video.read import probe_video, read_frames
from studio.workers.model import WorkerState
from studio.workers.pool import WorkerPool
from tests.engines.video.wan.conftest import in_models
from tests.engines.video.wan.files import (
    attention_lora,
    ffn_lora,
    published_lora,
    put_lora,
    start_picture,
    write_safetensors,
)

pytestmark = pytest.mark.slow


@dataclass
class Studio:
    """One Wan engine behind a worker host; every clip is 128 × 128 and two steps long unless said otherwise."""

    host: WorkerPool
    engine: type[Wan]
    site: EnginePaths
    folder: Path
    told: list[tuple[float, str]] = field(default_factory=list)
    previews: list[VideoPreview] = field(default_factory=list)

    def clip(
        self, request: dict[str, Any] | None = None, cancelled: Callable[[], bool] = lambda: False, **options: Any
    ) -> VideoResult:
        wish = VideoRequest("a cat on a wall", self.folder / "clip.mp4", 128, 128, 5, (16, 1), seed=7, negative="blurred")
        wish = replace(wish, **(request or {}))
        if self.engine.model.start_image == "required" and wish.start_image is None:
            wish = replace(wish, start_image=start_picture(self.folder / "start.png"))
        self.told, self.previews = [], []
        chosen = self.engine.Options(**{"steps": 2, **options})
        with self.host.lease(
            self.engine, chosen, cancelled=cancelled, on_progress=lambda *told: self.told.append(told)
        ) as engine:
            for item in engine.generate(wish):
                if isinstance(item, VideoResult):
                    return item
                self.previews.append(item)
        raise AssertionError("no result")

    def frames(self, request: dict[str, Any] | None = None, **options: Any) -> np.ndarray:
        return pictures(self.clip(request, **options).path)


def pictures(path: Path) -> np.ndarray:
    return np.stack([frame.picture for frame in read_frames(path)])


def differ(first: np.ndarray, second: np.ndarray) -> bool:
    return not np.array_equal(first, second)


@pytest.fixture(scope="module")
def studio_of(
    wan_host: WorkerPool, wan_site: EnginePaths, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[type[Wan]], Studio]:
    return lambda engine: Studio(wan_host, engine, wan_site, tmp_path_factory.mktemp(engine.card.id))


@pytest.fixture(scope="module")
def words(studio_of: Callable[[type[Wan]], Studio]) -> Iterator[Studio]:
    yield studio_of(WanT2V13B)


@pytest.fixture(scope="module")
def experts(studio_of: Callable[[type[Wan]], Studio]) -> Iterator[Studio]:
    """Wan 2.2 image-to-video. Of its tiny experts the second has a wider feed-forward."""
    studio = studio_of(WanI2VA14B)
    yield studio
    studio.host.unload(WanI2VA14B.card.id, force=True)


@pytest.fixture(scope="module")
def plain(words: Studio) -> np.ndarray:
    return words.frames()


def test_a_clip_is_as_it_was_ordered(words: Studio, plain: np.ndarray) -> None:
    result = words.clip()
    assert np.array_equal(pictures(result.path), plain), "the same seed gives the same clip"
    info = probe_video(result.path)
    assert (info.width, info.height, info.frames, float(info.fps)) == (128, 128, 5, 16.0)
    assert {"seed": 7, "steps": 2, "attention": "native", "device": "cpu", "loras": []}.items() <= result.facts.items()
    assert result.facts["seconds_a_step"] > 0


@pytest.mark.parametrize(
    ("request_change", "options"),
    [
        ({"seed": 8}, {}),
        ({"prompt": "a dog in the sea"}, {}),
        ({"negative": "sharp"}, {}),
        ({}, {"steps": 3}),
        ({}, {"guidance": 9.0}),
        ({}, {"shift": 3.0}),
    ],
    ids=str,
)
def test_every_option_reaches_the_pipeline(
    words: Studio, plain: np.ndarray, request_change: dict[str, Any], options: dict
) -> None:
    assert differ(words.frames(request_change, **options), plain)


def test_size_and_length(words: Studio) -> None:
    info = probe_video(words.clip({"width": 160, "height": 128, "frames": 9}).path)
    assert (info.width, info.height, info.frames) == (160, 128, 9)


def test_an_empty_negative_prompt_is_upstream_s(words: Studio, plain: np.ndarray) -> None:
    empty = words.clip({"negative": ""})
    assert empty.facts["negative"] == NEGATIVE
    drawn = pictures(empty.path)
    assert np.array_equal(drawn, words.frames({"negative": NEGATIVE})) and differ(drawn, plain)
    assert differ(drawn, words.frames({"negative": " "})), "a space asks for none"


def test_the_negative_prompt_does_not_count_without_guidance(words: Studio) -> None:
    assert np.array_equal(words.frames(guidance=1.0), words.frames({"negative": "sharp"}, guidance=1.0))


def test_progress_goes_step_by_step_with_pictures(words: Studio) -> None:
    words.clip(steps=30)
    shares = [share for share, _ in words.told]
    assert shares == sorted(shares) and shares[-1] == 1.0
    steps = [int(note.split()[1]) for _, note in words.told if note.startswith("Step ")]
    assert len(set(steps)) >= 5 and steps == sorted(steps)
    assert words.previews[-1].note == "Step 30 of 30"
    with Image.open(BytesIO(words.previews[-1].jpeg)) as picture:
        assert picture.format == "JPEG" and max(picture.size) == 384
        assert np.asarray(picture).std() > 2


@pytest.mark.realtime
def test_a_cancel_is_heard_within_a_step_and_the_worker_stays(words: Studio, plain: np.ndarray) -> None:
    asked: list[float] = []

    def cancelled() -> bool:
        if not asked and any(note.startswith("Step ") and int(note.split()[1]) >= 3 for _, note in words.told):
            asked.append(time.monotonic())
        return bool(asked)

    (worker,) = words.host.snapshot()
    with pytest.raises(Cancelled):
        words.clip({"path": words.folder / "never.mp4"}, cancelled, steps=100)  # a fast machine tells only some of them
    assert time.monotonic() - asked[0] < 5, "long before it would have been ended by force"
    steps = [int(note.split()[1]) for _, note in words.told if note.startswith("Step ")]
    first = next(step for step in steps if step >= 3)
    assert max(steps) <= first + 25, "it did not go on to the end"
    assert not (words.folder / "never.mp4").exists()
    assert np.array_equal(words.frames(), plain)
    assert words.host.snapshot()[0].pid == worker.pid, "the same worker went on"


def test_the_worker_refuses_what_it_was_given_unchecked(words: Studio) -> None:
    with pytest.raises(InvalidInput, match="513 × 511"):
        words.clip({"width": 513, "height": 511})


def test_a_lora_counts_by_its_weight(words: Studio, plain: np.ndarray, wan_weights: Path) -> None:
    put_lora(wan_weights, "attention", attention_lora())
    put_lora(wan_weights, "feed", ffn_lora(32))
    full = words.clip(loras="attention\nfeed, 0.5")
    assert full.facts["loras"] == [
        {"file": "attention.safetensors", "weight": 1.0, "target": "both", "modules": 2},
        {"file": "feed.safetensors", "weight": 0.5, "target": "both", "modules": 3},
    ]
    assert differ(pictures(full.path), plain)
    assert differ(words.frames(loras="attention, 0.3"), words.frames(loras="attention, 1"))
    assert np.array_equal(words.frames(loras="attention, 0"), plain)
    assert np.array_equal(words.frames(), plain), "taken off, nothing of it is left"


def test_unloading_gives_the_memory_back(words: Studio, plain: np.ndarray) -> None:
    words.frames()
    (worker,) = words.host.snapshot()
    report = words.host.unload(WanT2V13B.card.id)
    assert not psutil.pid_exists(worker.pid) and words.host.residency(WanT2V13B.card.id) is WorkerState.COLD
    assert report.workers == 1 and report.held_gib > 0.3  # what came back is not asked: others use this machine too


def test_a_picture_begins_the_clip_with_wan_21(studio_of: Callable[[type[Wan]], Studio]) -> None:
    studio = studio_of(WanI2V14B)
    first = studio.frames()
    other = studio.frames({"start_image": start_picture(studio.folder / "other.png", shade=90)})
    assert first.shape == (5, 128, 128, 3) and differ(first, other)
    studio.host.unload(WanI2V14B.card.id)


def test_each_expert_takes_its_own_guidance_and_lora(experts: Studio, wan_weights: Path) -> None:
    """Six steps moved by 5: the first ones above the boundary, the last ones below."""
    put_lora(wan_weights, "attention", attention_lora())
    plain = experts.frames(steps=6)
    assert differ(experts.frames(steps=6, guidance_low=9.0), plain)
    assert differ(experts.frames({"start_image": start_picture(experts.folder / "other.png", shade=90)}, steps=6), plain)
    by_target = [experts.frames(steps=6, loras=f"attention, 1, {target}") for target in ("high", "low", "both")]
    assert all(differ(one, plain) for one in by_target)
    assert all(differ(by_target[a], by_target[b]) for a, b in ((0, 1), (0, 2), (1, 2)))


def test_a_lora_reaches_the_right_expert_and_not_the_wrong_one(experts: Studio, wan_weights: Path) -> None:
    put_lora(wan_weights, "first", ffn_lora(32))
    put_lora(wan_weights, "second", ffn_lora(48))
    result = experts.clip(loras="first, 1, high\nsecond, 1, low")
    assert [lora["target"] for lora in result.facts["loras"]] == ["high", "low"]
    with pytest.raises(InvalidInput, match=r"second\.safetensors does not fit the high-noise expert"):
        experts.clip(loras="second, 1, high")
    with pytest.raises(InvalidInput, match=r"first\.safetensors does not fit the low-noise expert"):
        experts.clip(loras="first, 1, low")


def test_the_draft_draws_with_the_distilled_files(experts: Studio, wan_weights: Path) -> None:
    distilled = models.I2V_A14B.distilled
    assert distilled is not None
    for lora in distilled.loras:
        tensors = published_lora(32 if lora.target == "high" else 48)
        write_safetensors(wan_weights / lora.repo.replace("/", "--") / lora.file, tensors)
    facts = experts.clip(preset="draft", steps=0).facts
    assert (facts["steps"], facts["guidance"], facts["guidance_low"]) == (4, 1.0, 1.0)
    assert [(lora["target"], lora["left_out"]) for lora in facts["loras"]] == [("high", 7), ("low", 7)]
    assert facts["noise_levels"] == [1.0, 0.9375, 0.8333, 0.625]


def test_parts_agree_with_the_library(model_python: Path, wan_weights: Path, tmp_path: Path) -> None:
    """Our loading, decoding step by step and LoRA against diffusers' own (the definition, for the LoRA) on the same weights."""
    told = json.loads(in_models(model_python, "tests.engines.video.wan.inside", wan_weights, tmp_path))
    assert told["transformer"] == 0.0
    for decoded in told["vae"].values():
        assert decoded["off"] <= 0.501 and decoded["spread"] > 10, "but for rounding to 8 bits"
    assert told["lora"]["off"] < 1e-4 < 0.1 < told["lora"]["effect"] and told["lora"]["left"] < 1e-5
    assert told["merged"]["off"] < 1e-4 < 0.1 < told["merged"]["effect"]
    assert told["moved"] == "meta", "matrices of a LoRA go where their layer went"
    assert told["twice"] == {"same": True, "tiles": False, "reader": False}
    assert told["in_need"] == {"frames": [9, 9], "off": 0}, "a clip is not lost over the memory of its decoding"
    memory = told["memory"]
    assert memory["kinds"] == {
        "plain": "torch.bfloat16", "blocks": "torch.bfloat16", "float8": "torch.float8_e4m3fn", "both": "torch.float8_e4m3fn",
    }  # fmt: skip
    assert memory["off"]["blocks"] == 0, "where the blocks wait changes nothing"
    assert 0 < memory["off"]["float8"] < memory["spread"] and memory["off"]["both"] == memory["off"]["float8"]
    assert told["decoder"] == {"encoder": "torch.float32", "decoder": "torch.bfloat16"}
    assert told["cache"]["off"] == 12 > told["cache"]["strong"] > 0, "cached, the later blocks rest in most steps"
    clips = told["clips"]
    assert clips["ti2v-draft"]["noise_levels"] == [1.0, 0.757, 0.522] and clips["ti2v-draft"]["steps"] == 3
    assert clips["t2v-a14b"]["cache"] == "strong" and clips["ti2v-image"]["vae_tiled"]
    for name in clips:
        assert probe_video(tmp_path / f"{name}.mp4").frames == 5


def test_the_weights_a_lora_may_change_are_those_of_the_library(wan_weights: Path) -> None:
    """What is worked out from a configuration without torch is what the library makes of it."""
    true = json.loads((wan_weights / "modules.json").read_text())
    for name, shapes in true.items():
        repo, _, folder = name.rpartition("/")
        config = json.loads((wan_weights / repo.replace("/", "--") / folder / "config.json").read_text())
        weights = weights_of(config)
        named = {module if module.endswith(TABLE) else f"{module}.weight": list(shape) for module, shape in weights.items()}
        assert named.items() <= shapes.items()
        left = {one.removesuffix(".weight") for one, shape in shapes.items() if one.endswith("weight") and len(shape) == 2} - set(
            weights
        )
        assert not left, "every linear layer may be changed"
