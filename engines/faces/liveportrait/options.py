"""Options of LivePortrait."""

from __future__ import annotations

from typing import Literal

from engines.contract import EngineOptions, option
from engines.faces.common.short_video import ShortVideo, short_video_option


class LivePortraitOptions(EngineOptions):
    """Options of LivePortrait; shared ones have upstream's names."""

    driving_multiplier: float = option(
        1.0, "Driving strength", "How strongly the portrait moves, in both modes.", common=True, ge=0, le=2, multiple_of=0.05
    )
    animation_region: Literal["all", "exp", "pose", "lip", "eyes"] = option(
        "all",
        "Region",
        "What a driving video moves: all, the expression, the head's pose, the lips or the eyes.",
        common=True,
        only_for="animate",
    )
    flag_relative_motion: bool = option(
        True, "Relative motion", "Carry over changes since the driving video's first picture: the portrait keeps its looks.",
        common=True, only_for="animate"
    )  # fmt: skip
    flag_stitching: bool = option(True, "Stitching", "Keep shoulders and background where they are.", common=True)
    driving_option: Literal["expression-friendly", "pose-friendly"] = option(
        "expression-friendly",
        "Driving option",
        "Whether a driving face of another size is brought to the portrait's.",
        only_for="animate",
    )
    flag_eye_retargeting: bool = option(
        False, "Eye retargeting", "Open and close the eyes exactly as far as the driving face does.", only_for="animate"
    )
    flag_lip_retargeting: bool = option(
        False, "Lip retargeting", "Open and close the lips exactly as far as the driving face does.", only_for="animate"
    )
    flag_normalize_lip: bool = option(
        True, "Close lips first", "Begin from closed lips where the portrait's mouth stands open.", only_for="animate"
    )
    expression: float = option(
        1.0,
        "Expression",
        "How wide the mouth opens for the same sound.",
        common=True,
        ge=0.5,
        le=1.6,
        multiple_of=0.05,
        only_for="lip_sync",
    )
    motion: float = option(
        1.0, "Head motion", "How much the head of a still picture moves while it speaks; 0 keeps it at rest.", ge=0, le=2,
        multiple_of=0.1, only_for="lip_sync"
    )  # fmt: skip
    blinks: bool = option(True, "Blinks", "Whether the eyes of a still picture blink while it speaks.", only_for="lip_sync")
    short_video: ShortVideo = short_video_option()
    scale: float = option(2.3, "Crop scale", "Side of the square around the face, in sizes of the face.", ge=1.8, le=3.2)
    vx_ratio: float = option(0.0, "Crop shift right", "Shift of the square, in its own sides.", ge=-0.5, le=0.5)
    vy_ratio: float = option(-0.125, "Crop shift down", "Shift of the square, in its own sides.", ge=-0.5, le=0.5)
    flag_do_rot: bool = option(True, "Turn the crop", "Turn the square along the line of the face.")
    scale_crop_driving_video: float = option(
        2.2,
        "Driving crop scale",
        "Side of the square around the driving face, in sizes of the face.",
        ge=1.6,
        le=3.2,
        only_for="animate",
    )
    batch_size: int = option(4, "Batch", "Pictures made at once on a GPU.", ge=1, le=32)
    flag_use_half_precision: bool = option(
        True, "Half precision", "Make pictures in float16 on a GPU; twice as fast, hardly a difference.", reload=True
    )
    flag_do_torch_compile: bool = option(
        False, "Compile", "Compile the networks on a GPU: the first pictures take minutes, the others are quicker.", reload=True
    )
