"""/v1/realtime as programs use it: openai-python unchanged, over a real studio, its own voice and a chat server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from openai import AsyncOpenAI
from openai._models import BaseModel as OpenAIModel

from tests.repository.sources import ROOT
from tests.servers import RunningStudio, running_studio
from tests.studio.language.chat_server import ChatServer, chat_server, says

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
PATIENCE = 60.0
TIDE = "The tide comes in twice a day. Then it goes out again, as far as the lighthouse."


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def mind() -> Iterator[ChatServer]:
    with chat_server() as server:
        server.behaviour = says(TIDE)
        yield server


@pytest.fixture(scope="module")
def studio(mind: ChatServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("realtime") / "data", GREENROOM_LANGUAGE__URL=mind.url) as running:
        yield running


class Talk:
    """A connection of openai-python with what came over it. Every event must be one that the package knows."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.seen: list[Any] = []

    async def until(self, *kinds: str) -> Any:
        """The next event of one of these kinds."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event = await self.connection.recv()
                assert type(event) is not OpenAIModel, event
                self.seen.append(event)
                if event.type in kinds:
                    return event
                assert event.type != "error", event.error

    def kinds(self) -> list[str]:
        return [event.type for event in self.seen]

    def audio(self) -> bytes:
        return b"".join(base64.b64decode(event.delta) for event in self.seen if event.type == "response.output_audio.delta")


@asynccontextmanager
async def talk(studio: RunningStudio, **session: Any) -> AsyncIterator[Talk]:
    address = f"{studio.url}/v1"
    client = AsyncOpenAI(api_key="none", base_url=address, websocket_base_url=address.replace("http", "ws", 1))
    async with client.realtime.connect(model="greenroom") as connection:
        one = Talk(connection)
        await one.until("session.created")
        await connection.session.update(session={"type": "realtime", **session})
        assert (await one.until("session.updated")).session.type == "realtime"
        one.seen.clear()
        yield one


async def say(one: Talk, text: str) -> Any:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await one.connection.conversation.item.create(item=item)
    return (await one.until("conversation.item.done")).item


async def test_text_in_and_text_out(studio: RunningStudio, mind: ChatServer) -> None:
    async with talk(studio, output_modalities=["text"], instructions="You know the sea.") as one:
        await say(one, "When is high water?")
        await one.connection.response.create()
        done = (await one.until("response.done")).response
        assert done.status == "completed" and done.output[0].content[0].text == TIDE
        assert "".join(event.delta for event in one.seen if event.type == "response.output_text.delta") == TIDE
        kinds = one.kinds()
        order = [
            "conversation.item.added", "conversation.item.done", "response.created", "response.output_item.added",
            "conversation.item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done",
            "response.content_part.done", "response.output_item.done", "conversation.item.done", "response.done",
        ]  # fmt: skip
        assert [kind for at, kind in enumerate(kinds) if kind != kinds[at - 1] or at == 0] == order
        used = done.usage
        assert (used.input_tokens, used.output_tokens, used.total_tokens) == (11, len(TIDE) // 7, 11 + len(TIDE) // 7)
        assert (used.input_token_details.text_tokens, used.output_token_details.text_tokens) == (11, len(TIDE) // 7)
        told = mind.questions[-1]["messages"]
        assert told[0]["content"].startswith("You know the sea.") and told[-1]["content"] == "When is high water?"


async def test_sound_out_truncated_to_the_word(studio: RunningStudio, mind: ChatServer) -> None:
    """What was not heard is forgotten: the next question carries just the words that were."""
    async with talk(studio) as one:
        await say(one, "When is high water?")
        await one.connection.response.create()
        done = (await one.until("response.done")).response
        item, audio = done.output[0], one.audio()
        assert done.status == "completed" and item.content[0].transcript == TIDE
        sound = np.frombuffer(audio, "<i2")
        assert 3 < sound.size / 24_000 < 12 and np.abs(sound).max() > 1_000
        await one.connection.conversation.item.truncate(item_id=item.id, content_index=0, audio_end_ms=1_200)
        assert (await one.until("conversation.item.truncated")).audio_end_ms == 1_200
        await one.connection.conversation.item.retrieve(item_id=item.id)
        heard = (await one.until("conversation.item.retrieved")).item.content[0].transcript
        assert heard and TIDE.startswith(heard) and len(heard) < len("The tide comes in twice a day. Then")
        await say(one, "And then?")
        await one.connection.response.create()
        await one.until("response.done")
        assert [one["content"] for one in mind.questions[-1]["messages"] if one["role"] == "assistant"] == [heard]
        await one.connection.conversation.item.truncate(item_id=item.id, content_index=0, audio_end_ms=3_600_000)
        assert (await one.until("error")).error.code == "invalid_value"


async def test_cancel_delete_and_errors_as_openai_has_them(studio: RunningStudio, mind: ChatServer) -> None:
    async with talk(studio, output_modalities=["text"]) as one:
        first = await say(one, "One.")
        mind.queued.append(says(TIDE * 40, pause=0.02))
        await one.connection.response.create()
        await one.until("response.output_text.delta")
        await one.connection.response.create()
        assert (await one.until("error")).error.code == "conversation_already_has_active_response"
        await one.connection.response.cancel()
        done = (await one.until("response.done")).response
        assert (done.status, done.status_details.reason) == ("cancelled", "client_cancelled")
        await one.connection.response.cancel()
        assert (await one.until("error")).error.code == "response_cancel_not_active"
        await one.connection.conversation.item.delete(item_id=first.id)
        await one.until("conversation.item.deleted")
        for ask in (one.connection.conversation.item.delete, one.connection.conversation.item.retrieve):
            await ask(item_id=first.id)
            assert (await one.until("error")).error.code.endswith("_invalid_item_id")
        await one.connection.input_audio_buffer.commit()
        assert (await one.until("error")).error.code == "input_audio_buffer_commit_empty"
        await one.connection.send({"type": "session.update", "session": {"type": "realtime", "modalities": ["text"]}})
        error = (await one.until("error")).error
        assert (error.code, error.param) == ("unknown_parameter", "session.modalities")
        await one.connection.send({"type": "response.create", "response": {"max_output_tokens": 5}})
        error = (await one.until("error")).error
        assert (error.code, error.param) == ("unsupported_value", "response.max_output_tokens")
        await one.connection.send({"type": "response.audio.delta", "event_id": "mine"})
        error = (await one.until("error")).error
        assert (error.code, error.param, error.event_id) == ("invalid_value", "type", "mine")


async def test_an_answer_that_was_cut_off_says_so(studio: RunningStudio, mind: ChatServer) -> None:
    async with talk(studio, output_modalities=["text"], max_output_tokens=40) as one:
        await say(one, "When is high water?")
        mind.queued.append(says("The tide comes in twice", reason="length"))
        await one.connection.response.create()
        done = (await one.until("response.done")).response
        assert (done.status, done.status_details.reason) == ("incomplete", "max_output_tokens")
        assert done.output[0].status == "incomplete" and done.usage.output_tokens == 3
        assert mind.questions[-1]["max_tokens"] == 40


async def test_functions_are_called_and_their_results_taken(studio: RunningStudio, mind: ChatServer) -> None:
    tool = {"type": "function", "name": "high_water", "description": "When the tide is high.", "parameters": {"type": "object"}}
    async with talk(studio, tools=[tool]) as one:
        await say(one, "When is high water in Oban?")
        mind.queued.append(says('{"call": "high_water", "arguments": {"place": "Oban"}}'))
        await one.connection.response.create()
        call = await one.until("response.function_call_arguments.done")
        assert (call.name, call.arguments) == ("high_water", '{"place": "Oban"}')
        done = (await one.until("response.done")).response
        assert done.status == "completed" and [item.type for item in done.output] == ["function_call"] and not one.audio()
        output = {"type": "function_call_output", "call_id": call.call_id, "output": '{"at": "noon"}'}
        await one.connection.conversation.item.create(item=output)
        await one.until("conversation.item.done")
        await one.connection.response.create()
        assert (await one.until("response.done")).response.output[0].content[0].transcript == TIDE
        assert '{"at": "noon"}' in mind.questions[-1]["messages"][-1]["content"]


@pytest.mark.parametrize("format", ["audio/pcm", "audio/pcmu", "audio/pcma"])
async def test_a_spoken_turn_committed_by_hand(studio: RunningStudio, format: str) -> None:
    """Sound in and out in each format; the response that is asked for at once waits for the words."""
    rate = 24_000 if format == "audio/pcm" else 8_000
    sides = {"format": {"type": format, **({"rate": rate} if format == "audio/pcm" else {})}}
    audio = {"input": {**sides, "turn_detection": None, "transcription": {"language": "en"}}, "output": sides}
    async with talk(studio, audio=audio) as one:
        await speak(one, format, rate)
        await one.connection.input_audio_buffer.commit()
        await one.connection.response.create()
        words = await one.until("conversation.item.input_audio_transcription.completed")
        added = next(event.item for event in one.seen if event.type == "conversation.item.added")
        assert added.role == "user" and added.content[0].transcript is None, "clients add the words that come to what is there"
        assert "arts and craft" in words.transcript.lower() and 3 < words.usage.seconds < 20
        done = (await one.until("response.done")).response
        assert done.status == "completed"
        wide = 2 if format == "audio/pcm" else 1
        assert 3 < len(one.audio()) / wide / rate < 12
        assert "input_audio_buffer.speech_started" not in one.kinds()


async def speak(one: Talk, format: str, rate: int) -> None:
    from api.openai.realtime.codecs import to_alaw, to_mulaw
    from media.audio.decode import decode_audio
    from media.audio.resample import resample

    sound = resample(decode_audio(ROOT / "assets" / "voices" / "LJ001-0001.wav").mono(), rate).samples[:, 0]
    pcm = np.clip(sound * 32_767, -32_768, 32_767).astype(np.int16)
    write = {"audio/pcm": lambda samples: samples.astype("<i2").tobytes(), "audio/pcmu": to_mulaw, "audio/pcma": to_alaw}[format]
    for at in range(0, pcm.size, rate // 10):
        await one.connection.input_audio_buffer.append(audio=base64.b64encode(write(pcm[at : at + rate // 10])).decode())
