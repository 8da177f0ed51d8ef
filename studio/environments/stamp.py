"""The stamp in an environment's folder; "ready" is written last."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from studio.files import write_json

STAMP_NAME = "greenroom.json"


@dataclass(frozen=True)
class Stamp:
    """The result of the last installation.

    Args:
        lock: hash of its lock.
        python: "3.12.4".
        size_bytes: of its files.
        at: seconds since the epoch.
        reason, hint: of a failure.
    """

    state: Literal["unfinished", "failed", "ready"]
    lock: str = ""
    python: str = ""
    size_bytes: int = 0
    at: float = 0.0
    reason: str = ""
    hint: str = ""


def write_stamp(folder: Path, stamp: Stamp) -> None:
    write_json(folder / STAMP_NAME, asdict(stamp))


def read_stamp(folder: Path) -> Stamp | None:
    """None when there is none, or one that the studio did not write."""
    try:
        written = json.loads((folder / STAMP_NAME).read_text("utf-8"))
        known = {field.name for field in fields(Stamp)}
        return Stamp(**{key: value for key, value in written.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
