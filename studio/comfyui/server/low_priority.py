"""Stands before a program: puts it behind the studio for time and for life, ties its life to the studio's, then becomes it.

Run as a file: `python low_priority.py PARENT NICE OOM_SCORE_ADJ PROGRAM ARGUMENT…`. Only the standard library, since the program
brings a Python of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def main(parent: int, nice: int, oom_score_adj: int, command: list[str]) -> None:
    """Never returns: the process becomes `command`, or ends when the studio is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != parent:
        os._exit(1)
    with contextlib.suppress(OSError):
        os.nice(nice)
    with contextlib.suppress(OSError):
        own = Path("/proc/self/oom_score_adj")
        own.write_text(str(max(int(own.read_text()), oom_score_adj)))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
