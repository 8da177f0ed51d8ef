"""The worker process: `python -m engines.worker --fd N …`, started by the studio for one engine.

It runs with the Python of the engine's own environment, so it imports only `engines`, `media` and the engine's own libraries. The
main thread loads the engine and runs its calls, one at a time; a second thread reads from the studio, sends the heartbeat during
work and ends the whole process group when the studio is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import os
import platform
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.worker.loop import ServerConnection, serve
from engines.worker.wire import PROTOCOL

PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> None:
    """Run a worker; never returns."""
    parser = argparse.ArgumentParser(prog="python -m engines.worker", description="Started by the studio; not for people.")
    parser.add_argument("--fd", type=int, required=True, help="the inherited end of the socket pair")
    parser.add_argument("--parent", type=int, required=True, help="process id of the studio")
    parser.add_argument("--pulse", type=float, required=True, help="seconds between heartbeats while there is work")
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--oom-score-adj", type=int, default=0)
    options = parser.parse_args(arguments)
    faulthandler.enable(all_threads=True)
    _die_with(options.parent)
    _stand_back(options.nice, options.oom_score_adj)
    os.set_inheritable(options.fd, False)
    link = ServerConnection(socket.socket(fileno=options.fd), options.pulse)
    link.send("hello", 0, {"protocol": PROTOCOL, "python": platform.python_version(), "pid": os.getpid()})
    code = 0
    try:
        serve(link)
    except SystemExit as wish:
        code = wish.code if isinstance(wish.code, int) else int(wish.code is not None)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        # Exit handlers of libraries may hang or crash, and there is nothing left to save.
        os._exit(code)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when the studio's thread that started it ends, for whatever reason."""
    with contextlib.suppress(OSError):
        os.setsid()  # done already by the studio; after a start by hand, ending the group must not end the shell
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal goes to the studio, which then ends its workers
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != parent:
        os._exit(1)


def _stand_back(nice: int, oom_score_adj: int) -> None:
    """Lower this process's priority below the studio and the desktop, for processor time and for the OOM killer."""
    with contextlib.suppress(OSError):
        os.nice(nice)
    with contextlib.suppress(OSError):
        own = Path("/proc/self/oom_score_adj")
        own.write_text(str(max(int(own.read_text()), oom_score_adj)))


if __name__ == "__main__":
    main(sys.argv[1:])
