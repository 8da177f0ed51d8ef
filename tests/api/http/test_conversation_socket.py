"""The socket of a conversation, as a page and as an attacker use it."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from api.http.conversation.messages import LONGEST_SOUND
from capabilities.conversation.session.sessions import MOST_SESSIONS
from tests.servers import RunningStudio, running_studio, wait_until
from tests.studio.language.chat_server import ChatServer, chat_server, says

pytestmark = pytest.mark.slow
BEGIN = json.dumps({"type": "begin", "listen": False})


@pytest.fixture(scope="module")
def mind() -> Iterator[ChatServer]:
    with chat_server() as running:
        running.behaviour = says("It is *fine* today. Take no umbrella!", piece=4)
        yield running


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, mind: ChatServer) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("conversation") / "data", GREENROOM_LANGUAGE__URL=mind.url) as opened:
        yield opened


def address(server: RunningStudio) -> str:
    return server.url.replace("http", "ws", 1).rstrip("/") + "/conversation"


def told(socket: ClientConnection, *kinds: str) -> dict[str, Any]:
    """The next event of these kinds; what is played is reported as it comes."""
    while True:
        message = socket.recv(60)
        if isinstance(message, bytes):
            stream, first = struct.unpack("<II", message[:8])
            socket.send(json.dumps({"type": "played", "stream": stream, "sample": first + (len(message) - 8) // 2}))
            continue
        event: dict[str, Any] = json.loads(message)
        if event["type"] in kinds:
            return event


def test_what_is_written_is_answered_and_heard_to_its_end(studio: RunningStudio, mind: ChatServer) -> None:
    with connect(address(studio)) as socket:
        socket.send(BEGIN)
        assert told(socket, "session_started")["mind"] == "tiny-chat"
        socket.send(json.dumps({"type": "text", "text": "What is the weather like?"}))
        ended = told(socket, "reply_ended")
        assert ended["text"] == "It is fine today. Take no umbrella!"
        socket.send(json.dumps({"type": "text", "text": "And tomorrow?"}))
        told(socket, "reply_ended")
    asked = [one["content"] for one in mind.questions[-1]["messages"][1:]]
    assert asked == ["What is the weather like?", ended["text"], "And tomorrow?"]


@pytest.mark.parametrize(
    "first", ["", "no json", "{}", '{"type": "text", "text": "Hi"}', "[" * 3_000, '{"type": "begin", "x": 1}', b"\x00"]
)
def test_a_first_message_that_is_none_is_answered_in_words(studio: RunningStudio, first: str | bytes) -> None:
    with connect(address(studio)) as socket:
        socket.send(first)
        answer = json.loads(socket.recv(30))
        assert answer["type"] == "error" and answer["code"] == "talk.message-unknown" and answer["hint"]
        with pytest.raises(ConnectionClosed):
            socket.recv(30)


@pytest.mark.parametrize(
    "wrong",
    ['{"type": "launch"}', '{"type": "played", "stream": -1, "sample": 0}', b"\x00" * (LONGEST_SOUND + 2), "y" * 20_000, "{"],
)
def test_a_later_message_that_is_none_ends_it(studio: RunningStudio, wrong: str | bytes) -> None:
    with connect(address(studio)) as socket:
        socket.send(BEGIN)
        told(socket, "session_started")
        socket.send(wrong)
        assert told(socket, "error")["code"] == "talk.message-unknown"
        with pytest.raises(ConnectionClosed):
            while True:
                socket.recv(30)


def test_what_is_out_of_turn_does_nothing(studio: RunningStudio) -> None:
    with connect(address(studio)) as socket:
        socket.send(BEGIN)
        told(socket, "session_started")
        for kind in ("cancel", "commit", "clear", "no_interruption"):
            socket.send(json.dumps({"type": kind}))
        socket.send('{"type": "played", "stream": 7, "sample": 99}')
        socket.send(os.urandom(33))
        socket.send(json.dumps({"type": "text", "text": "Still there?"}))
        assert told(socket, "reply_ended")["text"]


def test_no_more_than_may_go_on_and_a_place_is_free_again(studio: RunningStudio) -> None:
    with ExitStack() as sockets:
        for _ in range(MOST_SESSIONS):
            socket = sockets.enter_context(connect(address(studio)))
            socket.send(BEGIN)
            told(socket, "session_started")
        one_more = sockets.enter_context(connect(address(studio)))
        one_more.send(BEGIN)
        assert told(one_more, "error")["code"] == "talk.too-many"

    def free() -> bool:
        with connect(address(studio)) as socket:
            socket.send(BEGIN)
            return told(socket, "session_started", "error")["type"] == "session_started"

    wait_until(free, 30, 0.2)


def test_without_a_mind_it_is_said_what_to_do(server: RunningStudio) -> None:
    with connect(address(server)) as socket:
        socket.send(BEGIN)
        answer = told(socket, "error")
        assert answer["code"] == "talk.no-mind" and "Ollama" in answer["hint"]


def test_strangers_and_other_pages_do_not_come_in(guarded: RunningStudio, server: RunningStudio) -> None:
    with pytest.raises(InvalidStatus):
        connect(address(guarded))
    with pytest.raises(InvalidStatus):
        connect(address(server), additional_headers={"Origin": "http://elsewhere.example"})
