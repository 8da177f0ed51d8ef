"""The interface of a conversation session, and of its observers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from capabilities.conversation.session.events import SessionEvent, ToolCall
from capabilities.conversation.session.settings import SessionSettings


@dataclass(frozen=True)
class HistoryItem:
    """The words of one side in the language model's history: of a reply only what was heard. `id`: of the turn or the reply."""

    id: str
    role: Literal["user", "assistant", "tool", "system"]
    text: str
    complete: bool = True
    call: ToolCall | None = None


class SessionObserver(Protocol):
    """Observes a session, on its event loop; both calls return at once and raise nothing."""

    def person_sound(self, at: int, pcm: bytes) -> None:
        """Sound of the person, whose first sample lies at `at` on the session's clock."""

    def event(self, event: SessionEvent) -> None:
        """The same events as `ConversationSession.events`, before they are yielded."""


class ConversationSession(Protocol):
    """A conversation. All calls on its event loop. After `close` they do nothing."""

    id: str
    settings: SessionSettings

    @property
    def now(self) -> int:
        """The session's clock."""

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said on both sides, oldest first."""

    async def open(self) -> None:
        """Lease and warm recogniser, language model and voice, and begin.

        Raises:
            GreenroomError: something is missing or does not fit; nothing is held then.
        """

    def events(self) -> AsyncIterator[SessionEvent]:
        """Yield all events, once, until `SessionEnded`; for one reader."""

    def feed(self, pcm: bytes) -> None:
        """Add sound of the person: 16-bit samples, mono at `CLOCK_RATE`."""

    def played(self, stream: int, sample: int) -> None:
        """The client has played this stream's reply up to this sample of the reply."""

    async def commit(self) -> None:
        """End the person's turn now, without waiting for silence."""

    async def clear(self) -> None:
        """Discard the sound since the last turn."""

    async def send_text(self, text: str, *, respond: bool = True) -> str:
        """Add a written turn of the person and return its id. A running reply is cut."""

    async def remember(self, role: Literal["assistant", "system"], text: str) -> str:
        """Add words to the history, of either side, without an answer; return the item's id."""

    async def respond(self, instructions: str = "") -> str:
        """Answer the conversation so far, once; return the reply's id. `instructions` are added to the persona for this reply."""

    async def tool_result(self, call: str, output: str) -> None:
        """Set the result of a tool; `respond` continues."""

    async def cancel(self) -> None:
        """Stop the running reply."""

    async def truncate(self, reply: str, sample: int) -> None:
        """The client played a reply only up to this sample: later words count as not heard and are removed from the history."""

    async def delete(self, item: str) -> bool:
        """Remove a turn or a reply from the history; return whether it was there."""

    async def was_no_interruption(self) -> None:
        """The last stop was a mistake, by the person's word: continue the reply where it was stopped."""

    async def update(self, settings: SessionSettings) -> None:
        """Change the settings.

        Raises:
            GreenroomError: they are not valid; nothing has changed.
        """

    async def close(self) -> None:
        """End, and release everything."""
