"""Fixtures of the ComfyUI server that stands in for a real one."""

from tests.studio.comfyui.conftest import (
    at_stand_in,
    client,
    clip_file,
    either,
    listening,
    own_gpu_lane,
    picture_file,
    quick_polls,
    run,
    shared_stand_in,
    stand_in,
    uploaded,
)

__all__ = [
    "at_stand_in",
    "client",
    "clip_file",
    "either",
    "listening",
    "own_gpu_lane",
    "picture_file",
    "quick_polls",
    "run",
    "shared_stand_in",
    "stand_in",
    "uploaded",
]
