"""What a Wan clip may be, asked before anything is loaded: words, size, frames, seed, picture, LoRA files, room on the disk."""

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
from engines.video.wan.lora import LoraFile, LoraRequest, Shape, find_lora, inspect_lora, read_wishes, weights_of
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
    """Multiples of 16 (32 where the autoencoder shrinks more), 4n + 1 frames, no larger than what it was trained on."""
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
    """Everything that can be told from the request alone, and from the disk that the clip goes to.

    Raises:
        InvalidInput: naming what is wrong and what would do. MediaError: the start picture cannot be read.
    """
    rules = rules_of(model)
    rules.check(model.title, request.width, request.height, request.frames)
    for what, text in (("prompt", request.prompt), ("negative prompt", request.negative)):
        words = len(text.split())
        if words > rules.longest_prompt:
            raise InvalidInput(
                f"The {what} has {words:,} words; {model.title} reads at most {rules.longest_prompt}.",
                "Shorten it, or make shots.",
            )
    if not request.prompt.strip():
        raise InvalidInput("The prompt is empty.", "Write what is to be seen.")
    if not 0 <= request.seed <= LARGEST_SEED:
        raise InvalidInput(f"The seed {request.seed} is not a number from 0 up.", "Leave it empty for a new one.")
    if request.fps not in rules.fps:
        raise InvalidInput(f"{model.title} makes {model.fps[0]} frames a second.", f"Use {model.fps[0]}.")
    distilled = distilled_for(model, options)
    if distilled and distilled.sigmas and options.steps not in (0, distilled.steps):
        raise InvalidInput(
            f"The draft of {model.title} is made in {distilled.steps} steps.", "Set steps to 0, or choose balanced."
        )
    _check_start_image(model, request)
    _check_disk(request)


def _check_start_image(model: WanModel, request: VideoRequest) -> None:
    if request.start_image is None:
        if model.start_image == "required":
            raise InvalidInput(f"{model.title} needs a start image.", "Add one, or choose a text-to-video model.")
        return
    if model.start_image == "none":
        raise InvalidInput(f"{model.title} takes no start image.", "Remove it, or choose an image-to-video model.")
    from media.video.images import read_image

    read_image(request.start_image)


def _check_disk(request: VideoRequest) -> None:
    needed = int(request.width * request.height * request.frames * BYTES_A_PIXEL) + DISK_RESERVE
    try:
        free = shutil.disk_usage(request.path.parent).free
    except OSError:
        raise InvalidInput("The folder for the clip does not exist.") from None
    if free < needed:
        raise InvalidInput(
            f"The disk is full: {size_text(free)} are free, and this clip needs up to {size_text(needed)}.",
            "Delete outputs you do not need, in the library.",
        )


def folder_of(site: EnginePaths, part: ModelPart) -> Path:
    """Where a part's files lie.

    Raises:
        EngineNotReady: not all of them are here.
    """
    root = find_weights(site, part.repo, part.paths)
    if root is None:
        raise EngineNotReady(f"Weights of {part.repo} are not on this machine.", "Download them in the System tab.")
    return root / part.folder


def transformer_parts(model: WanModel, options: WanOptions) -> tuple[ModelPart, ...]:
    """Those that the chosen preset draws with."""
    distilled = distilled_for(model, options)
    return (distilled.transformer,) if distilled and distilled.transformer else model.transformers


def loras_of(model: WanModel, options: WanOptions, site: EnginePaths) -> tuple[LoraFile, ...]:
    """The LoRA files that options and preset ask for, each looked into against the experts' own configurations.

    Raises:
        InvalidInput: a file is missing, no LoRA, or does not fit. EngineNotReady: weights are not here.
    """
    wishes = [(wish, find_lora(site, wish.name)) for wish in read_wishes(options.loras, two_experts=model.two_experts)]
    distilled = distilled_for(model, options)
    own = distilled.loras if distilled else ()
    if not wishes and not own:
        return ()
    experts = [weights_of(read_config(folder_of(site, part))) for part in transformer_parts(model, options)]
    return (*(_own(lora, site, experts) for lora in own), *(inspect_lora(wish, path, experts) for wish, path in wishes))


def _own(lora: DistilledLora, site: EnginePaths, experts: list[dict[str, Shape]]) -> LoraFile:
    return inspect_lora(LoraRequest(lora.file, 1.0, lora.target), folder_of(site, lora.part) / lora.file, experts)


def read_config(folder: Path) -> Mapping[str, Any]:
    """config.json of a component.

    Raises:
        EngineError: it is damaged.
    """
    try:
        config: Mapping[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError("A configuration among Wan's weights is damaged.", "Download the weights again.") from error
    return config
