"""LiveKit's RealtimeModel against a studio, its address alone changed; runs in the clients' own environment.

Prints what came of it as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
from livekit import rtc
from livekit.agents import function_tool, llm
from livekit.plugins.openai.realtime import RealtimeModel

PATIENCE = 90.0


@function_tool
async def tide(place: str) -> str:
    """When the tide is high.

    Args:
        place: where.
    """
    return "It is high at noon."


async def the_call(session: Any) -> Any:
    """The function that the next answer asks for."""
    generation = await asyncio.wait_for(session.generate_reply(), PATIENCE)
    async for call in generation.function_stream:
        return call
    raise AssertionError("no call")


async def answer(session: Any, *, cut: bool = False) -> tuple[str, float]:
    """Words and milliseconds of sound of the next answer; `cut`: it is interrupted with its first sound."""
    generation = await asyncio.wait_for(session.generate_reply(), PATIENCE)
    async for message in generation.message_stream:
        reading = asyncio.create_task(_words(message.text_stream))
        sound = 0.0
        async for frame in message.audio_stream:
            sound += frame.samples_per_channel / frame.sample_rate * 1000
            if cut:
                session.interrupt()
                session.truncate(message_id=message.message_id, modalities=["audio"], audio_end_ms=int(sound))
                cut = False
        return await reading, sound
    raise AssertionError("no message")


async def _words(stream: Any) -> str:
    return "".join([str(piece) async for piece in stream])


async def talk(base_url: str, pcm: str) -> dict[str, Any]:
    told: dict[str, Any] = {"errors": []}
    async with aiohttp.ClientSession() as http:
        model = RealtimeModel(base_url=base_url, api_key="none", http_session=http, modalities=["audio"])
        session = model.session()
        session.on("error", lambda error: told["errors"].append(str(error.error)))
        heard = asyncio.get_running_loop().create_future()
        session.on(
            "input_audio_transcription_completed",
            lambda event: None if heard.done() or not event.is_final else heard.set_result(event.transcript),
        )
        await session.update_instructions("You know the sea.")
        await session.update_tools([tide])
        context = llm.ChatContext.empty()
        context.add_message(role="user", content="When is high water?")
        await session.update_chat_ctx(context)
        told["first"] = await answer(session)
        context = session.chat_ctx.copy()
        context.add_message(role="user", content="And in Oban?")
        await session.update_chat_ctx(context)
        call = await the_call(session)
        told["called"] = json.loads(call.arguments)["place"]
        context = session.chat_ctx.copy()
        context.items.append(
            llm.FunctionCallOutput(call_id=call.call_id, name=call.name, output="It is high at noon.", is_error=False)
        )
        await session.update_chat_ctx(context)
        told["second"] = await answer(session)
        told["cut"] = await answer(session, cut=True)
        data = Path(pcm).read_bytes()
        for at in range(0, len(data) - 4_799, 4_800):
            session.push_audio(rtc.AudioFrame(data[at : at + 4_800], 24_000, 1, 2_400))
            await asyncio.sleep(0.1)
        told["heard"] = await asyncio.wait_for(heard, PATIENCE)
        told["history"] = [(item.role, item.text_content) for item in session.chat_ctx.items if item.type == "message"]
        await session.aclose()
        await model.aclose()
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(talk(*sys.argv[1:3]))))
