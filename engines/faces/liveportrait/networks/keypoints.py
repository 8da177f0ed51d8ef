"""Conversion of raw motion to key points: pose, expression, and transfer of one face's motion to another.

Upstream: live_portrait_wrapper.py, live_portrait_pipeline.py, utils/camera.py. Equation numbers are those of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from engines.faces.liveportrait.networks.motion import KEY_POINTS, POSE_BINS

Region = Literal["exp", "pose", "lip", "eyes", "all"]

LIP_POINTS = (6, 12, 14, 17, 19, 20)
EYE_POINTS = (11, 13, 15, 16, 18)
_DEGREES_A_BIN, _FIRST_BIN = 3.0, -97.5


@dataclass(frozen=True, eq=False)
class Motion:
    """Decomposed key points of n faces, float32.

    Args:
        canonical: [n, 21, 3], the neutral face.
        expression: [n, 21, 3], its deformation.
        rotation: [n, 3, 3], applied from the right.
        scale: [n, 1].
        shift: [n, 3]; z is not used.
    """

    canonical: Tensor
    expression: Tensor
    rotation: Tensor
    scale: Tensor
    shift: Tensor

    def key_points(self) -> Tensor:
        """Return the key points [n, 21, 3] by equation 2."""
        flat = torch.cat((self.shift[:, :2], torch.zeros_like(self.shift[:, 2:])), dim=1)
        return self.scale[..., None] * (self.canonical @ self.rotation + self.expression) + flat[:, None]

    def taken(self, other: Motion, region: Region) -> Motion:
        """Return this motion with what belongs to the region from another one; of expressions, never what also identifies the
        person."""
        result = self
        if region in ("all", "pose"):
            result = replace(result, rotation=other.rotation, shift=other.shift)
        if region == "pose":
            return result
        chosen = _chosen(region, False, other.expression)
        return replace(result, expression=torch.where(chosen, other.expression, self.expression))

    def __len__(self) -> int:
        return len(self.scale)

    def __getitem__(self, rows: slice) -> Motion:
        return Motion(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def expanded(self, count: int) -> Motion:
        """Return one face repeated `count` times."""
        return Motion(
            *(getattr(self, name).expand(count, *[-1] * (getattr(self, name).ndim - 1)) for name in self.__dataclass_fields__)
        )


def motion_of(raw: dict[str, Tensor]) -> Motion:
    """Return the motion of the motion extractor's raw values."""
    raw = {name: value.float() for name, value in raw.items()}
    pitch, yaw, roll = (degrees_of(raw[name]) for name in ("pitch", "yaw", "roll"))
    points = (len(raw["kp"]), KEY_POINTS, 3)
    return Motion(raw["kp"].view(points), raw["exp"].view(points), rotation_of(pitch, yaw, roll), raw["scale"], raw["t"])


def degrees_of(bins: Tensor) -> Tensor:
    """Return the expected angle [n] of scores [n, 66] of bins three degrees wide."""
    numbers = torch.arange(POSE_BINS, dtype=bins.dtype, device=bins.device)
    return (bins.softmax(dim=1) * numbers).sum(dim=1) * _DEGREES_A_BIN + _FIRST_BIN


def rotation_of(pitch: Tensor, yaw: Tensor, roll: Tensor) -> Tensor:
    """Return rotations [n, 3, 3] for row vectors from degrees [n]: about x, then y, then z."""
    x, y, z = (torch.deg2rad(angle) for angle in (pitch, yaw, roll))
    one, none = torch.ones_like(x), torch.zeros_like(x)

    def matrix(*values: Tensor) -> Tensor:
        return torch.stack(values, dim=1).view(-1, 3, 3)

    about_x = matrix(one, none, none, none, x.cos(), -x.sin(), none, x.sin(), x.cos())
    about_y = matrix(y.cos(), none, y.sin(), none, one, none, -y.sin(), none, y.cos())
    about_z = matrix(z.cos(), -z.sin(), none, z.sin(), z.cos(), none, none, none, one)
    return (about_z @ about_y @ about_x).mT


def carried(source: Motion, driving: Motion, first: Motion, region: Region, relative: bool) -> Motion:
    """Return the source face with the driving motion; `source` and `first` are one face each, `driving` is n.

    Args:
        first: the driving face in its first frame; relative motion refers to it.
        region: the transferred features; the others remain those of the source.
        relative: add the change since `first`; otherwise copy the driving face's values.
    """
    source, first = source.expanded(len(driving)), first.expanded(len(driving))
    result = source
    if region in ("all", "pose"):
        turned = (driving.rotation @ first.rotation.mT) @ source.rotation if relative else driving.rotation
        shift = source.shift + (driving.shift - first.shift) if relative else driving.shift
        result = replace(result, rotation=turned, shift=shift)
    if region == "all" and relative:
        result = replace(result, scale=source.scale * (driving.scale / first.scale))
    if region == "pose":
        return result
    wanted = source.expression + (driving.expression - first.expression) if relative else driving.expression
    chosen = _chosen(region, relative, wanted)
    return replace(result, expression=torch.where(chosen, wanted, source.expression))


def carried_by_video(source: Motion, driving: Motion, first: Motion, relative: bool) -> Motion:
    """Return the motion of a portrait video under a driving one, frame by frame, for all regions.

    The scale stays the portrait's, and so does its shift where motion is relative: a video moves by itself.
    """
    if not relative:
        return replace(source, rotation=driving.rotation, expression=driving.expression, shift=driving.shift)
    turned = (driving.rotation @ first.rotation.mT) @ source.rotation
    return replace(source, rotation=turned, expression=source.expression + (driving.expression - first.expression))


def _chosen(region: Region, relative: bool, like: Tensor) -> Tensor:
    """Return which coordinates of which points are transferred, [21, 3]."""
    chosen = torch.zeros(KEY_POINTS, 3, dtype=torch.bool, device=like.device)
    if region in ("lip", "eyes"):
        chosen[list(LIP_POINTS if region == "lip" else EYE_POINTS)] = True
    elif relative:
        chosen[:] = True
    else:  # coordinates that also hold who the driving person is are left out
        chosen[[1, 2, 6, *range(11, 21)]] = True
        chosen[3:5, 1] = chosen[5, 2] = chosen[8, 2] = True
        chosen[9, 1:] = True
    return chosen


def size_ratio(source: Tensor, driving: Tensor) -> float:
    """Return the size of the source's face relative to the driving one, by the volume of the convex hulls of key points [21, 3].

    1.0 if the points lie in a plane.
    """
    from scipy.spatial import ConvexHull, QhullError

    try:
        volumes = [float(ConvexHull(points.double().cpu().numpy()).volume) for points in (source, driving)]
    except QhullError:
        return 1.0
    return float(np.sqrt(volumes[0] / max(volumes[1], 1e-12)))
