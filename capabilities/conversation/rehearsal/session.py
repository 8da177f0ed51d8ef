"""One rehearsal with one page, which exchanges messages with it.

All methods run on the event loop. The recogniser has a thread of its own, and files are read and written in others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from capabilities.conversation.rehearsal.actions import (
    Action,
    Following,
    LineOver,
    PlayLine,
    Prompt,
    SceneOver,
    YourTurn,
    summary,
)
from capabilities.conversation.rehearsal.recogniser import (
    Heard,
    LineRecogniser,
    RecogniserEvent,
    RecogniserFailed,
    RecogniserReady,
    SpeechActivity,
)
from capabilities.conversation.rehearsal.rehearsal import Rehearsal
from capabilities.conversation.rehearsal.report import FOLDER, RehearsalRecord, as_fields
from capabilities.conversation.rehearsal.scene import scene_of
from studio.errors import GreenroomError, InvalidInput, storage_error_of
from studio.services import Services

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Begin(_Message):
    """The first message: which narration, whose part, at which line, and how.

    Args:
        prompt_after: seconds of silence before help; 0 = never.
        microphone: whether the page will send sound; without it a line is over when the person says so.
    """

    type: Literal["begin"]
    narration: str = Field(max_length=200)
    part: str = Field("", max_length=200)
    line: int = Field(0, ge=0, le=1_000_000)
    prompt_after: float = Field(4.0, ge=0, le=60)
    microphone: bool = True


class Played(_Message):
    """A line of another part was heard to its end."""

    type: Literal["played"]
    index: int = Field(ge=0, le=1_000_000)


class GoTo(_Message):
    """Go on at this line."""

    type: Literal["go"]
    index: int = Field(ge=0, le=1_000_000)


class Plain(_Message):
    """A prompt was heard; the line is over; help me; the page hears nothing with its microphone."""

    type: Literal["prompted", "said", "prompt", "deaf"]


ClientMessage = Played | GoTo | Plain
_CLIENT = TypeAdapter[ClientMessage](ClientMessage)


def client_message(text: str) -> ClientMessage:
    """Parse a message of a page.

    Raises:
        InvalidInput: it is none of the messages above.
    """
    try:
        return _CLIENT.validate_json(text)
    except ValidationError:
        raise InvalidInput("rehearsal.message-unknown") from None


class RehearsalSession:
    """Runs one rehearsal. `tell` is called with each message for the page; it must not block."""

    def __init__(self, services: Services, begin: Begin, tell: Callable[[dict[str, Any]], None]) -> None:
        self._services, self._begin, self._tell = services, begin, tell
        self._ear: LineRecogniser | None = None
        self._listened = -1
        self._loop = asyncio.get_running_loop()
        self._writing = asyncio.Lock()

    async def open(self) -> None:
        """Read the scene, begin at the requested line, and start the recogniser.

        Raises:
            NotFound, InvalidInput: there is no such narration or part.
        """
        begin = self._begin
        scene = await asyncio.to_thread(scene_of, self._services.library, begin.narration)
        self._run = Rehearsal(scene, begin.part, begin.prompt_after)
        self._record = RehearsalRecord(self._services.paths.root / FOLDER, scene, begin.part)
        if begin.microphone:
            self._ear = LineRecogniser(self._services, scene.language, lambda event: self._soon(event))
        else:
            await self._do(self._run.go_to(begin.line, self._now()))

    def sound(self, pcm: bytes) -> None:
        """The next sound of the page's microphone: 16-bit samples, mono at 16 kHz."""
        if self._ear and self._run.listening:
            self._ear.feed(pcm)

    async def receive(self, message: ClientMessage) -> None:
        """Handle a message of the page."""
        run, now = self._run, self._now()
        match message:
            case Played(index=index):
                await self._do(run.played(index, now))
            case GoTo(index=index):
                await self._do(run.go_to(index, now))
            case Plain(type="prompted"):
                await self._do(run.prompt_played(now))
            case Plain(type="said"):
                await self._do(run.said(now))
            case Plain(type="prompt"):
                await self._do(run.prompt(now))
            case Plain():
                self._close_ear()

    async def tick(self) -> None:
        """Time has passed; called every `TICK_SECONDS`."""
        if self._ear:
            await self._do(self._run.tick(self._now()))

    async def close(self) -> None:
        """End, and add the report to the library."""
        self._close_ear()
        if hasattr(self, "_record"):
            await self._finish()

    # Inside

    def _soon(self, event: RecogniserEvent) -> None:
        """From the ear's thread."""
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._from_ear(event), self._loop)

    async def _from_ear(self, event: RecogniserEvent) -> None:
        run, now = self._run, self._now()
        match event:
            case RecogniserReady(title=title, exact=exact):
                self._tell({"type": "ear", "title": title, "exact": exact})
                await self._do(run.go_to(self._begin.line, now))
            case SpeechActivity(going_on=going_on):
                self._tell({"type": "speech", "going_on": going_on})
                await self._do(run.speech(now, going_on=going_on))
            case Heard(line=line, text=text) if run.listening and line == self._listened:
                await self._do(run.heard(text, now))
            case RecogniserFailed(error=error):
                begun = self._ear is not None and run.listening
                self._close_ear()
                self._tell({"type": "deaf", **error.as_dict()})
                if not begun:
                    await self._do(run.go_to(self._begin.line, now))
            case _:
                pass

    def _close_ear(self) -> None:
        if self._ear:
            self._ear.close()
            self._ear = None

    def _now(self) -> float:
        return time.monotonic()

    async def _do(self, actions: Iterable[Action]) -> None:
        """Tell the page, and have the ear listen to the right line."""
        for action in actions:
            match action:
                case PlayLine(index=index, start=start, end=end):
                    self._listen(index, "")
                    self._tell({"type": "play", "index": index, "start": start, "end": end})
                case YourTurn(index=index):
                    self._listen(index, self._run.expected)
                    self._tell({"type": "yours", "index": index})
                case Following(index=index, followed=followed):
                    words = [[mark.text, mark.state.value, mark.heard] for mark in followed.marks]
                    self._tell({"type": "following", "index": index, "words": words})
                case Prompt(index=index, text=text, start=start, end=end):
                    self._tell({"type": "prompt", "index": index, "text": text, "start": start, "end": end})
                case LineOver(result=result):
                    self._tell({"type": "over", **as_fields(result)})
                    await self._note()
                case SceneOver(results=results):
                    self._listen(-1, "")
                    self._tell({"type": "end", **summary(results)})
                    await self._finish()

    def _listen(self, line: int, text: str) -> None:
        self._listened = line
        if self._ear:
            self._ear.listen(line, text)

    @property
    def _results(self) -> list[Any]:
        return [self._run.results[at] for at in sorted(self._run.results)]

    async def _note(self) -> None:
        async with self._writing:
            try:
                await asyncio.to_thread(self._record.note, self._results)
            except OSError as error:
                log.warning("A rehearsal could not be kept: %s", storage_error_of(error) or type(error).__name__)

    async def _finish(self) -> None:
        async with self._writing:
            try:
                saved = await asyncio.to_thread(self._record.finish, self._results, self._services.library)
            except GreenroomError as error:
                self._tell({"type": "unsaved", **error.as_dict()})
                return
            if saved is not None:
                self._tell({"type": "saved", "output": saved.id})
            self._run.results.clear()
            self._record = RehearsalRecord(self._services.paths.root / FOLDER, self._run.scene, self._run.part)
