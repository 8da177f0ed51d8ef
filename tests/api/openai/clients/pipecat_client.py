"""pipecat's OpenAIRealtimeLLMService against a studio, its address alone changed; runs in the clients' own environment.

Prints what came of it as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loguru import logger
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    LLMRunFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import WorkerRunner
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.realtime.events import (
    AudioConfiguration,
    AudioInput,
    InputAudioTranscription,
    SessionProperties,
)
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService

PATIENCE = 90.0


class Listener(FrameProcessor):
    """What comes out of the service."""

    def __init__(self) -> None:
        super().__init__()
        self.sound, self.words = 0, ""
        self.errors: list[str] = []
        self.heard: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.sound += len(frame.audio)
        elif isinstance(frame, TTSTextFrame):
            self.words += frame.text
        elif isinstance(frame, ErrorFrame):
            self.errors.append(frame.error)
        elif isinstance(frame, TranscriptionFrame):
            self.heard.append(frame.text)
        await self.push_frame(frame, direction)


async def until(wanted: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not wanted():
            await asyncio.sleep(0.02)


def _heard() -> SessionProperties:
    return SessionProperties(audio=AudioConfiguration(input=AudioInput(transcription=InputAudioTranscription())))


async def talk(base_url: str, pcm: str) -> dict[str, Any]:
    called: list[str] = []

    async def tide(params: Any) -> None:
        called.append(params.arguments["place"])
        await params.result_callback("It is high at noon.")

    place = {"place": {"type": "string", "description": "where"}}
    tools = ToolsSchema(standard_tools=[FunctionSchema("tide", "When the tide is high.", place, ["place"])])
    service = OpenAIRealtimeLLMService(
        api_key="none",
        base_url=base_url,
        settings=OpenAIRealtimeLLMService.Settings(
            model="greenroom", system_instruction="You know the sea.", session_properties=_heard()
        ),
    )
    service.register_function("tide", tide)
    context = LLMContext([{"role": "user", "content": "When is high water?"}], tools)
    pair = LLMContextAggregatorPair(context)
    before, after = Listener(), Listener()
    pipeline = Pipeline([pair.user(), before, service, after, pair.assistant()])
    params = PipelineParams(audio_in_sample_rate=24_000, audio_out_sample_rate=24_000)
    worker = PipelineWorker(pipeline, params=params, enable_rtvi=False, cancel_on_idle_timeout=False)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await worker.queue_frames([LLMRunFrame()])
    await until(lambda: called and "noon" in after.words)
    first, sound = after.words, after.sound
    data = Path(pcm).read_bytes()
    for at in range(0, len(data) - 4_799, 4_800):
        await worker.queue_frames([InputAudioRawFrame(data[at : at + 4_800], 24_000, 1)])
        await asyncio.sleep(0.1)
    await until(lambda: (before.heard or after.heard) and "Indeed" in after.words)
    told = {
        "first": first, "sound": sound, "called": called, "words": after.words, "heard": before.heard + after.heard,
        "errors": before.errors + after.errors,
    }  # fmt: skip
    await worker.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return told


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    sys.stdout.write(json.dumps(asyncio.run(talk(*sys.argv[1:3]))))
