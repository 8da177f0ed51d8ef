"""The engine that asks a Fish server: what it sends, what it makes of the answers, and how it fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.contract import EnginePaths, SpeakingVoice, SpeechRequest
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.fish.http_client import sound_of
from engines.speech.fish.options import FishOptions
from engines.speech.fish.server_engine import FishServer
from media.audio.audio import concatenate
from studio.errors import SettingsError
from studio.settings import load_settings
from tests.engines.contract_suite import TinyRun
from tests.engines.speech.fish.fish_stand_in import Record, serving, tone

ASSETS = Path(__file__).resolve().parents[4] / "assets"
CLIP = ASSETS / "voices" / "LJ001-0008.wav"
REQUEST = SpeechRequest("Hello there, world.", SpeakingVoice(reference=CLIP, transcript="has never been surpassed."), seed=3)
EXPECTED = tone(REQUEST.text, 100.0 + CLIP.stat().st_size % 100)


def opened(url: str, options: FishOptions | None = None) -> FishServer:
    engine = FishServer(EnginePaths(ASSETS, ASSETS, fish_url=url), options or FishOptions(), TinyRun())
    engine.load()
    return engine


def test_clip_words_seed_and_options_reach_the_server_and_its_sound_comes_back() -> None:
    record = Record()
    with serving(record) as url:
        audio = opened(url, FishOptions(temperature=0.5)).synthesize(REQUEST).audio
    asked = record.asked[0]
    assert asked["references"] == [{"audio": CLIP.read_bytes(), "text": "has never been surpassed."}]
    assert (asked["seed"], asked["temperature"], asked["format"], asked["streaming"]) == (3, 0.5, "wav", False)
    assert audio.rate == 44_100
    assert np.abs(audio.samples[:, 0] - EXPECTED).max() < 1e-3


@pytest.mark.parametrize("header", [False, True])
def test_a_stream_is_the_same_sound_with_and_without_a_header(header: bool) -> None:
    with serving(Record(streams_header=header)) as url:
        parts = list(opened(url).stream(REQUEST))
    audio = concatenate(parts)
    assert audio.frames == EXPECTED.size
    assert np.abs(audio.samples[:, 0] - EXPECTED).max() < 1e-3


def test_a_server_that_keeps_references_gets_each_clip_once() -> None:
    record = Record(keeps_references=True)
    with serving(record) as url:
        engine = opened(url)
        first, second = engine.synthesize(REQUEST), engine.synthesize(REQUEST)
        opened(url).synthesize(REQUEST)
    assert first.audio == second.audio
    assert list(record.references.values()) == [(CLIP.read_bytes(), "has never been surpassed.")]
    assert [asked["reference_id"] for asked in record.asked] == list(record.references) * 3
    assert all(asked["references"] == [] for asked in record.asked)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ((400, b'{"message":"Text is too long, max length is 10"}'), "status 400: Text is too long, max length is 10"),
        ((500, b"<html>oh no</html>"), "status 500."),
        ((200, b'{"error":"nothing"}'), "with text and no sound"),
        ((200, b""), "without any sound"),
        ((302, b"elsewhere"), "status 302"),
    ],
)
def test_refusals_are_told_in_words(failure: tuple[int, bytes], words: str) -> None:
    with serving(Record(failure=failure)) as url, pytest.raises(EngineError, match=words):
        opened(url).synthesize(REQUEST)


def test_nobody_there_is_told_and_can_be_tried_again() -> None:
    with serving(Record()) as url:
        pass
    with pytest.raises(EngineError, match="does not answer") as found:
        opened(url)
    assert found.value.retryable


def test_what_it_cannot_take_is_refused_before_anything_is_sent() -> None:
    record = Record()
    with serving(record) as url:
        engine = opened(url)
        for request in (
            replace(REQUEST, text="…"),
            replace(REQUEST, voice=SpeakingVoice(preset="anna")),
            replace(REQUEST, voice=SpeakingVoice()),
            replace(REQUEST, voice=SpeakingVoice(reference=CLIP)),
        ):
            with pytest.raises(EngineError):
                engine.synthesize(request)
    assert record.asked == []


def test_without_an_address_it_is_not_ready_and_says_what_to_do() -> None:
    site = EnginePaths(ASSETS, ASSETS)
    assert "under Settings" in FishServer.readiness(site).next_step
    with pytest.raises(EngineNotReady):
        opened("")
    assert FishServer.readiness(replace(site, fish_url="http://127.0.0.1:1")).ready


def test_sounds_that_are_none_are_refused() -> None:
    with pytest.raises(EngineError, match="unknown kind"):
        list(sound_of(iter([b"RIFF\0\0\0\0WAVEfmt " + b"\x10\0\0\0" + b"\x07\0" * 8 + b"data\0\0\0\0" + bytes(99)])))


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://user:word@127.0.0.1", "http://a b"])
def test_an_address_that_is_none_stops_the_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="fish_url"):
        load_settings(data={"folder": tmp_path}, engines={"fish_url": address})
