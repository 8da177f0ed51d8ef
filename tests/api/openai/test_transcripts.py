"""The OpenAI-compatible routes, driven by the real openai client against a running studio; and /transcribe by gradio_client."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import openai
import pytest
from gradio_client import handle_file

from media.audio.decode import decode_audio, probe
from media.text.formats import parse_srt
from tests.engines.transcription import whisper_script
from tests.engines.transcription.conftest import SPOKEN
from tests.servers import RunningStudio, running_studio

pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
SAID = "has never been surpassed"


@pytest.fixture(scope="module")
def api(server: RunningStudio) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def transcript(api: openai.OpenAI, shape: Any, **more: Any) -> Any:
    with SPOKEN.open("rb") as file:
        return api.audio.transcriptions.create(file=file, model="pocketsphinx", response_format=shape, **more)


def test_models_are_the_engines_that_are_ready(api: openai.OpenAI) -> None:
    names = [model.id for model in api.models.list()]
    assert {"auto", "hibari", "espeak", "pocketsphinx"} <= set(names)
    assert "whisper-gpu" not in names
    assert api.models.retrieve("hibari").owned_by == "greenroom"
    with pytest.raises(openai.NotFoundError) as caught:
        api.models.retrieve("nope")
    assert caught.value.code == "model_not_found"


def test_every_response_format_of_a_transcript(api: openai.OpenAI) -> None:
    assert transcript(api, "json").text == SAID
    assert transcript(api, "text").strip() == SAID
    assert parse_srt(transcript(api, "srt"))[0].text == SAID
    assert transcript(api, "vtt").startswith("WEBVTT")
    verbose = transcript(api, "verbose_json", timestamp_granularities=["word", "segment"])
    assert [word.word for word in verbose.words] == SAID.split()
    assert verbose.language == "en" and verbose.segments[0].text == SAID and 0 < verbose.words[0].end < 1.8


@pytest.mark.parametrize("shape", ("mp3", "opus", "aac", "flac", "wav"))
def test_speech_in_every_format(api: openai.OpenAI, shape: Any, tmp_path: Path) -> None:
    answer = api.audio.speech.create(model="hibari", voice="heart", input="Good morning to you.", response_format=shape)
    path = tmp_path / f"speech.{shape}"
    path.write_bytes(answer.content)
    assert 0.8 < probe(path).duration < 4
    assert answer.response.headers["content-type"].startswith("audio/")


def test_pcm_is_24_kilohertz_and_speed_shortens(api: openai.OpenAI) -> None:
    usual, quick = (
        api.audio.speech.create(model="hibari", voice="heart", input="Good morning.", response_format="pcm", speed=speed).content
        for speed in (1.0, 1.8)
    )
    assert 0.5 < len(usual) / 2 / 24_000 < 3 and np.frombuffer(usual, "<i2").max() > 3_000
    assert len(quick) < 0.8 * len(usual)


@pytest.mark.parametrize("shape", ("wav", "mp3", "pcm"))
def test_a_stream_brings_the_sentences_one_by_one(api: openai.OpenAI, shape: Any) -> None:
    text = " ".join(f"This is sentence number {number} of a {shape} stream." for number in range(5))
    more = {"response_format": shape, "stream_format": "audio"}
    with api.audio.speech.with_streaming_response.create(model="hibari", voice="auto", input=text, **more) as answer:
        parts = list(answer.iter_bytes())
    whole = b"".join(parts)
    assert len(parts) > 3
    if shape == "pcm":
        seconds = len(whole) / 2 / 24_000
    else:
        with av.open(io.BytesIO(whole), "r") as container:
            seconds = sum(float(frame.samples) / frame.sample_rate for frame in container.decode(audio=0))
    assert 8 < seconds < 25


def test_errors_have_openais_shape(api: openai.OpenAI) -> None:
    for wrong, sort, param, words in (
        ({"model": "nope", "voice": "auto", "input": "Hello."}, openai.NotFoundError, "model", 'no model "nope"'),
        ({"model": "pocketsphinx", "voice": "auto", "input": "Hello."}, openai.BadRequestError, "model", "does not do this"),
        ({"model": "hibari", "voice": "alloy", "input": "Hello."}, openai.NotFoundError, "voice", "hibari/"),
        ({"model": "hibari", "voice": "nobody", "input": "Hello."}, openai.NotFoundError, None, "nobody"),
        ({"model": "hibari", "voice": "heart", "input": "Hello.", "speed": 4.0}, openai.BadRequestError, "speed", "4 times"),
        ({"model": "hibari", "voice": "heart", "input": ""}, openai.BadRequestError, None, "input"),
    ):
        with pytest.raises(sort) as caught:
            api.audio.speech.create(**wrong)  # type: ignore[call-overload]
        body = caught.value.body
        assert isinstance(body, dict) and set(body) == {"message", "type", "param", "code"}
        assert body["type"] == "invalid_request_error" and body["param"] == param and words in body["message"]
    for more, words in (
        ({"language": "de"}, '"de"'),
        ({"timestamp_granularities": ["letter"]}, '"letter"'),
        ({"stream": True, "response_format": "srt"}, "srt cannot be streamed"),
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            transcript(api, **{"shape": more.pop("response_format", "json"), **more})  # type: ignore[attr-defined]
        assert words in refused.value.message
    with pytest.raises(openai.BadRequestError, match='"xx"'), SPOKEN.open("rb") as file:
        api.audio.transcriptions.create(file=file, model="whisper-1", language="xx")


def test_openais_voices_are_answered_with_ours(api: openai.OpenAI) -> None:
    for stream in ({}, {"extra_body": {"stream_format": "audio"}}):
        with pytest.raises(openai.NotFoundError) as caught:
            api.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", **stream)  # type: ignore[arg-type]
        assert caught.value.code == "voice_not_found"
        assert "“alloy”" in caught.value.message and "auto, " in caught.value.message and "hibari/" in caught.value.message


@pytest.mark.parametrize("body", ["[" * 100_000, '{"input":' * 50_000, "[1]", "{", "null"], ids=range(5))
def test_a_body_of_another_shape_is_refused(server: RunningStudio, body: str) -> None:
    answer = httpx.post(f"{server.url}/v1/audio/speech", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


def test_a_transcript_is_streamed_as_events(api: openai.OpenAI) -> None:
    with SPOKEN.open("rb") as file:
        events = list(api.audio.transcriptions.create(file=file, model="pocketsphinx", stream=True))
    *deltas, done = events
    assert {event.type for event in deltas} == {"transcript.text.delta"} and done.type == "transcript.text.done"
    assert "".join(event.delta for event in deltas) == done.text == SAID  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # of the openai package
def test_what_cannot_translate_is_refused(api: openai.OpenAI) -> None:
    for model, words in (("pocketsphinx", "does not translate"), ("whisper-1", "No engine that is ready translates")):
        with pytest.raises(openai.BadRequestError, match=words), SPOKEN.open("rb") as file:
            api.audio.translations.create(file=file, model=model)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # of the openai package
def test_whisper_translates(tmp_path: Path, weights: Path) -> None:
    with (
        running_studio(tmp_path / "data", GREENROOM_DATA__WEIGHTS=json.dumps([str(weights)])) as studio,
        openai.OpenAI(base_url=f"{studio.url}/v1", api_key="none", max_retries=0) as client,
        SPOKEN.open("rb") as file,
    ):
        assert client.audio.translations.create(file=file, model="whisper-1").text == whisper_script.TRANSLATED
        file.seek(0)
        verbose = client.audio.translations.create(file=file, model="faster-whisper", response_format="verbose_json")
        assert verbose.text == whisper_script.TRANSLATED
        file.seek(0)
        assert client.audio.transcriptions.create(file=file, model="whisper-1").text == whisper_script.SAID


def test_transcribe_through_the_public_api(client: Any) -> None:
    text, subtitles, job = client.predict(handle_file(str(SPOKEN)), "pocketsphinx", "en", api_name="/transcribe")
    assert text == SAID and job["state"] == "done" and job["kind"] == "transcription"
    path = Path(subtitles["path"] if isinstance(subtitles, dict) else subtitles)
    assert parse_srt(path.read_text())[0].text == SAID
    assert decode_audio(SPOKEN).duration > parse_srt(path.read_text())[0].end
