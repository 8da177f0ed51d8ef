"""The processor time of the idle studio, compared with that of a bare Gradio page."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.figures import Figure, tell
from bench.start.start_time import HOME, free_port, quiet, wait_for_page

SETTLING, SECONDS = 15, 30
KINDS = ("textbox", "button", "html")
"""Of the bare page: how many components there are makes no difference to a page at rest."""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        port = free_port()
        ours = start([str(HOME / "app.py"), "--port", str(port), "--data", str(Path(folder) / "data")], port)
        port = free_port()
        bare = start(["-m", "bench.page.bare_page", str(port)], port, json.dumps(KINDS))
        try:
            time.sleep(SETTLING)
            shares = measured([ours, bare])
        finally:
            for process in (ours, bare):
                process.terminate()
                process.wait(30)
    tell(Figure("Processor of a studio at rest", "% of a core", [shares[0]], shares[1], "a bare Gradio page", "less than it"))
    return 0 if shares[0] < shares[1] else 1


def start(arguments: list[str], port: int, text: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=quiet()
    )
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.close()
    wait_for_page(f"http://127.0.0.1:{port}", process)
    return process


def measured(processes: Sequence[subprocess.Popen[str]]) -> list[float]:
    """Percent of a core that each took over the same seconds, with its children."""
    before = [spent(process.pid) for process in processes]
    time.sleep(SECONDS)
    return [100 * (spent(process.pid) - then) / SECONDS for process, then in zip(processes, before, strict=True)]


def spent(pid: int) -> float:
    """Seconds of processor so far."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in family)


if __name__ == "__main__":
    sys.exit(main())
