"""A program run for one task: its output is read line by line, and its whole process group is ended on cancellation."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from studio.errors import Cancelled

LISTEN_SECONDS = 0.2
CHUNK = 1 << 16


def run_streaming(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
    cancelled: Callable[[], bool],
    on_pause: Callable[[], None] = lambda: None,
    cwd: Path | None = None,
    given: bytes = b"",
    pass_fds: Sequence[int] = (),
) -> int:
    """Run a program to its end and return its exit status (negative: the signal that ended it).

    Args:
        on_line: called with every line of its output and errors; an exception that it raises ends the program.
        on_pause: called several times a second.
        given: what it reads, at most what a pipe holds (64 KiB).

    Raises:
        Cancelled: `cancelled` returned true; the program and its children have ended.
    """
    with subprocess.Popen(
        list(command), env=dict(environment), cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True, pass_fds=tuple(pass_fds),
    ) as program:  # fmt: skip
        try:
            assert program.stdin is not None and program.stdout is not None
            with contextlib.suppress(BrokenPipeError):
                program.stdin.write(given)
                program.stdin.close()
            _listen(program.stdout.fileno(), on_line, cancelled, on_pause)
            return program.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()
            raise


def _listen(source: int, on_line: Callable[[str], None], cancelled: Callable[[], bool], on_pause: Callable[[], None]) -> None:
    heard = b""
    waiting = select.poll()
    waiting.register(source, select.POLLIN)
    while True:
        if cancelled():
            raise Cancelled
        on_pause()
        if not waiting.poll(1000 * LISTEN_SECONDS):
            continue
        data = os.read(source, CHUNK)
        *lines, heard = (heard + data).split(b"\n")
        for line in lines:
            on_line(line.decode("utf-8", "replace").rstrip("\r"))
        if not data:
            if heard:
                on_line(heard.decode("utf-8", "replace"))
            return
