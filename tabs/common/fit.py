"""Sentences about a job before it is submitted: the time that it should take on this machine, and whether it fits into
memory."""

from __future__ import annotations

from capabilities.common.memory_fit import memory_fit as fit_of
from engines.contract import Engine, EngineOptions
from engines.contract.card import ProblemSize
from studio.errors import GreenroomError
from studio.jobs.runtime_stats import RuntimeEstimate
from studio.services import Services
from tabs.common.formats import about

SAME_WITHIN = 1.15
"""A range is shown as one number if the ratio of its ends is smaller."""


def time_in_words(estimate: RuntimeEstimate | None) -> str:
    """Return an estimate such as "about 40 s", "30 to 55 s (6 runs)", or "not measured yet"."""
    if estimate is None:
        return "not measured yet"
    if estimate.reckoned:
        return f"about {about(estimate.seconds)}, reckoned for this graphics card; not measured yet"
    if not estimate.exact:
        return f"about {about(estimate.seconds)}, going by another size; this one is not measured yet"
    return spread_in_words(estimate.seconds, estimate.low, estimate.high, estimate.runs)


def spread_in_words(seconds: float, low: float, high: float, runs: int) -> str:
    """Return a duration in words, as a range if its spread is known.

    Args:
        low, high: the range of earlier runs in seconds; 0 if unknown.
    """
    if runs == 1:
        return f"about {about(seconds)}, going by one run"
    if not low or high / low < SAME_WITHIN:
        return f"about {about(seconds)}"
    first, last = about(low), about(high)
    shown = last if first == last else f"{first} to {last}"
    return f"about {shown}, going by {runs} runs"


def memory_fit(
    studio: Services, engine: type[Engine], options: EngineOptions | None = None, extent: ProblemSize | None = None
) -> str:
    """Return a sentence on whether the engine can be loaded now."""
    try:
        return fit_of(studio, engine, options, extent)[1]
    except GreenroomError as error:
        return str(error)
