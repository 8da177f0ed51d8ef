"""From the start of the process to the first whole page, the studio and a bare Gradio page by turns, and their ratio."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure, tell

HOME = Path(__file__).resolve().parents[2]
ROUNDS = 5
PROMISE = 1.15
NOT_DRAWN = frozenset({"api", "state", "browserstate", "timer"})


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        kinds = drawn_kinds(Path(folder))
        pairs = [(start_studio(Path(folder)), start_bare(kinds)) for _ in range(ROUNDS)]
    studio, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    note = f"{len(kinds)} components; the ratio is the median of the pairs'"
    tell(
        Figure(
            "First page from a cold process",
            "s",
            [ours for ours, _ in pairs],
            bare,
            "bare Gradio",
            f"at most {PROMISE} of it",
            note,
        )
    )
    print(f"studio {studio:.2f} s; ratio of the pairs {ratio:.3f}")
    return 0 if ratio <= PROMISE else 1


def drawn_kinds(folder: Path) -> list[str]:
    """Kinds of all components on the studio's page; this first start also warms the disk cache for both."""
    found: list[str] = []

    def read(address: str) -> None:
        with urllib.request.urlopen(f"{address}/config", timeout=30) as answer:
            found.extend(part["type"] for part in json.load(answer)["components"])

    start_studio(folder, read)
    return [kind for kind in found if kind not in NOT_DRAWN]


def start_studio(folder: Path, look: Callable[[str], None] | None = None) -> float:
    port = free_port()
    command = [sys.executable, str(HOME / "app.py"), "--port", str(port), "--data", str(folder / "data")]
    return time_to_page(command, port, "", look)


def start_bare(kinds: list[str]) -> float:
    port = free_port()
    return time_to_page([sys.executable, "-m", "bench.page.bare_page", str(port)], port, json.dumps(kinds), None)


def time_to_page(command: list[str], port: int, text: str, look: Callable[[str], None] | None) -> float:
    address = f"http://127.0.0.1:{port}"
    begin = time.monotonic()
    process = subprocess.Popen(command, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=quiet())
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.close()
    try:
        wait_for_page(address, process)
        taken = time.monotonic() - begin
        if look is not None:
            look(address)
    finally:
        process.terminate()
        process.wait(30)
    return taken


def wait_for_page(address: str, process: subprocess.Popen[str]) -> None:
    """Until "/" has been read whole. Asking begins when the port takes connections, so that neither side is disturbed."""
    while True:
        if process.poll() is not None:
            raise RuntimeError(f"The process ended with {process.returncode} before its page was there.")
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                answer.read()
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.01)


def quiet() -> dict[str, str]:
    """The variables of an ordinary start: compiled modules are kept, as they are for the packages of both sides."""
    left_out = ("GREENROOM_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
