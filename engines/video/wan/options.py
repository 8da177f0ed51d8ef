"""Options of Wan, and the settings of one clip that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engines.contract import EngineOptions, option
from engines.video.wan.models import Distilled, WanModel

Preset = Literal["auto", "draft", "balanced", "best"]

CACHE_THRESHOLDS = {"light": 0.05, "strong": 0.12}
SMALL_AREA = 832 * 480
_PRESET = (
    "How much time a clip gets. Draft uses weights distilled to a few steps where the model has them; auto takes it on memory "
    "that CPU and GPU share, where its files are here, and balanced elsewhere."
)


class WanOptions(EngineOptions):
    """Options of all Wan models."""

    preset: Preset = option("auto", "Preset", _PRESET, common=True, reload=True)
    steps: int = option(0, "Steps", "How often the picture is refined; 0 takes the preset's.", common=True, ge=0, le=100)
    guidance: float = option(0.0, "Guidance", "How closely it keeps to the prompt; 0 takes the preset's.", ge=0.0, le=20.0)
    shift: float = option(
        0.0, "Shift", "Higher gives more of the steps to composition and motion, lower to detail; 0 takes the preset's.",
        ge=0.0, le=20.0,
    )  # fmt: skip
    loras: str = option(
        "", "LoRA files",
        "One a line, as: file, weight, target. Files lie in the folder loras of the weights; the target is high, low or both.",
        max_length=2000,
    )  # fmt: skip
    cache: Literal["off", "light", "strong"] = option(
        "off", "First-block cache",
        "Skips the rest of the network in steps where its first block hardly changed. Faster; details and motion change, "
        "with strong visibly.",
    )  # fmt: skip
    attention: Literal["auto", "native", "cudnn", "flash", "sage"] = option(
        "auto", "Attention",
        "Which kernel computes attention. Auto is PyTorch's own choice; flash and sage need their packages. Sage rounds.",
    )  # fmt: skip
    vae_precision: Literal["auto", "float32", "bfloat16"] = option(
        "auto", "Decoder precision", "Auto is float32; bfloat16 is a little faster and hardly to be told from it.", reload=True
    )
    vae_tiling: Literal["auto", "on", "off"] = option(
        "auto", "Decode in tiles", "Takes less memory and more time. Auto does so above 832 × 480 unless memory is free."
    )
    offload: Literal["auto", "none", "text", "all", "blocks"] = option(
        "auto", "Offload",
        "On a plug-in card: text keeps the text encoder on the CPU, all moves each part in only while it works, blocks each "
        "block of the transformer, so that a 14B model fits a 16 GB card. Auto takes text, or blocks where that does not fit. "
        "On memory that CPU and GPU share it frees nothing.",
        reload=True,
    )  # fmt: skip
    storage: Literal["auto", "bfloat16", "float8"] = option(
        "auto", "Weights in memory",
        "Float8 halves what the transformer takes, on shared memory too; computing stays as it is. Fine detail may change. Auto "
        "takes it where nothing else fits.",
        reload=True,
    )  # fmt: skip


class WanExpertOptions(WanOptions):
    """Options of the models with two experts."""

    guidance_low: float = option(
        0.0, "Guidance, low noise", "The same for the second expert, which draws the detail; 0 takes the preset's.",
        ge=0.0, le=20.0,
    )  # fmt: skip


@dataclass(frozen=True)
class WanSettings:
    """The resolved settings of one clip.

    Args:
        sigmas: the noise levels of a distilled draft; () for the default schedule of `steps` with `shift`.
    """

    preset: str
    steps: int
    guidance: float
    guidance_low: float
    shift: float
    sigmas: tuple[float, ...] = ()
    renoise: bool = False


def distilled_for(model: WanModel, options: WanOptions) -> Distilled | None:
    """Return the distilled weights of the chosen preset, if it has any."""
    return model.distilled if options.preset == "draft" else None


def settings_for(model: WanModel, options: WanOptions, width: int, height: int) -> WanSettings:
    """Return the settings; the preset fills in what the options leave open."""
    low = getattr(options, "guidance_low", 0.0)
    distilled = distilled_for(model, options)
    if distilled is not None:
        steps = options.steps or distilled.steps
        shift = options.shift or distilled.shift
        guidance = options.guidance or 1.0
        sigmas = distilled.sigmas or moved_sigmas(steps, shift)
        return WanSettings("draft", len(sigmas), guidance, low or 1.0, shift, sigmas, distilled.renoise)
    preset = "balanced" if options.preset == "auto" else options.preset
    steps = options.steps or dict(zip(("best", "balanced", "draft"), model.steps, strict=True))[preset]
    small = width * height <= SMALL_AREA and model.shift_small
    shift = options.shift or (model.shift_small if small else model.shift)
    return WanSettings(preset, steps, options.guidance or model.guidance, low or model.guidance_low, shift)


def moved_sigmas(steps: int, shift: float) -> tuple[float, ...]:
    """Return evenly spaced noise levels from 1 down, shifted towards 1 by `shift` (time shift of flow matching)."""
    even = [1 - number / steps for number in range(steps)]
    return tuple(shift * level / (1 + (shift - 1) * level) for level in even)


NEGATIVE = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG压缩残留，丑陋的，残缺的，多余的手指，"
    "画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)
"""Upstream's default negative prompt (Wan2.2 wan/configs/shared_config.py, `sample_neg_prompt`): garish,
overexposed, still, blurred, captions, painted, grey, compressed, deformed hands and faces, crowded, walking backwards."""


def negative_of(asked: str, settings: WanSettings) -> str:
    """Return the negative prompt of a clip; if it is empty, upstream's default. A space means none.

    Without guidance it has no effect.
    """
    guided = settings.guidance != 1 or settings.guidance_low not in (0, 1)
    return asked if asked or not guided else NEGATIVE


def noted(settings: WanSettings, model: WanModel) -> dict[str, object]:
    """Return the settings in the form of a recipe."""
    facts: dict[str, object] = {
        "preset": settings.preset, "steps": settings.steps, "guidance": settings.guidance, "shift": round(settings.shift, 3),
    }  # fmt: skip
    if model.two_experts:
        facts["guidance_low"] = settings.guidance_low
    if settings.sigmas:
        facts["noise_levels"] = _rounded(settings.sigmas)
    return facts


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
