"""The key under which runs of equal cost are compared: in measured memory sizes, and when a worker is reused."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engines.contract import Card, Engine, EngineOptions
from engines.contract.card import ProblemSize


def profile_key(options: EngineOptions | None = None, size_class: str = "") -> str:
    """The key under which runs of equal cost are compared: options marked `reload`, and a size class such as
    "832x480x121" where the size of the problem decides. "" when neither matters."""
    parts = []
    for name, field in type(options).model_fields.items() if options is not None else ():
        extra = field.json_schema_extra
        if isinstance(extra, Mapping) and extra.get("reload"):
            parts.append(f"{name}={getattr(options, name)}")
    return ",".join([*parts, *([size_class] if size_class else [])])


def memory_profile_of(engine: type[Engine], options: EngineOptions, extent: ProblemSize | None = None) -> tuple[Card, str]:
    """The engine's card for these options and this size, and the key under which runs like it are measured."""
    card = engine.card_for(options, extent)
    return card, profile_key(options, str(extent) if extent is not None and card.work_gib else "")


def without_size(variant: str) -> str:
    """The key without its size class: the one that all sizes of a variant share."""
    return variant if problem_size_of(variant) is None else variant.rpartition(",")[0]


def problem_size_of(variant: str) -> ProblemSize | None:
    """The size class that a key ends with, None where it has none."""
    found = re.fullmatch(r"(\d+)x(\d+)x(\d+)", variant.rpartition(",")[2])
    return None if found is None else ProblemSize(*(int(side) for side in found.groups()))
