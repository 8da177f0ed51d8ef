"""What a conversation can be told, and who may listen in: the contract between a session and all that use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from capabilities.conversation.session.events import SessionEvent, ToolCall
from capabilities.conversation.session.settings import SessionSettings


@dataclass(frozen=True)
class HistoryItem:
    """One side's words as the mind remembers them: of a reply only what was heard. `id`: of the turn or the reply."""

    id: str
    role: Literal["user", "assistant", "tool", "system"]
    text: str
    complete: bool = True
    call: ToolCall | None = None


class SessionObserver(Protocol):
    """Listens in on a session, on its event loop; both calls return at once and raise nothing."""

    def person_sound(self, at: int, pcm: bytes) -> None:
        """Sound of the person, whose first sample lies at `at` on the session's clock."""

    def event(self, event: SessionEvent) -> None:
        """The same events as `ConversationSession.events`, before they are given out."""


class ConversationSession(Protocol):
    """A conversation. All calls on its event loop. After `close` every one does nothing."""

    id: str
    settings: SessionSettings

    @property
    def now(self) -> int:
        """The session's clock."""

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said on both sides, oldest first."""

    async def open(self) -> None:
        """Lease what listens, thinks and speaks, warm it, and begin.

        Raises:
            GreenroomError: something is missing or does not fit; nothing is held then.
        """

    def events(self) -> AsyncIterator[SessionEvent]:
        """Everything that happens, once, until `SessionEnded`; for one reader."""

    def feed(self, pcm: bytes) -> None:
        """The next sound of the person: 16-bit samples, mono at `CLOCK_RATE`."""

    def played(self, stream: int, sample: int) -> None:
        """The listener has played this stream's reply up to this sample of the reply."""

    async def commit(self) -> None:
        """What was fed since the last turn is a turn, whatever silence follows."""

    async def clear(self) -> None:
        """Forget what was fed since the last turn."""

    async def send_text(self, text: str, *, respond: bool = True) -> str:
        """A turn of the person in writing; the turn's id. A reply that is going on is cut."""

    async def remember(self, role: Literal["assistant", "system"], text: str) -> str:
        """Words that the mind is to know of as its own, or as told to it, without an answer; the item's id."""

    async def respond(self, instructions: str = "") -> str:
        """Answer what was said so far, once; the reply's id. `instructions` are added to the persona for this reply."""

    async def tool_result(self, call: str, output: str) -> None:
        """What a tool gave; `respond` goes on."""

    async def cancel(self) -> None:
        """Stop the reply that is going on."""

    async def truncate(self, reply: str, sample: int) -> None:
        """The listener played a reply only up to this sample: later words were not heard, and are forgotten."""

    async def delete(self, item: str) -> bool:
        """Take a turn or a reply out of the history; whether it was there."""

    async def was_no_interruption(self) -> None:
        """The person says that the last stop was none: the reply goes on where it was stopped."""

    async def update(self, settings: SessionSettings) -> None:
        """Work in this way from now on.

        Raises:
            GreenroomError: it cannot be; nothing has changed.
        """

    async def close(self) -> None:
        """End, and give everything back."""
