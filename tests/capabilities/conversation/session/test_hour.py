"""An hour of conversation by a simulated clock, its account kept, over a sound card with a clock of its own."""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import threading
from pathlib import Path
from types import FunctionType, ModuleType

import numpy as np
import pytest

from capabilities.conversation.account.accounts import ConversationAccounts
from capabilities.conversation.account.model import ConversationTurn
from capabilities.conversation.account.observer import AccountKeeper
from capabilities.conversation.account.recorder import ConversationRecorder
from capabilities.conversation.session.events import CLOCK_RATE, SOUND_RATE, SessionEvent, SoundChunk
from capabilities.conversation.session.live import LiveSession
from tests.capabilities.conversation.session.simulated import Simulation, hum, voice

MINUTES = 60
PICTURE = 1 / 25
"""Seconds; also the step of this clock."""
FAST = 1.0002
"""The sound card's clock against the session's: 0.7 s in an hour, as cheap ones have it."""

LINE = " ".join(f"word{number}" for number in range(30)) + "."


class LongTalk(Simulation):
    """Keeps no events, so that what grows is the session's own; knows when each sample of a reply was really played."""

    kept: AccountKeeper
    apart = 0.0
    """How far what the session takes to be at the loudspeaker was from what was, in seconds, at most."""

    def __init__(self) -> None:
        super().__init__(LINE)
        self.truth: dict[str, list[tuple[int, float]]] = {}

    def event(self, event: SessionEvent) -> None:
        self.listener.receive(event)
        self.kept.event(event)
        if isinstance(event, SoundChunk) and event.reply not in self.truth:
            self.truth[event.reply] = []

    def stepped(self) -> None:
        reply = self.session._replies.current
        played, self.listener.played = self.listener.played, []
        if reply is None or not played:
            return
        self.truth[reply.id].append((self.listener.position, self.time))
        at = reply.playback.at_clock(self.session.now)
        self.apart = max(self.apart, abs(at - self.listener.position) / SOUND_RATE)

    async def pass_on(self, seconds: float, *, speech: bool = False) -> None:
        await self.run(seconds, speech=speech, step=int(PICTURE * CLOCK_RATE), pace=FAST)
        self.mind.asked.clear()

    async def minute(self, chance: random.Random) -> None:
        """Three answers: one is heard to its end, one is cut, one is hummed over; then silence."""
        until = self.time + 60
        for turn in range(3):
            self.ear.text, self.sound = "What is the next one about, please?", voice
            await self.pass_on(1.0, speech=True)
            await self.pass_on(1.2 + chance.uniform(0, 4))
            if turn == 1:
                await self.session.cancel()
            elif turn == 2:
                self.sound, self.ear.text = hum, "Mhm."
                await self.pass_on(0.4, speech=True)
            await self.pass_on(8)
        await self.pass_on(until - self.time)


def held_bytes(talk: LongTalk) -> int:
    """Of everything that hangs on the session and on who keeps its account; without what the test notes, modules and classes."""
    seen = {id(one) for one in (talk, talk.listener, talk.mind, talk.ear)}
    waiting: list[object] = [talk.session, talk.kept._sounding, talk.kept._turns]
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, ModuleType | type | FunctionType) or (isinstance(one, dict) and "__spec__" in one):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        waiting += gc.get_referents(one)
    return total


def worst_word(talk: LongTalk, turns: tuple[ConversationTurn, ...]) -> float:
    """How far the end of a word lies in the account from when its sound had been played, in seconds, at most."""
    worst = 0.0
    for turn in turns:
        track = talk.truth.get(turn.id)
        if track and turn.words:
            samples, times = zip(*track, strict=True)
            ends = np.cumsum([round(SOUND_RATE * 0.25)] * len(turn.words))
            found = np.array([word.end for word in turn.words])
            worst = max(worst, float(np.abs(found - np.interp(ends, samples, times)).max()))
    return worst


@pytest.mark.slow
@pytest.mark.no_cover  # each step of the session has tests of its own; measured, an hour of them takes four times as long
def test_an_hour_neither_drifts_nor_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A face that is drawn by the session's word lies within a picture of the sound after an hour, and so do the words that are
    written down; what the session and its account hold does not grow beyond the words themselves."""
    monkeypatch.setattr(ConversationRecorder, "sound", lambda *ignored: None)  # 290 MB on a disk, and nothing of it is looked at

    async def run() -> None:
        chance, accounts = random.Random(7), ConversationAccounts(tmp_path)
        talk = LongTalk()
        talk.kept = AccountKeeper(accounts)
        await talk.open()
        reading = asyncio.create_task(_read(talk.session))
        held: dict[int, int] = {}
        for minute in range(1, MINUTES + 1):
            await talk.minute(chance)
            if minute in (MINUTES // 4, MINUTES):
                held[minute] = held_bytes(talk)
        conversation, said = talk.kept.id, len(talk.session.history)
        assert talk.session.now >= MINUTES * 60 * CLOCK_RATE and said >= 5 * MINUTES
        await talk.session.close()
        await reading
        assert held[MINUTES] < 1.2 * held[MINUTES // 4] + 300_000, held
        assert talk.apart <= PICTURE
        for one in threading.enumerate():
            if one.name == "conversation ends":
                one.join()
        turns = accounts.get(conversation).turns
        assert len(turns) == said and worst_word(talk, turns) <= PICTURE + 0.001

    asyncio.run(run())


async def _read(session: LiveSession) -> None:
    async for _ in session.events():
        pass
