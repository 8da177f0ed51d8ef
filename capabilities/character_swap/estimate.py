"""What a character swap amounts to before it is handed in: the pictures it is made of, and how long those take here."""

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
    """
    Args:
        cost: of the clip, as much of it as is used.
        time: None while nothing like it was measured here.
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
    """
    Args:
        template: None for the built-in. key: of the input that `clip` is for. trim: seconds of the clip; an end of 0 is its own.

    Raises:
        MediaError: the clip cannot be read. InvalidInput: an option that is not of the template.
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
    """What the time of a swap hangs on: the clip as it is used, and the sampler's steps."""
    steps = values.get("steps")
    return Workload(template, "", width, height, frames, steps if isinstance(steps, int) else 1)
