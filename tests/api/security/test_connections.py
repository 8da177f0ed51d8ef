"""What a connection may send before there is a request, for how long, and how many there may be."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from api.security.connections import LONGEST_HEAD, MOST_HEADERS, BoundedHttp, most_connections


async def told(request: Request) -> JSONResponse:
    return JSONResponse({"bytes": len(await request.body()), "headers": len(request.headers)})


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())


class Patient(BoundedHttp):
    """With the limits in bytes and in number alone: a busy machine may be slow."""

    most = 8


class Hasty(BoundedHttp):
    head_seconds = 0.5


@contextmanager
def serving(protocol: type[BoundedHttp]) -> Iterator[int]:
    """The port of a server that reads by this protocol."""
    app = Starlette(routes=[Route("/", told, methods=["GET", "POST"]), WebSocketRoute("/talk", echo)])
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, port=0, log_config=None, timeout_graceful_shutdown=1))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield int(listener.getsockname()[1])
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(Patient) as port:
        yield port


@pytest.fixture(scope="module")
def hasty() -> Iterator[int]:
    with serving(Hasty) as port:
        yield port


def answered(port: int, *sent: bytes) -> tuple[int, dict[str, object]]:
    """Status and body of the answer to what is sent on one connection, piece by piece."""
    with socket.create_connection(("127.0.0.1", port), 20) as line:
        for piece in sent:
            line.sendall(piece)
        whole = b""
        while True:
            try:
                block = line.recv(65536)
            except ConnectionResetError:
                break
            whole += block
            head, _, body = whole.partition(b"\r\n\r\n")
            if not block or (body and len(body) >= int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])):
                break
    return int(whole.split(b" ")[1]), json.loads(body)


REST = b"\r\n\r\n"
START = b"GET / HTTP/1.1\r\nHost: here\r\n"


def test_a_usual_request(port: int) -> None:
    assert answered(port, START[:10], START[10:] + b"A: b" + REST) == (200, {"bytes": 0, "headers": 2})
    cookies = b"Cookie: " + b"c" * (LONGEST_HEAD - 200)
    assert answered(port, START + cookies + REST)[0] == 200
    many = b"".join(b"H%d: x\r\n" % number for number in range(MOST_HEADERS - 2))
    assert answered(port, START + many + b"Z: z" + REST)[0] == 200


@pytest.mark.parametrize("blocks", [1, 8])
def test_a_body_is_as_long_as_it_likes(port: int, blocks: int) -> None:
    size = 8 << 20
    head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % size
    assert answered(port, head, *[b"x" * (size // blocks)] * blocks)[1]["bytes"] == size
    chunks = [b"%x\r\n" % (1 << 20) + b"y" * (1 << 20) + b"\r\n"] * blocks
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert answered(port, head, *chunks, b"0\r\n\r\n")[1]["bytes"] == blocks << 20


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([START + b"A: " + b"x" * LONGEST_HEAD + REST], "64 kB"),
        ([START + b"A: ", *[b"x" * 30_000] * 4], "64 kB"),
        ([START, *[b"A: " + b"x" * 9_000 + b"\r\n"] * 10], "64 kB"),
        ([b"GET /" + b"a" * LONGEST_HEAD * 2], "64 kB"),
        ([START + b"N" * LONGEST_HEAD * 2], "64 kB"),
        ([START + b"".join(b"H%d: x\r\n" % number for number in range(MOST_HEADERS)) + b"Z: z" + REST], "200 headers"),
        ([START + b"A: b\r\n" * 100_000], "200 headers"),
    ],
    ids=["one value", "a value in pieces", "many values", "path", "name", "one too many", "a hundred thousand"],
)
def test_too_much_of_a_head(port: int, pieces: list[bytes], said: str) -> None:
    status, body = answered(port, *pieces)
    assert status == 431 and said in str(body["error"])


def test_what_follows_a_body_is_bounded_too(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    for begun in (b"0\r\nTrailer: ", b"1;"):
        assert answered(port, head, begun, *[b"x" * LONGEST_HEAD] * 16)[0] == 431


def test_a_head_that_takes_its_time(hasty: int) -> None:
    status, body = answered(hasty, START)
    assert status == 408 and "0.5 seconds" in str(body["error"])
    assert answered(hasty, b"\r\n")[0] == 408
    assert answered(hasty)[0] == 408


def test_no_request_at_all(port: int) -> None:
    assert answered(port, b"\x16\x03\x01 hello" + REST) == (400, {"error": "This is no HTTP request.", "code": "request.no-http"})


def test_more_connections_than_there_may_be(port: int) -> None:
    opened = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(Patient.most)]
    status, body = answered(port, START + REST)
    assert status == 503 and "connections" in str(body["error"])
    for line in opened:
        line.close()
    deadline = time.monotonic() + 20
    while answered(port, START + REST)[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_websocket_stays_open(hasty: int) -> None:
    with connect(f"ws://127.0.0.1:{hasty}/talk") as talk:
        time.sleep(2 * Hasty.head_seconds)
        talk.send("still here")
        assert talk.recv(timeout=10) == "still here"


def test_the_number_follows_the_limit_of_open_files() -> None:
    assert 32 <= most_connections() <= 1000
