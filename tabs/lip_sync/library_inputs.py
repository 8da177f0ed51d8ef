"""Inputs of a job that may be an output of an earlier one: what can be chosen, and what an earlier job took."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.formats import about


@dataclass(frozen=True)
class JobSource:
    """What a field of an earlier job named: an output that is kept, a file that is there, or neither."""

    output: str = ""
    file: str = ""


def source_of(studio: Services, value: str) -> JobSource:
    """What the field of an earlier job names now."""
    try:
        return JobSource(output=studio.library.get(value).id)
    except GreenroomError:
        return JobSource(file=value if value and Path(value).is_file() else "")


def output_choices(studio: Services, *kinds: str) -> list[tuple[str, str]]:
    """The newest outputs of these kinds, with their lengths."""
    found = studio.library.list(limit=60, kinds=kinds)
    return [(f"{one.title or one.id}" + (f" · {about(one.duration)}" if one.duration else ""), one.id) for one in found]
