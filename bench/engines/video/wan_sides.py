"""The two sides of bench.engines.video.wan.

Run by it in the model environment as "write", "plain" or "studio" with FOLDER SMALL STEPS.

`write` makes the random weights; the other two make one clip each and print their figures as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from engines.common.peak_memory import begin_peak, peak_bytes
from engines.common.weights import repo_folder_name
from engines.contract import EnginePaths
from engines.contract.video import VideoRequest, VideoResult
from engines.video.wan import models
from engines.video.wan.engine import WanT2V13B
from engines.video.wan.options import settings_for
from media.video.write import VideoWriter
from tests.engines.video.wan import build

FULL = {
    "patch_size": (1, 2, 2), "num_attention_heads": 12, "attention_head_dim": 128, "text_dim": 4096, "freq_dim": 256,
    "ffn_dim": 8960, "num_layers": 30, "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 1024,
}  # fmt: skip
"""Wan 2.1 1.3B, from its published configuration."""
PROMPT = "A lighthouse above a stormy sea, seen from a boat."


@dataclass(frozen=True)
class Wish:
    """What both sides make."""

    folder: Path
    small: bool
    steps: int

    @property
    def size(self) -> tuple[int, int]:
        return (128, 128) if self.small else (832, 480)

    @property
    def frames(self) -> int:
        return 9 if self.small else 81

    def place(self, part: models.ModelPart) -> Path:
        return self.folder / repo_folder_name(part.repo) / part.folder


def write(wish: Wish) -> None:
    """Weights under the names that the studio looks for."""
    import torch
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

    torch.manual_seed(0)
    (part,) = models.T2V_13B.transformers
    build.write_text(wish.place(models.TOKENIZER), wish.place(models.TEXT_ENCODER), 32 if wish.small else 4096)
    (build.vae(z_dim=16) if wish.small else AutoencoderKLWan()).save_pretrained(wish.place(models.VAE_21))
    transformer = WanTransformer3DModel(in_channels=16, out_channels=16, **(build.DIT if wish.small else FULL))
    build.save(transformer, wish.place(part), part)


class Unattended:
    """A RunContext that ignores progress and never cancels."""

    def progress(self, fraction: float, note: str = "") -> None: ...

    def check(self) -> None: ...


def studio(wish: Wish) -> dict[str, Any]:
    """The engine, as a worker runs it; libraries are imported before the clock runs, as on the other side."""
    from diffusers import WanPipeline  # noqa: F401
    from transformers import CLIPVisionModel, UMT5EncoderModel  # noqa: F401

    device = _device()
    begin_peak(device)
    started = time.monotonic()
    options = WanT2V13B.Options(preset="best", steps=wish.steps)
    engine = WanT2V13B(EnginePaths(Path("assets"), wish.folder, (wish.folder,)), options, Unattended())
    engine.load()
    loaded = time.monotonic()
    request = VideoRequest(PROMPT, wish.folder / "studio.mp4", *wish.size, wish.frames, (16, 1), seed=1)
    *_, result = engine.generate(request)
    assert isinstance(result, VideoResult)
    facts = result.facts
    return {
        "load": loaded - started, "step": facts["seconds_a_step"], "decode": facts["decode_seconds"],
        "total": time.monotonic() - loaded, "peak": peak_bytes(device) / 2**30, "attention": facts["attention"],
    }  # fmt: skip


def plain(wish: Wish) -> dict[str, Any]:
    """The same by diffusers' own loading, pipeline and decoding."""
    import torch
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
    from transformers import AutoTokenizer, UMT5EncoderModel

    device = _device()
    begin_peak(device)
    started = time.monotonic()
    (part,) = models.T2V_13B.transformers
    settings = settings_for(models.T2V_13B, WanT2V13B.Options(preset="best", steps=wish.steps), *wish.size)
    half = torch.bfloat16
    local: dict[str, Any] = {"local_files_only": True}
    pipeline = WanPipeline(
        tokenizer=AutoTokenizer.from_pretrained(str(wish.place(models.TOKENIZER)), **local),
        text_encoder=UMT5EncoderModel.from_pretrained(str(wish.place(models.TEXT_ENCODER)), dtype=half, **local),
        vae=AutoencoderKLWan.from_pretrained(str(wish.place(models.VAE_21)), torch_dtype=torch.float32, **local),
        transformer=WanTransformer3DModel.from_pretrained(str(wish.place(part)), torch_dtype=half, **local),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=settings.shift
        ),
    ).to(device)  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    loaded = time.monotonic()
    ends: list[float] = []

    def after_step(_: Any, number: int, __: Any, values: dict[str, Any]) -> dict[str, Any]:
        if device == "cuda":
            torch.cuda.synchronize()
        ends.append(time.monotonic())
        return values

    width, height = wish.size
    pictures = pipeline(
        prompt=PROMPT, negative_prompt="", width=width, height=height, num_frames=wish.frames, num_inference_steps=wish.steps,
        guidance_scale=settings.guidance, generator=torch.Generator(device).manual_seed(1), callback_on_step_end=after_step,
        output_type="np",
    ).frames[0]  # fmt: skip
    with VideoWriter(wish.folder / "plain.mp4", wish.size, Fraction(16)) as writer:
        for picture in pictures:
            writer.write((picture * 255).round().astype("uint8"))
    ended = time.monotonic()
    return {
        "load": loaded - started, "step": (ends[-1] - ends[0]) / max(1, len(ends) - 1), "decode": ended - ends[-1],
        "total": ended - loaded, "peak": peak_bytes(device) / 2**30, "attention": "native",
    }  # fmt: skip


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def main(what: str, folder: str, small: str, steps: str) -> None:
    wish = Wish(Path(folder), bool(int(small)), int(steps))
    if what == "write":
        write(wish)
        return
    told = {"plain": plain, "studio": studio}[what](wish)
    sys.stdout.write(f"\n{json.dumps({**told, 'done': time.time()})}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
