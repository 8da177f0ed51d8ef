"""The address of the studio that uses a data folder, for programs of the same machine that can read the folder."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from studio.access.keys import write_private

FILE_NAME = "running.json"


@dataclass(frozen=True)
class RunningAt:
    """Address of a running studio.

    Args:
        url: an address of this machine, without the path prefix of a proxy.
        certificate: the studio's own one, to trust; "" without HTTPS.
    """

    url: str
    certificate: str = ""


def note_running(data_folder: Path, at: RunningAt) -> None:
    """Write it down for this user alone. That it cannot be kept hinders nobody from working in the page."""
    with contextlib.suppress(OSError):
        write_private(data_folder / FILE_NAME, json.dumps({"url": at.url, "certificate": at.certificate}).encode())


def forget_running(data_folder: Path) -> None:
    with contextlib.suppress(OSError):
        (data_folder / FILE_NAME).unlink(missing_ok=True)


def running_at(data_folder: Path) -> RunningAt | None:
    """Return what the last start recorded; None if there is nothing usable. The studio may no longer be running."""
    try:
        told = json.loads((data_folder / FILE_NAME).read_text("utf-8"))
        return RunningAt(str(told["url"]), str(told["certificate"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
