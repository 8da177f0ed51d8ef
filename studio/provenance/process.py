"""Runs the child process for one request."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from studio.errors import GreenroomError
from studio.provenance.requests import ReadAnswer, ReadRequest, SignAnswer, SigningTrouble, SignRequest
from studio.settings import HOME

A = TypeVar("A", bound=BaseModel)

LARGEST_ANSWER = 8 * 1024**2
_BASE_SECONDS = 60
_BYTES_A_SECOND = 2 * 1024**2


class SigningFailed(GreenroomError):
    """A file could not be signed or read; the reason says what c2pa would not do."""


def run_read(request: ReadRequest) -> ReadAnswer:
    """
    Raises:
        SigningFailed: the reader ended, by a crash, its limits or the time.
    """
    return _asked(request, ReadAnswer, Path(request.path))


def run_sign(request: SignRequest) -> SignAnswer:
    """
    Raises:
        SigningFailed: it was not signed; nothing is left at `target` then.
    """
    try:
        return _asked(request, SignAnswer, Path(request.source))
    except BaseException:
        Path(request.target).unlink(missing_ok=True)
        raise


def _asked(request: BaseModel, answers: type[A], path: Path) -> A:
    seconds = _BASE_SECONDS + path.stat().st_size / _BYTES_A_SECOND
    with subprocess.Popen(
        [sys.executable, "-m", "studio.provenance.child"], cwd=HOME, env=_environment(), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as child:  # fmt: skip
        try:
            told, _ = child.communicate(request.model_dump_json().encode(), timeout=seconds)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise SigningFailed("provenance.too-slow", seconds=round(seconds), retryable=True) from None
            raise
    return _answer(told, answers, child.returncode)


def _answer(told: bytes, answers: type[A], status: int) -> A:
    try:
        answer = TypeAdapter[A | SigningTrouble](answers | SigningTrouble).validate_json(told[:LARGEST_ANSWER])
    except ValidationError:
        raise SigningFailed("provenance.child-ended", status=status) from None
    if isinstance(answer, SigningTrouble):
        raise SigningFailed("provenance.refused", problem=answer.problem)
    return answer


def _environment() -> dict[str, str]:
    """What a Python needs, and neither proxies nor tokens."""
    kept = ("PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ")
    return {name: os.environ[name] for name in kept if name in os.environ}
