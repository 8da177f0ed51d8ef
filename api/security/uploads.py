"""Removes the files of uploads that fail or are interrupted."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from media.refusals import refusal

log = logging.getLogger(__name__)

UPLOAD = "/gradio_api/upload"
_UNFINISHED = "tmp*"
"""Gradio writes an upload under a `tempfile` name at the top of the folder and moves it into a folder named by its hash when it
is complete; a file that still has such a name after its request is unfinished."""
CLOCK_SECONDS = 1.0
"""Tolerance: file times have a coarser resolution, so a file may look older than its upload."""


class UploadCleanup:
    """Removes the unfinished files of an upload when it has ended, and those of earlier servers at the start.

    Files of uploads in progress are kept: only files from before the oldest of them began are removed. Call it on the event
    loop only; the folder is read there, and the files, which may be large, are removed in a thread.
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
        """Return files that may be unfinished, and the time before which they are (None: all of them)."""
        return list(self._folder.glob(_UNFINISHED)), min(self._begun.values(), default=None)


def _remove(paths: Sequence[Path], before: float | None) -> None:
    for path in paths:
        try:
            if path.is_file() and (before is None or path.stat().st_ctime < before):
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("An unfinished upload could not be removed: %s", refusal(error))
