"""Choosing a server, keeping it, finding and trying it; where it is, what it holds; the built-in model where none is set."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.contract import ChatMessage, ChatRequest
from engines.language.qwen_coder.engine import MODEL, REPO
from studio.errors import SettingsError
from studio.language import server as servers
from studio.language.address import Place, checked_address, place_of
from studio.language.errors import LanguageError, NoLanguageModelError
from studio.language.residency import SERVER_ID
from studio.language.server import ServerKind
from studio.preferences.local_settings import FILE_NAME
from studio.units import GIB
from studio.workers.model import WorkerState
from tests.engines.language.gguf_model import write_model
from tests.studio.language.chat_server import KEY, ChatServer, says, takes_no
from tests.studio.language.conftest import Make

HELLO = ChatRequest((ChatMessage("user", "Hello"),), longest=8)
SHADE = json.dumps({"shade": "teal", "sure": True})


def shaped_or(text: str) -> Any:
    """A server that keeps a schema: it answers in the shape when it is held to one, else in prose."""
    return says(lambda body: SHADE if "response_format" in body else text)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("localhost:8080/v1/", "http://localhost:8080/v1"),
        ("https://LLM.example.com/openai/v1/chat/completions", "https://llm.example.com/openai/v1"),
        ("http://[::1]:1234", "http://[::1]:1234/v1"),
        (" 192.168.1.20:8000 ", "http://192.168.1.20:8000/v1"),
    ],
)
def test_an_address_is_brought_into_form(written: str, address: str) -> None:
    assert checked_address(written) == address == checked_address(address)


@pytest.mark.parametrize(
    "written",
    [
        "", "ftp://127.0.0.1", "http://", "file:///etc/passwd", "http://user:pass@127.0.0.1", "http://127.0.0.1:99999", "a b",
        "http://169.254.169.254/latest", "http://[fe80::1]:80", "http://0.0.0.0:11434", "http://2130706433:80", "http://0x7f.1",
        "http://[::ffff:169.254.169.254]", "http://127.0.0.1:80?x=1", "http://127.0.0.1#x", "http://" + "a" * 400, "//host",
    ],
)  # fmt: skip
def test_what_is_none_is_refused_in_words(written: str) -> None:
    with pytest.raises(LanguageError) as caught:
        checked_address(written)
    assert caught.value.reason and caught.value.hint and "pass" not in caught.value.reason.replace("password", "")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://127.0.0.1:1/v1", Place.MACHINE),
        ("http://localhost/v1", Place.MACHINE),
        ("http://192.168.3.4/v1", Place.NETWORK),
        ("http://spark:8000/v1", Place.NETWORK),
        ("http://spark.local/v1", Place.NETWORK),
        ("https://api.example.com/v1", Place.ELSEWHERE),
        ("http://8.8.8.8/v1", Place.ELSEWHERE),
    ],
)
def test_it_is_told_where_what_is_asked_goes(url: str, place: Place) -> None:
    assert place_of(url) is place


def test_what_is_chosen_is_kept_for_its_owner_alone_and_the_key_is_never_shown(
    server: ChatServer, make: Make, tmp_path: Path
) -> None:
    server.key = KEY
    chosen = make().choose(server.url.removesuffix("/v1"), "tiny-chat", KEY)
    assert chosen.url == server.url and chosen.has_key and KEY not in repr(chosen)
    path = tmp_path / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert yaml.safe_load(path.read_text())["language"] == {"url": server.url, "model": "tiny-chat", "api_key": KEY}
    again = make()
    with again.model_in_use() as llm:
        assert again.ask(llm, HELLO).value == "Good morning." and KEY not in repr(llm.__dict__)
    again.choose(server.url, "other")
    assert again.status().has_key, "the key stays with its server"
    assert not again.choose("http://127.0.0.1:9", "other").has_key, "and goes to no other"
    assert again.choose("").source == "none" and yaml.safe_load(path.read_text()) is not None


def test_a_wrong_file_stops_the_start_and_a_variable_counts_first(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / FILE_NAME
    for text in ("language: {modle: x}", "languge: {}", "language: 3", "language: {answer_seconds: -1}", "a: b: c"):
        path.write_text(text)
        with pytest.raises(SettingsError) as caught:
            make()
        assert caught.value.reason
    path.write_text("language: {url: 'http://127.0.0.1:1/v1'}")
    monkeypatch.setenv("GREENROOM_LANGUAGE__URL", "http://127.0.0.1:2/v1")
    service = make(url="http://127.0.0.1:2/v1")
    assert service.status().url == "http://127.0.0.1:2/v1"
    with pytest.raises(LanguageError) as refused:
        service.choose("http://127.0.0.1:3")
    assert refused.value.code == "llm.fixed-by-variable"


def test_servers_of_this_machine_are_found_and_the_studio_itself_is_none(
    server: ChatServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = server.server_address[1]
    found = servers.find_on_this_machine((port, 9))
    assert [(one.url, one.kind, one.models) for one in found] == [
        (server.url, ServerKind.OLLAMA, ("tiny-chat", "nomic-embed-text"))
    ]
    assert servers.find_on_this_machine((port,), without=port) == []
    server.owner = "greenroom"
    assert servers.find_on_this_machine((port,)) == []


def test_trying_it_tells_speed_and_what_it_truly_keeps(server: ChatServer, make: Make) -> None:
    service = make()
    service.choose(server.url)
    server.behaviour = shaped_or("For narrations, and for films with voices.")
    tried = service.test()
    assert (tried.kind, tried.model, tried.place, tried.constraint) == ("Ollama", "tiny-chat", "this machine", "schema")
    assert tried.speed > 0 and tried.answer.startswith("For narrations") and tried.models[0] == "tiny-chat"
    assert "tiny-chat" not in service.status().url and service.status().ready
    server.behaviour = says(lambda body: SHADE if "shade" in body["messages"][-1]["content"] else "Teal, of course.")
    assert service.test().constraint == "json", "a server that ignores a schema is found out"
    server.behaviour = takes_no("any", says("Teal, of course."))
    assert service.test().constraint == "prompt"


@pytest.mark.parametrize(("key", "model", "code"), [("wrong", "", "llm.key-wrong"), (KEY, "no-such", "llm.model-unknown")])
def test_what_stands_in_the_way_is_told_and_kept(server: ChatServer, make: Make, key: str, model: str, code: str) -> None:
    server.key = KEY
    service = make()
    service.choose(server.url, model, key)
    with pytest.raises(LanguageError) as caught:
        service.test()
    assert caught.value.code == code
    status = service.status()
    assert not status.ready and status.sentence == caught.value.reason


def test_what_a_server_holds_is_in_the_books_and_it_makes_room_when_asked(server: ChatServer, make: Make) -> None:
    server.loaded = {"tiny-chat": int(3.5 * GIB), "other": int(0.5 * GIB)}
    service = make()
    service.choose(server.url, "tiny-chat")
    assert service.residency.snapshot() == [], "nothing is asked before it is used"
    with service.model_in_use() as llm:
        service.ask(llm, HELLO)
        service.residency.look()
        (busy,) = service.residency.snapshot()
        assert busy.state is WorkerState.BUSY and not service.residency.evict()
    (held,) = service.residency.snapshot()
    assert (held.engine_id, held.state) == (SERVER_ID, WorkerState.WARM) and held.memory_gib == pytest.approx(4.0)
    assert service.residency.evict() and server.loaded == {} and service.residency.snapshot() == []


def test_without_a_server_the_built_in_model_answers_and_without_both_it_is_written(make: Make, tmp_path: Path) -> None:
    service = make()
    status = service.status()
    assert (status.source, status.ready, status.set_up) == ("none", False, "qwen-coder") and "set up" in status.next_step
    with pytest.raises(NoLanguageModelError), service.model_in_use():
        pass
    write_model(tmp_path / "weights" / REPO.replace("/", "--") / MODEL)
    own = make(tmp_path / "weights")
    assert (own.status().source, own.status().set_up, own.status().place) == ("built-in", "", "this machine")
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"], "additionalProperties": False}
    with own.model_in_use() as llm:
        found = own.ask_schema(llm, ChatRequest((ChatMessage("user", "Is it?"),), longest=40, schema=schema))
        assert isinstance(found.value["ok"], bool) and found.note == ""
        with pytest.raises(LanguageError, match="no JSON schema"):
            own.ask_schema(llm, ChatRequest((ChatMessage("user", "Is it?"),), schema={"type": "nonsense"}))
    assert own.status().counts.answer_tokens > 0
