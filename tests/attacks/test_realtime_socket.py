"""/v1/realtime as attackers use it: strangers, pages of other origins, no JSON, too much, too fast, half open."""

from __future__ import annotations

import base64
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.openai.realtime.socket import MOST_CONNECTIONS, MOST_EVENTS
from tests.conftest import TOKEN
from tests.servers import RunningStudio, running_studio

pytestmark = pytest.mark.slow
FRIEND = "http://app.example:5173"
CLEAR = '{"type": "input_audio_buffer.clear"}'


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """With a token, and one page elsewhere that may come in with it."""
    settings: dict[str, Any] = {"GREENROOM_SERVER__TOKEN": TOKEN, "GREENROOM_SERVER__REALTIME_ORIGINS": json.dumps([FRIEND])}
    with running_studio(tmp_path_factory.mktemp("locked") / "data", **settings) as studio:
        yield studio


def address(studio: RunningStudio) -> str:
    return studio.url.replace("http", "ws", 1).rstrip("/") + "/v1/realtime?model=x"


@contextmanager
def opened(studio: RunningStudio, **more: Any) -> Iterator[ClientConnection]:
    """A connection that was greeted."""
    with connect(address(studio), **more) as client:
        assert json.loads(client.recv(30))["type"] == "session.created"
        yield client


def no_way_in(address: str, **more: Any) -> None:
    """Raises what a refused connection raises."""
    with connect(address, **more):
        pass


def protocols(key: str) -> list[Subprotocol]:
    return [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{key}")]


def answer(client: ClientConnection, message: str | bytes) -> dict[str, Any]:
    client.send(message)
    found: dict[str, Any] = json.loads(client.recv(30))
    return found


def test_the_key_comes_in_a_header_or_among_the_subprotocols(locked: RunningStudio) -> None:
    with opened(locked, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        assert answer(client, CLEAR)["type"] == "input_audio_buffer.cleared"
    with opened(locked, subprotocols=protocols(TOKEN)) as client:
        assert client.subprotocol == "realtime", "the key is never told back"
    wrong: tuple[dict[str, Any], ...] = (
        {},
        {"additional_headers": {"Authorization": "Bearer wrong"}},
        {"subprotocols": protocols("wrong")},
        {"subprotocols": protocols("")},
    )
    for shown in wrong:
        with pytest.raises(InvalidStatus):
            no_way_in(address(locked), **shown)
    with pytest.raises(InvalidStatus):  # no other socket takes it there
        no_way_in(address(locked).replace("/v1/realtime?model=x", "/rehearsal"), subprotocols=protocols(TOKEN))
    assert TOKEN not in locked.log


def test_a_page_elsewhere_needs_to_be_named(locked: RunningStudio, server: RunningStudio) -> None:
    for studio, origin in ((locked, "http://elsewhere.example"), (locked, f"{FRIEND}1"), (server, FRIEND), (server, "null")):
        with pytest.raises(InvalidStatus):
            no_way_in(address(studio), subprotocols=protocols(TOKEN), additional_headers={"Origin": origin})
    with pytest.raises(InvalidStatus):  # its origin alone opens nothing
        no_way_in(address(locked), additional_headers={"Origin": FRIEND})
    with opened(locked, subprotocols=protocols(TOKEN), additional_headers={"Origin": FRIEND}):
        pass
    for path in ("/rehearsal", "/conversation"):  # and no other door
        with pytest.raises(InvalidStatus):
            bearer = {"Origin": FRIEND, "Authorization": f"Bearer {TOKEN}"}
            no_way_in(address(locked).replace("/v1/realtime?model=x", path), additional_headers=bearer)


WRONG = (
    "", "no json", "[]", "null", "7", "[" * 20_000, '{"a":' * 20_000, '{"type": null}', '{"type": {"x": 1}}', b"\x00\xff" * 400,
    '{"type": "session.update", "session": {"type": "realtime", "tools": 7}}',
    '{"type": "conversation.item.create", "item": []}',
    '{"type": "input_audio_buffer.append", "audio": "\\ud800"}',
    '{"type": "response.cancel", "response_id": "' + "x" * 9_000 + '"}',
    '{"type": "conversation.item.truncate", "item_id": "x", "content_index": 1e400, "audio_end_ms": 1}',
)  # fmt: skip


def test_what_is_no_event_is_answered_and_the_connection_goes_on(server: RunningStudio) -> None:
    with opened(server) as client:
        for message in WRONG:
            error = answer(client, message)
            assert error["type"] == "error" and error["error"]["message"] and error["error"]["code"], message[:80]
        assert answer(client, CLEAR)["type"] == "input_audio_buffer.cleared"


def test_a_huge_message_ends_its_own_connection_alone(server: RunningStudio) -> None:
    with opened(server) as other, opened(server) as client:
        with pytest.raises(ConnectionClosed):
            client.send(json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(1 << 20)).decode()}))
            client.recv(30)
        assert answer(other, CLEAR)["type"] == "input_audio_buffer.cleared"


def test_a_flood_is_ended_in_words(server: RunningStudio) -> None:
    codes: list[str | None] = []
    with opened(server, max_queue=None) as client:
        with pytest.raises(ConnectionClosed):
            for _ in range(100 * MOST_EVENTS):
                client.send(CLEAR)
        with suppress(ConnectionClosed):
            while True:
                codes.append(json.loads(client.recv(30)).get("error", {}).get("code"))
    assert "rate_limit_exceeded" in codes
    with opened(server):
        pass


def test_as_many_as_may_and_half_open_ones_give_their_place_back(server: RunningStudio) -> None:
    with ExitStack() as held:
        for _ in range(MOST_CONNECTIONS):
            held.enter_context(opened(server))
        with connect(address(server)) as client:
            assert json.loads(client.recv(30))["error"]["code"] == "rate_limit_exceeded"
            with pytest.raises(ConnectionClosed):
                client.recv(30)
    for _ in range(2 * MOST_CONNECTIONS):  # gone without a word, as a machine that loses its power
        with suppress(ConnectionClosed, OSError), opened(server) as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
    with opened(server) as client:
        assert answer(client, CLEAR)["type"] == "input_audio_buffer.cleared"
    assert httpx.get(f"{server.url}/healthz", timeout=30).json()["ok"]
