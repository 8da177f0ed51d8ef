"""Preparation of a workflow's inputs before the upload: orientation, transparency, size, frame rate and cost."""

from studio.preprocessing.assets import Asset, Assets, assets_of
from studio.preprocessing.constraints import Constraints, constraints_of
from studio.preprocessing.framing import Framing, compare_framing, reframed_picture
from studio.preprocessing.images import prepare_image
from studio.preprocessing.videos import BYTES_PER_PIXEL, PreparationCost, estimate_cost, prepare_video

__all__ = [
    "BYTES_PER_PIXEL",
    "Asset",
    "Assets",
    "Constraints",
    "PreparationCost",
    "Framing",
    "assets_of",
    "compare_framing",
    "constraints_of",
    "estimate_cost",
    "prepare_image",
    "prepare_video",
    "reframed_picture",
]
