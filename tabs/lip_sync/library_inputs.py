"""Inputs of a job that may be an output of an earlier job: the choices, and the inputs of an earlier job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.formats import about


@dataclass(frozen=True)
class JobSource:
    """The present state of an earlier job's input: an existing output, an existing file, or neither."""

    output: str = ""
    file: str = ""


def source_of(studio: Services, value: str) -> JobSource:
    """Return the present state of an earlier job's input."""
    try:
        return JobSource(output=studio.library.get(value).id)
    except GreenroomError:
        return JobSource(file=value if value and Path(value).is_file() else "")


def output_choices(studio: Services, *kinds: str) -> list[tuple[str, str]]:
    """Return the newest outputs of these kinds, with their lengths."""
    found = studio.library.list(limit=60, kinds=kinds)
    return [(f"{one.title or one.id}" + (f" · {about(one.duration)}" if one.duration else ""), one.id) for one in found]
