"""Output for scripts: data folder, process that uses it, and formats (`python -m studio.backup.show`)."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.backup.contents import schema_of
from studio.data_format.stamp import FIRST, read_formats
from studio.errors import GreenroomError
from studio.paths import DataPaths
from studio.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 with one line on stdout, or 2 with the reason on stderr."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--folder", action="store_true", help="print where the data folder is")
    parser.add_argument("--holder", action="store_true", help="print the process that works on it, nothing when none does")
    parser.add_argument("--formats", action="store_true", help="print the formats that it has, on one line")
    given = parser.parse_args(arguments)
    overrides = {} if given.data is None else {"data": {"folder": given.data.expanduser().absolute()}}
    try:
        paths = DataPaths(load_settings(**overrides).data_folder)
        if given.holder:
            told = holder(paths.lock)
        else:
            told = formats_line(paths) if given.formats else str(paths.root)
    except GreenroomError as error:
        sys.stderr.write(f"Greenroom: {error}\n")
        return 2
    sys.stdout.write(f"{told}\n" if told else "")
    return 0


def holder(lock: Path) -> str:
    """Return the process that holds a data folder's lock; "" if none does."""
    try:
        handle = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
    finally:
        os.close(handle)
    return ""


def formats_line(paths: DataPaths) -> str:
    """Return the formats of a data folder as one line of JSON, without those that are still at their first version."""
    found = read_formats(paths.root).formats
    later = {name: number for name, number in found.items() if number != FIRST}
    return json.dumps({**later, "jobs": schema_of(paths.jobs)}, sort_keys=True)


if __name__ == "__main__":
    sys.exit(main())
