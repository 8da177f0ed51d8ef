"""Estimate of a character swap: its frames, and their time on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from capabilities.character_swap.builtin import BUILTIN
from studio.jobs.runtime_stats import RuntimeEstimate, RuntimeStats, Workload
from studio.preprocessing import PreparationCost, estimate_cost
from studio.workflows import WorkflowTemplate


@dataclass(frozen=True)
class SwapEstimate:
    """An estimate.

    Args:
        cost: of the used part of the clip.
        time: None without measurements.
    """

    cost: PreparationCost
    time: RuntimeEstimate | None


def estimate_swap(
    stats: RuntimeStats,
    template: WorkflowTemplate | None,
    key: str,
    clip: Path,
    options: Mapping[str, Any],
    trim: tuple[float, float],
) -> SwapEstimate:
    """Return the estimate of a swap.

    Args:
        template: None for the built-in one.
        key: the input of `clip`.
        trim: start and end of the clip in seconds; an end of 0 is the clip's.

    Raises:
        MediaError: the clip cannot be read.
        InvalidInput: the template has no such option.
    """
    if template is None:
        cost = estimate_cost(clip, None, trim)
        first = float(options.get("seconds") or 0)
        cost = replace(cost, frames=min(cost.frames, round(first * cost.fps))) if first else cost
        work = work_of(BUILTIN, {}, cost.width, cost.height, cost.frames)
    else:
        values = template.complete(options)
        cost = estimate_cost(clip, template.constraints(key, values), trim)
        work = work_of(template.id, values, cost.width, cost.height, cost.frames)
    return SwapEstimate(cost, stats.seconds(work))


def work_of(template: str, values: Mapping[str, Any], width: int, height: int, frames: int) -> Workload:
    """Return the workload that determines the time of a swap: the used part of the clip, and the sampler's steps."""
    steps = values.get("steps")
    return Workload(template, "", width, height, frames, steps if isinstance(steps, int) else 1)
