"""What a Wan clip may not be: said in words before anything is loaded. No model is needed, only configurations."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.common.weights import repo_folder_name
from engines.contract import EnginePaths
from engines.contract.errors import EngineNotReady
from engines.contract.video import VideoRequest
from engines.video.wan import models
from engines.video.wan.engine import Wan, WanI2V14B, WanT2V13B, WanT2VA14B, WanTI2V5B
from engines.video.wan.options import settings_for
from media.errors import GreenroomError, InvalidInput, MediaError
from tests.engines.video.wan.build import DIT
from tests.engines.video.wan.files import (
    attention_lora,
    ffn_lora,
    pair,
    published_lora,
    put_lora,
    start_picture,
    write_safetensors,
)

CLIP = VideoRequest("a cat", Path("clip.mp4"), 832, 480, 81, (16, 1), seed=1)


@pytest.fixture
def site(tmp_path: Path) -> EnginePaths:
    """Weights of which only the configurations are real: all that a check reads."""
    for model in (models.T2V_13B, models.T2V_A14B):
        for number, part in enumerate(model.transformers):
            folder = tmp_path / "weights" / repo_folder_name(part.repo) / part.folder
            folder.mkdir(parents=True, exist_ok=True)
            for name, _ in part.files:
                (folder / name).write_text("{}")
            config = {"in_channels": 16, "out_channels": 16, **DIT, "ffn_dim": 48 if number else 32}
            (folder / "config.json").write_text(json.dumps(config))
    return EnginePaths(tmp_path, tmp_path, (tmp_path / "weights",))


def refusal(engine: type[Wan], request: VideoRequest, site: EnginePaths, **options: Any) -> GreenroomError:
    request = replace(request, path=site.cache / request.path.name)
    with pytest.raises(GreenroomError) as refused:
        engine.check(request, engine.Options(**options), site)
    assert refused.value.reason.endswith(".") and str(site.cache) not in str(refused.value)
    assert not request.path.exists()
    return refused.value


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prompt": "word " * 5000}, "5,000 words"),
        ({"negative": "word " * 400}, "negative prompt has 400 words"),
        ({"prompt": "  "}, "prompt is empty"),
        ({"width": 513, "height": 511}, "513 × 511"),
        ({"width": 1280, "height": 720}, "too large"),
        ({"frames": 0}, "0 frames"),
        ({"frames": 10_000}, "10,000 frames"),
        ({"frames": 80}, "80 frames"),
        ({"seed": -1}, "seed -1"),
        ({"fps": (25, 1)}, "16 frames a second"),
    ],
)
def test_a_clip_that_cannot_be(site: EnginePaths, change: dict[str, Any], named: str) -> None:
    error = refusal(WanT2V13B, replace(CLIP, **change), site)
    assert isinstance(error, InvalidInput) and named in error.reason and error.hint


def test_what_can_be_made_passes(site: EnginePaths, tmp_path: Path) -> None:
    WanT2V13B.check(replace(CLIP, path=tmp_path / "clip.mp4"), WanT2V13B.Options(), site)


def test_start_images(site: EnginePaths) -> None:
    picture = start_picture(site.cache / "start.png")
    (site.cache / "broken.png").write_bytes(picture.read_bytes()[: picture.stat().st_size // 2])
    assert "needs a start image" in refusal(WanI2V14B, CLIP, site).reason
    assert "takes no start image" in refusal(WanT2V13B, replace(CLIP, start_image=picture), site).reason
    error = refusal(WanI2V14B, replace(CLIP, start_image=site.cache / "broken.png"), site)
    assert isinstance(error, MediaError) and "broken.png is damaged" in error.reason


def test_a_full_disk(site: EnginePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - 10**6, 10**6))
    error = refusal(WanT2V13B, CLIP, site)
    assert "1 MB are free" in error.reason and "library" in error.hint


def test_a_distilled_draft_has_its_own_number_of_steps(site: EnginePaths) -> None:
    clip = replace(CLIP, width=1280, height=704, frames=121, fps=(24, 1))
    assert "3 steps" in refusal(WanTI2V5B, clip, site, preset="draft", steps=8).reason
    assert isinstance(refusal(WanT2VA14B, CLIP, site, preset="draft"), EngineNotReady)


def test_a_draft_of_few_steps_skips_none(site: EnginePaths) -> None:
    clip = replace(CLIP, width=1280, height=704, frames=121, fps=(24, 1))
    assert "First-block cache to off" in refusal(WanTI2V5B, clip, site, preset="draft", cache="light").hint


def test_image_parts_are_left_out_of_a_file_for_a_model_without_them(site: EnginePaths, tmp_path: Path) -> None:
    root = site.weights[0]
    put_lora(root, "published", published_lora(32))
    put_lora(root, "only", {"diffusion_model.img_emb.proj.0.diff": np.zeros(4)})
    WanT2V13B.check(replace(CLIP, path=tmp_path / "clip.mp4"), WanT2V13B.Options(loras="published"), site)
    assert "is not a LoRA for Wan" in refusal(WanT2V13B, CLIP, site, loras="only").reason
    put_lora(root, "wrong", {**published_lora(32), "diffusion_model.blocks.1.diff_m": np.zeros((1, 6, 12))})
    assert "blocks.1.scale_shift_table is 1 × 6 × 24" in refusal(WanT2V13B, CLIP, site, loras="wrong").reason


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("missing", "no LoRA missing.safetensors"),
        ("../secret", "not a file name"),
        ("attention, strong", "“strong”"),
        ("attention, 9", "outside"),
        ("attention, 1, high", "one transformer for all noise"),
        ("attention, 1, middle", "“middle”"),
        ("a, 1, both, more", "cannot be read"),
        ("text", "no safetensors file"),
        ("cut", "not whole"),
        ("stranger", "is not a LoRA for Wan"),
        ("wide", "blocks.0.ffn.net.0.proj is 32 × 24 and the file's is 48 × 24"),
        ("deeper", "transformer.blocks.7.attn1.to_q"),
        ("half", "only half of its pair"),
    ],
)
def test_a_lora_that_cannot_be(site: EnginePaths, line: str, named: str) -> None:
    root = site.weights[0]
    put_lora(root, "attention", attention_lora())
    (root / "loras" / "text.safetensors").write_text("This is no LoRA at all, only words.")
    put_lora(root, "cut", attention_lora())
    cut = root / "loras" / "cut.safetensors"
    cut.write_bytes(cut.read_bytes()[:-40])
    put_lora(root, "stranger", pair("unet.down_blocks.0.attn.to_q", 24, 24))
    put_lora(root, "wide", ffn_lora(48))
    put_lora(root, "deeper", {**attention_lora(), **pair("transformer.blocks.7.attn1.to_q", 24, 24)})
    put_lora(root, "half", {"transformer.blocks.0.attn1.to_q.lora_A.weight": np.zeros((2, 24))})
    error = refusal(WanT2V13B, CLIP, site, loras=line)
    assert named in error.reason, error.reason
    assert error.hint


def test_a_lora_for_the_other_expert_is_refused_naming_the_mismatch(site: EnginePaths) -> None:
    root = site.weights[0]
    put_lora(root, "first", ffn_lora(32))
    put_lora(root, "second", ffn_lora(48))
    put_lora(root, "some_high_noise_model", attention_lora())
    put_lora(root, "prefixed", {f"transformer_2.{name.removeprefix('transformer.')}": v for name, v in attention_lora().items()})
    passes = replace(CLIP, path=root / "clip.mp4")
    for line in ("first, 1, high", "second, 0.5, low", "some_high_noise_model, 1, high", "prefixed, 1, low"):
        WanT2VA14B.check(passes, WanT2VA14B.Options(loras=line), site)
    for line, named in (
        ("first, 1, low", "does not fit the low-noise expert: blocks.0.ffn.net.0.proj is 48 × 24"),
        ("second, 1, high", "does not fit the high-noise expert"),
        ("second", "does not fit the high-noise expert"),
        ("some_high_noise_model, 1, low", "made for the high-noise expert"),
        ("prefixed, 1, high", "made for the low-noise expert"),
    ):
        assert named in refusal(WanT2VA14B, CLIP, site, loras=line).reason


def test_kohya_spelling_is_known(site: EnginePaths, tmp_path: Path) -> None:
    spelled: dict[str, Any] = {"down": "lora_down.weight", "up": "lora_up.weight"}
    tensors = {
        **pair("lora_unet_blocks_0_cross_attn_k", 24, 24, **spelled),
        "lora_unet_blocks_0_cross_attn_k.alpha": np.array(1.0),
    }
    write_safetensors(site.weights[0] / "loras" / "kohya.safetensors", tensors)
    WanT2V13B.check(replace(CLIP, path=tmp_path / "clip.mp4"), WanT2V13B.Options(loras="kohya"), site)


def test_presets_settle_what_is_left_open() -> None:
    options = WanT2VA14B.Options
    best = settings_for(models.T2V_A14B, options(preset="best"), 1280, 720)
    assert (best.steps, best.guidance, best.guidance_low, best.shift) == (40, 4.0, 3.0, 12.0)
    draft = settings_for(models.T2V_A14B, options(preset="draft"), 832, 480)
    assert (draft.steps, draft.guidance, draft.guidance_low) == (4, 1.0, 1.0)
    assert draft.sigmas == pytest.approx((1.0, 0.9375, 0.8333, 0.625), abs=1e-4)
    assert sum(level >= models.T2V_A14B.boundary for level in draft.sigmas) == 2, "two steps for each expert"
    assert settings_for(models.T2V_14B, WanT2V13B.Options(), 832, 480).shift == 3.0
    assert settings_for(models.T2V_14B, WanT2V13B.Options(), 1280, 720).shift == 5.0
