"""The shapes of /v1/realtime without a server: what may be said, in which order items stand, and sound on the wire."""

from __future__ import annotations

import base64
import json
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from api.openai.errors import WrongParameter
from api.openai.realtime.codecs import WireDecoder, WireEncoder, from_alaw, from_mulaw, to_alaw, to_mulaw
from api.openai.realtime.events import ItemCreate, client_event, event_id_of
from api.openai.realtime.items import MOST_ITEMS, ROOT, ItemList, KeptItem
from api.openai.realtime.session_config import check_response, new_session, updated
from api.openai.realtime.socket import EVENTS_PER_SECOND, MOST_EVENTS, EventAllowance
from capabilities.conversation.session.settings import SessionTool
from capabilities.conversation.session.speaking.tool_calls import CallFilter

TRUNCATE = '{"type": "conversation.item.truncate", "item_id": "x", "content_index": 0'
CREATE = '{"type": "conversation.item.create", "item":'
RESPOND = '{"type": "response.create", "response":'
EVERY = np.arange(-32_768, 32_768, dtype=np.int16)


def refused(call: Any) -> tuple[str | None, str]:
    with pytest.raises(WrongParameter) as refusal:
        call()
    return refusal.value.openai_code, refusal.value.param


@pytest.mark.parametrize(("write", "read", "name"), [(to_mulaw, from_mulaw, "ulaw"), (to_alaw, from_alaw, "alaw")])
def test_g711_is_that_of_the_recommendation(write: Any, read: Any, name: str) -> None:
    """Every sample, both ways, against the former standard library's where this Python has it; and within half a step."""
    codes = write(EVERY)
    assert write(read(bytes(range(256)))) == bytes(one if one != 0x7F or name != "ulaw" else 0xFF for one in range(256))
    back = read(codes).astype(np.int32)
    wide = EVERY.astype(np.int32)
    assert (np.abs(back - np.clip(wide, -32_635, 32_635)) <= np.maximum(np.abs(wide) / 24 + 16, 16)).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if sys.version_info >= (3, 13):
            return
        import audioop
    assert read(bytes(range(256))).tobytes() == getattr(audioop, f"{name}2lin")(bytes(range(256)), 2)
    theirs = np.frombuffer(getattr(audioop, f"lin2{name}")(EVERY.tobytes(), 2), np.uint8)
    assert np.mean(np.frombuffer(codes, np.uint8) == theirs) > 0.99, "they differ where a value lies between two steps"


@pytest.mark.parametrize("format", ["audio/pcm", "audio/pcmu", "audio/pcma"])
def test_sound_comes_back_as_it_went(format: Any) -> None:
    """Through encoder and decoder in uneven pieces: the same length within a piece, the same tone."""
    tone = (np.sin(np.arange(24_000) * 2 * np.pi * 440 / 24_000) * 12_000).astype("<i2")
    encoder, decoder = WireEncoder(format, 24_000), WireDecoder(format, 16_000)
    heard, lasted = b"", 0.0
    pieces = [tone[at : at + 1_111].tobytes() for at in range(0, tone.size, 1_111)]
    for number, piece in enumerate([*pieces, b""]):
        if wire := encoder.encode(piece, last=number == len(pieces)):
            pcm, milliseconds = decoder.decode(wire)
            heard, lasted = heard + pcm, lasted + milliseconds
    samples = np.frombuffer(heard, "<i2").astype(np.float64)
    assert lasted == pytest.approx(1_000, abs=1) and 14_000 < samples.size <= 16_000
    spectrum = np.abs(np.fft.rfft(samples[:14_000] * np.hanning(14_000)))
    assert abs(np.argmax(spectrum) * 16_000 / 14_000 - 440) < 2


@pytest.mark.parametrize("audio", ["not base64!", "AAA", base64.b64encode(b"abc").decode(), "é"])
def test_what_is_no_sound_is_refused(audio: str) -> None:
    assert refused(lambda: WireDecoder("audio/pcm", 16_000).decode(audio)) == ("invalid_value", "audio")


@pytest.mark.parametrize(
    ("text", "code", "param"),
    [
        ("", "invalid_json", ""),
        ("[]", "invalid_json", ""),
        ("[" * 5_000, "invalid_json", ""),
        ('{"a": 1}', "missing_required_parameter", "type"),
        ('{"type": 7}', "invalid_value", "type"),
        ('{"type": ["x"]}', "invalid_value", "type"),
        ('{"type": "transcription_session.update"}', "invalid_value", "type"),
        ('{"type": "session.update"}', "missing_required_parameter", "session"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter", "audio"),
        (f'{TRUNCATE}, "audio_end_ms": -1}}', "invalid_value", "audio_end_ms"),
        (f'{CREATE} {{"type": "message", "role": "user"}}}}', "missing_required_parameter", "item.content"),
        (f'{CREATE} {{"type": "poem"}}}}', "invalid_value", "item"),
        (f'{RESPOND} {{"output_modalities": ["text", "audio"]}}}}', "invalid_value", "response.output_modalities"),
    ],
)  # fmt: skip
def test_a_wrong_event_is_named(text: str, code: str, param: str) -> None:
    assert refused(lambda: client_event(text)) == (code, param)


def test_an_event_is_read() -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
    event = client_event(json.dumps({"type": "conversation.item.create", "item": item, "event_id": "e1", "more": 1}))
    assert isinstance(event, ItemCreate) and event.event_id == "e1" and event_id_of('{"event_id": "e2"') is None


def test_a_session_is_changed_in_parts_and_only_in_ga_shapes() -> None:
    first = new_session("gpt-realtime", 5)
    vad = {"type": "semantic_vad", "eagerness": "low"}
    given = {"type": "realtime", "instructions": "Hi", "audio": {"input": {"turn_detection": vad}, "output": {"voice": "marin"}}}
    second = updated(first, given)
    assert second.audio.input.format.type == "audio/pcm" and second.id == first.id
    settings = second.settings()
    assert (settings.persona, settings.voice, settings.speak, settings.acknowledged) == ("Hi", "", True, False)
    assert settings.turns.semantic and settings.turns.silence == 8.0
    third = updated(second, {"type": "realtime", "audio": {"input": {"turn_detection": None}, "output": {"voice": "Ada"}}})
    assert not third.settings().turns.automatic and third.settings().voice == "Ada" and third.instructions == "Hi"
    fast = {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 300}}}}
    assert updated(third, fast).settings().turns.silence == 0.3
    padded = {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad", "prefix_padding_ms": 1_500}}}}
    assert updated(third, padded).settings().turns.prefix == 1.5
    wrong = [
        ({"instructions": "x"}, ("missing_required_parameter", "session.type")),
        ({"type": "transcription"}, ("invalid_value", "session.type")),
        ({"type": "realtime", "modalities": ["text"]}, ("unknown_parameter", "session.modalities")),
        ({"type": "realtime", "voice": "alloy"}, ("unknown_parameter", "session.voice")),
        ({"type": "realtime", "max_output_tokens": 0}, ("invalid_value", "session.max_output_tokens")),
        ({"type": "realtime", "audio": {"output": {"speed": 1.2}}}, ("invalid_value", "session.audio.output.speed")),
        ({"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}, ("invalid_value", None)),
        ({"type": "realtime", "tool_choice": "required"}, ("invalid_value", "session.tool_choice")),
        ({"type": "realtime", "tools": [{"type": "function", "name": "a b"}]}, ("invalid_value", "session.tools.0.name")),
    ]
    impatient = {"type": "server_vad", "idle_timeout_ms": 6000}
    wrong.append(({"type": "realtime", "audio": {"input": {"turn_detection": impatient}}}, ("invalid_value", None)))
    for given, (code, param) in wrong:
        found = refused(lambda given=given: updated(third, given))  # type: ignore[misc]
        assert found[0] == code and param in (None, found[1]), given


def test_what_a_response_may_not_have_of_its_own_is_refused() -> None:
    """What differs from the session is named; what is the same is taken. Without a choice of tools there are none."""
    tool = {"type": "function", "name": "tide"}
    session = updated(new_session("m", 5), {"type": "realtime", "tools": [tool], "max_output_tokens": 50})
    check_response(
        session, {"tools": [tool], "max_output_tokens": 50, "tool_choice": "auto", "audio": {"output": {"voice": "default"}}}
    )
    assert session.settings().tools and not updated(session, {"type": "realtime", "tool_choice": "none"}).settings().tools
    for name, value in {
        "tools": [],
        "max_output_tokens": 5,
        "tool_choice": "none",
        "audio": {"output": {"voice": "Ada"}},
    }.items():
        assert refused(lambda n=name, v=value: check_response(session, {n: v})) == ("unsupported_value", f"response.{name}")  # type: ignore[misc]


def test_items_stand_where_they_were_put() -> None:
    items = ItemList()
    for id, after in (("b", None), ("d", None), ("a", ROOT), ("c", "b")):
        items.add(KeptItem({"id": id}, f"of {id}"), after)
    assert [items.before(id) for id in "abcd"] == [None, "a", "b", "c"] and items.last == "d"
    assert refused(lambda: items.add(KeptItem({"id": "a"}))) == ("item_already_exists", "item.id")
    assert refused(lambda: items.add(KeptItem({"id": "e"}), "x"))[1] == "previous_item_id"
    assert items.remove("b").of_session == "of b" and items.get("b") is None and items.of_session("") is None


def test_a_client_that_has_made_too_many_items_does_not_end_the_talk() -> None:
    items = ItemList()
    for number in range(MOST_ITEMS):
        items.check_room()
        items.add(KeptItem({"id": f"i{number}"}), ROOT)
    assert refused(items.check_room) == ("too_many_items", "item")
    assert items.add(KeptItem({"id": "said"})) == "i0" and items.last == "said"


def test_a_burst_is_let_through_and_a_flood_is_not() -> None:
    allowance = EventAllowance(0.0)
    assert all(allowance.take(0.0) for _ in range(MOST_EVENTS)) and not allowance.take(0.0)
    assert allowance.take(10 / EVENTS_PER_SECOND) and all(allowance.take(1 + at / EVENTS_PER_SECOND) for at in range(5_000))


@pytest.mark.parametrize(
    ("pieces", "passed", "asked"),
    [
        (['{"ca', 'll": "tide", "arg', 'uments": {"at": 1}}'], "", ("tide", '{"at": 1}')),
        (["```json\n", '{"call": "tide"}', "\n```"], "", ("tide", "{}")),
        (["At ", "noon."], "At noon.", None),
        (["{not", " a call}"], "{not a call}", None),
        (['{"call": "other", "arguments": {}}'], '{"call": "other", "arguments": {}}', None),
        (["`", "code` is a word"], "`code` is a word", None),
    ],
)
def test_a_call_is_told_from_an_answer(pieces: list[str], passed: str, asked: tuple[str, str] | None) -> None:
    calls = CallFilter([SessionTool("tide", "When it is high.", {})])
    said = "".join(map(calls.feed, pieces)) + calls.finish()
    assert said == passed
    assert (None if calls.asked is None else (calls.asked.name, calls.asked.arguments)) == asked
