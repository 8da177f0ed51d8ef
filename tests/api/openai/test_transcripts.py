"""The OpenAI-compatible routes, driven by the real openai client against a running studio; and /transcribe by gradio_client."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import openai
import pytest
from gradio_client import handle_file

from media.audio.decode import decode_audio, probe
from media.text.formats import parse_srt
from tests.engines.transcription.conftest import SPOKEN
from tests.servers import RunningStudio

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
    assert {"auto", "flite", "espeak", "pocketsphinx"} <= set(names)
    assert "whisper-gpu" not in names
    assert api.models.retrieve("flite").owned_by == "greenroom"
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
    answer = api.audio.speech.create(model="flite", voice="rms", input="Good morning to you.", response_format=shape)
    path = tmp_path / f"speech.{shape}"
    path.write_bytes(answer.content)
    assert 0.8 < probe(path).duration < 4
    assert answer.response.headers["content-type"].startswith("audio/")


def test_pcm_is_24_kilohertz_and_speed_shortens(api: openai.OpenAI) -> None:
    usual, quick = (
        api.audio.speech.create(model="flite", voice="rms", input="Good morning.", response_format="pcm", speed=speed).content
        for speed in (1.0, 1.8)
    )
    assert 0.5 < len(usual) / 2 / 24_000 < 3 and np.frombuffer(usual, "<i2").max() > 3_000
    assert len(quick) < 0.8 * len(usual)


@pytest.mark.parametrize("shape", ("wav", "mp3", "pcm"))
def test_a_stream_brings_the_sentences_one_by_one(api: openai.OpenAI, shape: Any) -> None:
    text = " ".join(f"This is sentence number {number} of a {shape} stream." for number in range(5))
    more = {"response_format": shape, "stream_format": "audio"}
    with api.audio.speech.with_streaming_response.create(model="flite", voice="auto", input=text, **more) as answer:
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
        ({"model": "flite", "voice": "alloy", "input": "Hello."}, openai.NotFoundError, None, "alloy"),
        ({"model": "flite", "voice": "rms", "input": "Hello.", "speed": 4.0}, openai.BadRequestError, "speed", "4 times"),
        ({"model": "flite", "voice": "rms", "input": ""}, openai.BadRequestError, None, "input"),
    ):
        with pytest.raises(sort) as caught:
            api.audio.speech.create(**wrong)  # type: ignore[call-overload]
        body = caught.value.body
        assert isinstance(body, dict) and set(body) == {"message", "type", "param", "code"}
        assert body["type"] == "invalid_request_error" and body["param"] == param and words in body["message"]
    with pytest.raises(openai.BadRequestError) as refused:
        transcript(api, "json", language="de")
    assert '"de"' in refused.value.message


def test_transcribe_through_the_public_api(client: Any) -> None:
    text, subtitles, job = client.predict(handle_file(str(SPOKEN)), "pocketsphinx", "en", api_name="/transcribe")
    assert text == SAID and job["state"] == "done" and job["kind"] == "transcription"
    path = Path(subtitles["path"] if isinstance(subtitles, dict) else subtitles)
    assert parse_srt(path.read_text())[0].text == SAID
    assert decode_audio(SPOKEN).duration > parse_srt(path.read_text())[0].end
