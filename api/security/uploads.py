"""Uploads to the page that fail or are cut leave nothing behind."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

UPLOAD = "/gradio_api/upload"
_UNFINISHED = "tmp*"
"""Gradio writes what arrives into `tempfile` names at the top of the folder, and moves it into a folder of its hash when it is
whole; what still has such a name when its request has ended belongs to nobody."""
CLOCK_SECONDS = 1.0
"""Dates of files come from a coarser clock: a part made just as its upload began may look older."""


class UploadCleanup:
    """Removes the unfinished files of every upload once it has ended, and those of earlier servers at the start.

    Files of uploads that go on meanwhile stay: only what was there before the oldest of them began is removed. Called on the
    event loop alone, where the folder is read; the files, which may be large, are removed in a thread.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        self._folder = folder
        self._numbers = itertools.count()
        self._begun: dict[int, float] = {}
        _remove(*self._unfinished())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/") != UPLOAD:
            await self.app(scope, receive, send)
            return
        number = next(self._numbers)
        self._begun[number] = time.time() - CLOCK_SECONDS
        try:
            await self.app(scope, receive, send)
        finally:
            del self._begun[number]
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_remove, *self._unfinished())

    def _unfinished(self) -> tuple[list[Path], float | None]:
        """Files that may belong to nobody, and the time before which they do (None: all of them)."""
        return list(self._folder.glob(_UNFINISHED)), min(self._begun.values(), default=None)


def _remove(paths: Sequence[Path], before: float | None) -> None:
    for path in paths:
        try:
            if path.is_file() and (before is None or path.stat().st_ctime < before):
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("An unfinished upload could not be removed: %s", error.strerror)
