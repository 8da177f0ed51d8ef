"""The running conversations, begun by a page or a program, up to the studio's limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from uuid import uuid4

from capabilities.conversation.session.contract import SessionObserver
from capabilities.conversation.session.events import SessionEvent, Waiting
from capabilities.conversation.session.live import LiveSession
from capabilities.conversation.session.parts.choice import ChosenParts, choose_parts
from capabilities.conversation.session.settings import SessionSettings
from studio.errors import InvalidInput
from studio.services import Services

log = logging.getLogger(__name__)

MOST_SESSIONS = 2
LONGEST_SECONDS = 60 * 60.0
"""After an hour a conversation ends, so that a forgotten page does not hold its engines for ever."""

Observing = Callable[[str, ChosenParts, str], Sequence[SessionObserver]]
"""Makes those who listen in on a session, by its id, what was chosen for it, and by what way it came: "page" or "realtime"."""


class ConversationSessions:
    """One for the studio; all calls on its event loop."""

    def __init__(self, services: Services, observing: Observing = lambda id, parts, via: ()) -> None:
        self._services, self._observing = services, observing
        self._held: dict[str, ExitStack] = {}

    @property
    def going_on(self) -> int:
        return len(self._held)

    async def begin(self, settings: SessionSettings, told: Callable[[SessionEvent], None], via: str = "page") -> LiveSession:
        """A session whose parts are ready; `told` hears what it waits for until then. End it with `end`.

        Raises:
            InvalidInput: as many as there may be are going on. GreenroomError: something is missing or does not fit.
        """
        if len(self._held) >= MOST_SESSIONS:
            raise InvalidInput("talk.too-many", most=MOST_SESSIONS)
        id = uuid4().hex[:12]
        held = self._held[id] = ExitStack()
        try:
            chosen = await asyncio.to_thread(choose_parts, self._services, settings)
            held.enter_context(self._services.live_use.use())
            parts = chosen.made(self._services, lambda part, note: told(Waiting(0, part, note)))
            session = LiveSession(id, settings, parts, observers=self._observing(id, chosen, via))
            await session.open()
        except BaseException:
            self._release(id)
            raise
        return session

    async def end(self, session: LiveSession, why: str = "") -> None:
        """Close it and let go of what it held."""
        try:
            await session.close(why)
        finally:
            self._release(session.id)

    def _release(self, id: str) -> None:
        held = self._held.pop(id, None)
        if held is not None:
            held.close()
