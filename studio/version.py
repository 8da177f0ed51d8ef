"""The version of this Greenroom, read from the file VERSION beside app.py: the one place that holds it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from media.errors import GreenroomError

VERSION_FILE = Path(__file__).resolve().parent.parent / "VERSION"


@cache
def studio_version() -> str:
    """Return the version, for example "0.10.0"; the file is read once per process.

    Raises:
        GreenroomError: the file is missing or has no version, so that Greenroom's folder is incomplete.
    """
    try:
        text = VERSION_FILE.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not re.fullmatch(r"\d+\.\d+\.\d+(?:[-.+][0-9A-Za-z.+-]+)?", text):
        raise GreenroomError("studio.version-missing")
    return text
