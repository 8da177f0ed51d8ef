"""A thread that holds a lease during a session and runs its engine's calls, for an event loop to await.

A lease and the calls of an engine block, and belong to the thread that took the lease; only this module connects threads and
coroutines of a session.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing
from typing import Any, Generic, TypeVar

from studio.errors import Cancelled, EngineError

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

Opener = Callable[[Callable[[], bool], Callable[[str, str], None]], AbstractContextManager[T]]
"""Takes the lease: asks the first function whether that is still wanted, and tells the second of states and sentences."""

CLOSE_SECONDS = 5.0
_END = object()


class PartThread(Generic[T]):
    """Calls are made from one event loop and run one after the other.

    Args:
        opened: takes the lease. waiting: told on the event loop why it takes long.
    """

    def __init__(self, name: str, opened: Opener[T], waiting: Callable[[str], None]) -> None:
        self._opened, self._waiting = opened, waiting
        self._loop = asyncio.get_running_loop()
        self._wanted: queue.SimpleQueue[Callable[[T], None] | None] = queue.SimpleQueue()
        self._ready: Future[None] = Future()
        self._closed = False
        self._thread = threading.Thread(target=self._hold, name=name, daemon=True)

    async def open(self) -> None:
        """Return once the lease is there. Raises what taking it raises."""
        self._thread.start()
        await asyncio.wrap_future(self._ready)

    async def call(self, work: Callable[[T], R]) -> R:
        """What `work` gives. Whoever awaits it may be cancelled: the call then runs to its end, and nobody takes what it gives.

        Raises:
            EngineError: the part is closed, and what `work` raises.
        """
        done: Future[R] = Future()

        def run(held: T) -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(work(held))
                except BaseException as error:
                    done.set_exception(error)

        self._put(run)
        return await asyncio.wrap_future(done)

    async def stream(self, work: Callable[[T], Iterator[R]]) -> AsyncIterator[R]:
        """What `work` gives, piece by piece. Leaving the loop closes the iterator of `work` before its next piece."""
        pieces: asyncio.Queue[Any] = asyncio.Queue()
        left = threading.Event()

        def tell(piece: Any) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(pieces.put_nowait, piece)

        def run(held: T) -> None:
            if left.is_set():
                return
            try:
                with closing(work(held)) as given:  # type: ignore[type-var]
                    for piece in given:
                        if left.is_set():
                            return
                        tell(piece)
                tell(_END)
            except BaseException as error:
                tell(_Failed(error))

        self._put(run)
        try:
            while (piece := await pieces.get()) is not _END:
                if isinstance(piece, _Failed):
                    raise piece.error
                yield piece
        finally:
            left.set()

    async def close(self) -> None:
        """Give the lease back; a call that is going on is broken off."""
        self._closed = True
        self._wanted.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, CLOSE_SECONDS)

    # Inside

    def _put(self, run: Callable[[T], None]) -> None:
        if self._closed or not self._thread.is_alive():
            raise EngineError("talk.part-ended", retryable=True)
        self._wanted.put(run)

    def _hold(self) -> None:
        try:
            with self._opened(lambda: self._closed, self._state) as held:
                self._ready.set_result(None)
                while not self._closed and (run := self._wanted.get()) is not None:
                    run(held)
        except Cancelled:
            self._fail(EngineError("talk.part-ended", retryable=True))
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, Exception):
                raise

    def _fail(self, error: BaseException) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)
        elif not self._closed:
            log.warning("A part of a conversation ended: %s", type(error).__name__)

    def _state(self, state: str, note: str) -> None:
        if note and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._waiting, note)


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error
