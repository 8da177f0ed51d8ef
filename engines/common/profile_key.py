"""Keys for runs of equal cost, in measured memory sizes and for the reuse of workers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engines.contract import Card, Engine, EngineOptions
from engines.contract.card import ProblemSize


def profile_key(options: EngineOptions | None = None, size_class: str = "") -> str:
    """Return the key of runs of equal cost: options marked `reload`, and a size class such as "832x480x121" if the size matters;
    "" if neither does.
    """
    parts = []
    for name, field in type(options).model_fields.items() if options is not None else ():
        extra = field.json_schema_extra
        if isinstance(extra, Mapping) and extra.get("reload"):
            parts.append(f"{name}={getattr(options, name)}")
    return ",".join([*parts, *([size_class] if size_class else [])])


def memory_profile_of(engine: type[Engine], options: EngineOptions, extent: ProblemSize | None = None) -> tuple[Card, str]:
    """Return the engine's card for these options and this size, and the key of its measurements."""
    card = engine.card_for(options, extent)
    return card, profile_key(options, str(extent) if extent is not None and card.work_gib else "")


def without_size(variant: str) -> str:
    """Return the key without its size class."""
    return variant if problem_size_of(variant) is None else variant.rpartition(",")[0]


def problem_size_of(variant: str) -> ProblemSize | None:
    """Return the size class at the end of a key, None without one."""
    found = re.fullmatch(r"(\d+)x(\d+)x(\d+)", variant.rpartition(",")[2])
    return None if found is None else ProblemSize(*(int(side) for side in found.groups()))
