"""The socket of a rehearsal, as a page and as an attacker use it."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from api.http.rehearsal import LONGEST_SOUND, MOST_RUNS
from tests.servers import RunningStudio, wait_until

pytestmark = pytest.mark.slow
SCRIPT = "Anna: Are you there?\nBen: I am here.\nAnna: Good."


@pytest.fixture(scope="module")
def scene(client: Any) -> str:
    """The id of a narration with two parts."""
    made = client.predict("voiceover", {"script": SCRIPT}, api_name="/submit")["id"]
    wait_until(lambda: client.predict(made, api_name="/job")["state"] in ("done", "failed"), 120, 0.3)
    return Path(client.predict(made, api_name="/job")["outputs"][0]["path"]).name


def address(server: RunningStudio) -> str:
    return server.url.replace("http", "ws", 1).rstrip("/") + "/rehearsal"


def begin(scene: str, **more: Any) -> str:
    return json.dumps({"type": "begin", "narration": scene, "part": "Ben", "microphone": False, **more})


def told(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this type."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(30))
        if message["type"] == kind:
            return message


def test_a_run_from_the_first_cue_to_the_report(server: RunningStudio, client: Any, scene: str) -> None:
    with connect(address(server)) as socket:
        socket.send(begin(scene))
        cue = told(socket, "play")
        assert cue["index"] == 0 and 0 <= cue["start"] < cue["end"]
        socket.send('{"type": "played", "index": 0}')
        assert told(socket, "yours")["index"] == 1
        socket.send('{"type": "prompt"}')
        prompt = told(socket, "prompt")
        assert prompt["text"] == "I am here." and cue["end"] < prompt["start"] < prompt["end"]
        socket.send('{"type": "said"}')
        assert told(socket, "over")["by_hand"]
        assert told(socket, "play")["index"] == 2
        socket.send('{"type": "played", "index": 2}')
        assert told(socket, "end")["lines"] == 1
        saved = told(socket, "saved")["output"]
    listed = [one for one in client.predict(api_name="/outputs") if one["id"] == saved]
    assert listed and listed[0]["title"].startswith("Rehearsal of")


@pytest.mark.parametrize(
    "first",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"type": "begin"}',
        '{"type": "begin", "narration": 7}',
        '{"type": "said"}',
        "[" * 3_000,
        "x" * 9_000,
    ],
)
def test_a_first_message_that_is_none_is_answered_in_words(server: RunningStudio, first: str) -> None:
    with connect(address(server)) as socket:
        socket.send(first)
        answer = json.loads(socket.recv(30))
        assert answer["type"] == "error" and answer["code"] == "rehearsal.message-unknown" and answer["reason"]
        with pytest.raises(ConnectionClosed):
            socket.recv(30)


@pytest.mark.parametrize("narration", ["../../jobs.db", "/etc/passwd", "nothing.wav", "\x00"])
def test_only_narrations_of_the_library_are_scenes(server: RunningStudio, narration: str) -> None:
    with connect(address(server)) as socket:
        socket.send(begin(narration))
        assert json.loads(socket.recv(30))["type"] == "error"


@pytest.mark.parametrize(
    "wrong",
    ['{"type": "go"}', '{"type": "go", "index": -1}', '{"type": "launch"}', "\ud83d", b"\x00" * (LONGEST_SOUND + 2), "y" * 9_000],
)
def test_a_later_message_that_is_none_ends_the_run(server: RunningStudio, scene: str, wrong: str | bytes) -> None:
    with connect(address(server)) as socket:
        socket.send(begin(scene))
        told(socket, "play")
        socket.send(wrong if isinstance(wrong, bytes) else wrong.encode("utf-8", "replace").decode())
        assert told(socket, "error")["code"] == "rehearsal.message-unknown"
        with pytest.raises(ConnectionClosed):
            socket.recv(30)


def test_messages_out_of_turn_and_odd_sound_do_nothing(server: RunningStudio, scene: str) -> None:
    with connect(address(server)) as socket:
        socket.send(begin(scene))
        told(socket, "play")
        for message in ('{"type": "said"}', '{"type": "prompted"}', '{"type": "played", "index": 2}', '{"type": "deaf"}'):
            socket.send(message)
        socket.send(os.urandom(33))
        socket.send(b"")
        socket.send('{"type": "go", "index": 999999}')
        assert told(socket, "play")["index"] == 2


def test_as_many_run_at_once_as_may_and_the_next_is_refused(server: RunningStudio, scene: str) -> None:
    with ExitStack() as open_sockets:
        for _ in range(MOST_RUNS):
            socket = open_sockets.enter_context(connect(address(server)))
            socket.send(begin(scene))
            told(socket, "play")
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            connect(address(server)).recv(30)
    with connect(address(server)) as socket:  # a place is free again
        socket.send(begin(scene))
        told(socket, "play")


def test_strangers_and_other_pages_do_not_come_in(guarded: RunningStudio, server: RunningStudio) -> None:
    with pytest.raises(InvalidStatus):
        connect(address(guarded))
    with pytest.raises(InvalidStatus):
        connect(address(server), additional_headers={"Origin": "http://elsewhere.example"})
