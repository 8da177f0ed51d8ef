"""Recognises one stretch after the other; stretches that are no longer needed are skipped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from capabilities.conversation.session.listening.person_turn import PersonTurn
from capabilities.conversation.session.parts.roles import RecogniserPart, Understood
from studio.errors import GreenroomError

QUICK = 0.4
"""An ear that takes more seconds for a stretch is not asked while somebody still speaks: it would be late at the end."""

Answered = Callable[[PersonTurn, int, Understood, bool], None]


class HearingQueue:
    """One stretch is written down at a time, and the latest one waits. For one session, on its event loop.

    Args:
        answered: told the turn, how often it had paused, what was understood, and whether that was asked for at a pause.
        failed: told the turn that will not be understood. tell: told why.
    """

    def __init__(
        self,
        ear: RecogniserPart,
        answered: Answered,
        failed: Callable[[PersonTurn], None],
        tell: Callable[[GreenroomError], None],
    ) -> None:
        self.ear = ear
        self._answered, self._failed, self._tell = answered, failed, tell
        self._next: tuple[PersonTurn, bool] | None = None
        self._task: asyncio.Task[None] | None = None
        self.seconds = QUICK
        """What a stretch takes, as measured."""

    def ask(self, turn: PersonTurn, *, final: bool) -> None:
        """Have the turn so far written down."""
        if not final and (self._task is not None or self.seconds >= QUICK):
            return
        self._next = (turn, final)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def close(self) -> None:
        """Nothing is told any more."""
        self._next = None
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while self._next is not None:
                (turn, final), self._next = self._next, None
                await self._hear(turn, turn.pauses, final)
        finally:
            self._task = None

    async def _hear(self, turn: PersonTurn, pauses: int, final: bool) -> None:
        begun = time.monotonic()
        try:
            found = await self.ear.hear(turn.sound)
        except GreenroomError as error:
            if final:
                self._tell(error)
                self._failed(turn)
            return
        self.seconds = 0.5 * self.seconds + 0.5 * (time.monotonic() - begun)
        self._answered(turn, pauses, found, final)
