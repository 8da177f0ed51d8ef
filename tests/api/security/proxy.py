"""A reverse proxy as small as one can be: it shows a studio under a path, and passes streams and WebSockets through."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PathProxy:
    """Shows the server at `target` under `path`; with `strip` it takes the path off, as nginx does with a slash at the end.

    One request to a connection, so that only its head has to be looked at.
    """

    def __init__(self, target: int, path: str, *, strip: bool) -> None:
        self._target, self._path, self._strip = target, path.encode(), strip
        self.port = 0
        self.foreign: list[bytes] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, rest = head.partition(b"\r\n")
            method, target, version = line.split(b" ", 2)
            if not (target == self._path or target.startswith(self._path + b"/")):
                self.foreign.append(target)
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                await writer.drain()
            else:
                if self._strip:
                    target = target[len(self._path) :] or b"/"
                if b"upgrade:" not in rest.lower():
                    rest = b"connection: close\r\n" + re.sub(rb"(?im)^connection:.*\r\n", b"", rest)
                await self._pass_on(b" ".join((method, target, version)) + b"\r\n" + rest, reader, writer)
        writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._target)
        outer.write(head)
        up = asyncio.create_task(_pump(reader, outer))
        try:
            await _pump(inner, writer)
        finally:
            up.cancel()
            outer.close()

    async def run(self, ready: threading.Event, end: asyncio.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await end.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()


@contextmanager
def path_proxy(target: int, path: str, *, strip: bool) -> Iterator[PathProxy]:
    proxy, ready = PathProxy(target, path, strip=strip), threading.Event()
    loop, end = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(proxy.run(ready, end)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(5)
