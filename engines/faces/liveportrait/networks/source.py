"""The source face and its rendering; the common part of lip-sync and animation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engines.analysis.face_selection import face_of
from engines.analysis.landmarks import LandmarkProvider
from engines.contract.faces import FaceChoice
from engines.faces.liveportrait.crop import HeadCrop, HeadFraming, crop_around, eye_ratios, lip_ratio
from engines.faces.liveportrait.networks.keypoints import Motion
from engines.faces.liveportrait.networks.load import Networks
from engines.faces.liveportrait.options import LivePortraitOptions
from media.video.read import Picture

LIPS_STAND_OPEN = 0.03
"""Lip gap, in mouth widths, from which on a portrait's lips are closed first; upstream's lip_normalize_threshold."""
MOST_OPEN = 0.8
"""The widest lip gap, in mouth widths, that upstream's page offers its lip retargeting."""


@dataclass(frozen=True, eq=False)
class LivePortraitSource:
    """One face with its crop, its features and motion, and the opening of mouth and eyes."""

    picture: Picture
    crop: HeadCrop
    motion: Motion
    features: torch.Tensor
    lips: float
    eyes: tuple[float, float]

    @property
    def key_points(self) -> torch.Tensor:
        return self.motion.key_points()


def framing_of(options: LivePortraitOptions) -> HeadFraming:
    return HeadFraming(options.scale, options.vx_ratio, options.vy_ratio, options.flag_do_rot)


def still_source(
    picture: Picture, provider: LandmarkProvider, choice: FaceChoice, networks: Networks, framing: HeadFraming
) -> LivePortraitSource:
    """Return the chosen face of a picture.

    Raises:
        EngineError: no face, or none that can be animated.
    """
    face = face_of(picture, provider, choice)
    crop = crop_around(face, framing)
    square = crop.cut(picture, networks.sizes.side)[np.newaxis]
    return LivePortraitSource(
        picture, crop, networks.motion(square), networks.features(square), lip_ratio(face), eye_ratios(face)
    )


def render_batch(
    networks: Networks,
    options: LivePortraitOptions,
    features: torch.Tensor,
    driving: torch.Tensor,
    source: torch.Tensor,
    lips: torch.Tensor | None = None,
) -> NDArray[np.uint8]:
    """Return squares of CUT pixels (2 `sides`) with the face at the driving key points.

    Args:
        lips: offset that closes the portrait's lips, added after stitching as in upstream's live_portrait_pipeline.py, because
            stitching would undo a part of it.
    """
    if options.flag_stitching:
        driving = networks.stitched(source, driving)
    if lips is not None:
        driving = driving + lips
    driving = source + (driving - source) * options.driving_multiplier
    return networks.pictures(features, driving, source)
