"""Checks of a Wan clip before anything is loaded: prompt, size, frames, seed, picture, LoRA files, disk space."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.common.weights import find_weights, size_text
from engines.contract import EnginePaths
from engines.contract.errors import EngineError, EngineNotReady
from engines.contract.video import ClipRules, VideoRequest
from engines.video.wan.lora import LoraFile, LoraRequest, find_lora, inspect_lora, read_wishes
from engines.video.wan.lora_names import Shape, weights_of
from engines.video.wan.models import DistilledLora, ModelPart, WanModel
from engines.video.wan.options import WanOptions, distilled_for
from media.errors import InvalidInput

LONGEST_PROMPT = 380
"""Words; the text encoder reads 512 tokens."""
LARGEST_SEED = 2**63 - 1
BYTES_A_PIXEL = 0.25
"""Of the finished file, well above what x264 takes."""
DISK_RESERVE = 200_000_000


def rules_of(model: WanModel) -> ClipRules:
    """Return the rules: multiples of 16 (32 with the stronger autoencoder), 4n + 1 frames, at most the sizes of the training."""
    return ClipRules(
        sizes=model.sizes,
        fps=(model.fps,),
        side_multiple=model.side_multiple,
        largest_area=model.largest_area,
        frame_step=4,
        fewest_frames=5,
        most_frames=model.most_frames,
        longest_prompt=LONGEST_PROMPT,
        start_image=model.start_image,
        continues=model.start_image != "none",
    )


def check_clip(model: WanModel, options: WanOptions, request: VideoRequest) -> None:
    """Check what depends on the request alone, and free space for the clip.

    Raises:
        InvalidInput: with the reason and a remedy.
        MediaError: the start image cannot be read.
    """
    rules = rules_of(model)
    rules.check(model.title, request.width, request.height, request.frames)
    for what, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        words = len(text.split())
        if words > rules.longest_prompt:
            raise InvalidInput("clip.prompt-too-long", field=what, words=words, engine=model.title, longest=rules.longest_prompt)
    if not request.prompt.strip():
        raise InvalidInput("clip.prompt-empty")
    if not 0 <= request.seed <= LARGEST_SEED:
        raise InvalidInput("clip.seed-wrong", seed=request.seed)
    if request.fps not in rules.fps:
        raise InvalidInput("clip.fps-fixed", engine=model.title, fps=model.fps[0])
    distilled = distilled_for(model, options)
    if distilled and distilled.sigmas and options.steps not in (0, distilled.steps):
        raise InvalidInput("clip.draft-steps-fixed", engine=model.title, steps=distilled.steps)
    if distilled and options.cache != "off":
        raise InvalidInput("clip.draft-skips-no-step")
    _check_start_image(model, request)
    _check_disk(request)


def _check_start_image(model: WanModel, request: VideoRequest) -> None:
    if request.start_image is None:
        if model.start_image == "required":
            raise InvalidInput("clip.start-image-needed", engine=model.title)
        return
    if model.start_image == "none":
        raise InvalidInput("clip.no-start-image-taken", engine=model.title)
    from media.video.images import read_image

    read_image(request.start_image)


def _check_disk(request: VideoRequest) -> None:
    needed = int(request.width * request.height * request.frames * BYTES_A_PIXEL) + DISK_RESERVE
    try:
        free = shutil.disk_usage(request.path.parent).free
    except OSError:
        raise InvalidInput("clip.folder-missing") from None
    if free < needed:
        raise InvalidInput("clip.disk-too-small", free=size_text(free), needed=size_text(needed))


def folder_of(site: EnginePaths, part: ModelPart) -> Path:
    """Return the folder of a network's files.

    Raises:
        EngineNotReady: files are missing.
    """
    root = find_weights(site, part.repo, part.paths)
    if root is None:
        raise EngineNotReady("engine.weights-missing", weights=part.repo)
    return root / part.folder


def transformer_parts(model: WanModel, options: WanOptions) -> tuple[ModelPart, ...]:
    """Return the transformers that the chosen preset uses."""
    distilled = distilled_for(model, options)
    return (distilled.transformer,) if distilled and distilled.transformer else model.transformers


def loras_of(model: WanModel, options: WanOptions, site: EnginePaths) -> tuple[LoraFile, ...]:
    """Return the user's LoRA files, each checked against the configurations of the experts.

    Raises:
        InvalidInput: a file is missing, no LoRA, or does not fit.
        EngineNotReady: weights are missing.
    """
    wishes = [(wish, find_lora(site, wish.name)) for wish in read_wishes(options.loras, two_experts=model.two_experts)]
    if not wishes:
        return ()
    experts = _shapes_of_experts(model, options, site)
    return tuple(inspect_lora(wish, path, experts) for wish, path in wishes)


def distilled_loras(model: WanModel, options: WanOptions, site: EnginePaths) -> tuple[LoraFile, ...]:
    """Return the low-rank files of the chosen preset, checked likewise; loading merges them into the weights.

    Raises:
        InvalidInput: a file does not fit.
        EngineNotReady: files are missing.
    """
    distilled = distilled_for(model, options)
    if distilled is None or not distilled.loras:
        return ()
    experts = _shapes_of_experts(model, options, site)
    return tuple(_own(lora, site, experts) for lora in distilled.loras)


def _shapes_of_experts(model: WanModel, options: WanOptions, site: EnginePaths) -> list[dict[str, Shape]]:
    return [weights_of(read_config(folder_of(site, part))) for part in transformer_parts(model, options)]


def _own(lora: DistilledLora, site: EnginePaths, experts: list[dict[str, Shape]]) -> LoraFile:
    return inspect_lora(LoraRequest(lora.file, 1.0, lora.target), folder_of(site, lora.part) / lora.file, experts)


def read_config(folder: Path) -> Mapping[str, Any]:
    """Return config.json of a network.

    Raises:
        EngineError: it is damaged.
    """
    try:
        config: Mapping[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError("wan.configuration-damaged") from error
    return config
