"""What was checked when it was downloaded, kept beside the files of a repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studio.files import write_json

RECORD_NAME = ".greenroom.json"


def read_record(folder: Path) -> dict[str, dict[str, Any]]:
    """Path in the repository to {size, etag, commit}; {} when nothing was downloaded by the studio."""
    try:
        told = json.loads((folder / RECORD_NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def note_file(folder: Path, path: str, size: int, etag: str, commit: str) -> None:
    write_json(folder / RECORD_NAME, read_record(folder) | {path: {"size": size, "etag": etag, "commit": commit}})
