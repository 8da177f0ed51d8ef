"""The replies of a session: the current one, and how it is ducked, stopped, resumed or cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray

from capabilities.conversation.session.contract import HistoryItem
from capabilities.conversation.session.events import (
    CLOCK_RATE,
    SOUND_RATE,
    Ducked,
    HeardCorrected,
    Paused,
    ReplyBegun,
    ReplyCut,
    ReplyEnded,
    ReplyHeard,
    ReplyMade,
    Resumed,
    SessionEvent,
    SoundChunk,
)
from capabilities.conversation.session.history import ConversationHistory
from capabilities.conversation.session.reply import Reply
from capabilities.conversation.session.speaking.playback import Playback
from capabilities.conversation.session.values import AsideKind, CutReason, TurnTimes

KEPT = 8
"""Replies that are over and may still be reported on."""

LATELY = 400
"""Characters of a reply that may come back as an echo."""


class Replies:
    """At most one is current. Synchronous, on the session's event loop.

    Args:
        emit: takes events. now: the session's clock. ended: told of a reply that is over, so that nothing more of it is made.
    """

    def __init__(
        self,
        history: ConversationHistory,
        *,
        emit: Callable[[SessionEvent], None],
        now: Callable[[], int],
        ended: Callable[[Reply], None],
    ) -> None:
        self._history, self._emit, self._now, self._ended = history, emit, now, ended
        self.current: Reply | None = None
        self.held_back = False
        """Nothing new is sent of a reply that has not begun to sound: the person may be going on."""
        self._ducked = False
        self._stream = 0
        self._over: deque[Reply] = deque(maxlen=KEPT)
        self._interrupted: Reply | None = None

    @property
    def sounding(self) -> bool:
        """Whether the current reply is being heard, or was and is stopped."""
        return self.current is not None and (self.current.playback.sent > 0 or self.current.playback.played > 0)

    @property
    def held(self) -> bool:
        """Whether it is stopped until it is known what the person wants."""
        return self.current is not None and self.current.playback.paused

    def drafted(self, id: str, to: str, *, acknowledged: bool) -> Reply:
        """One that may be wanted soon; see `begin`."""
        playback = Playback(0, acknowledged=acknowledged)
        return Reply(id, to, playback, TurnTimes(), emit=self._emit, now=self._now, made=self.send)

    def begin(self, reply: Reply, times: TurnTimes) -> None:
        """A new one, in place of the current. `times`: of the turn that it answers."""
        self.cut(CutReason.INTERRUPTED)
        self._stream += 1
        reply.playback.number(self._stream)
        self.current, self._ducked = reply, False
        self._emit(ReplyBegun(self._now(), reply.id, reply.to))
        reply.adopt(times)
        self.send()

    # The listener

    def send(self) -> None:
        """Give out the sound that is due, and end the reply where it was heard to its end."""
        reply = self.current
        if reply is None or (self.held_back and not self.sounding):
            return
        before = reply.playback.played
        for packet in reply.playback.due(self._now()):
            reply.sounded()
            self._emit(SoundChunk(self._now(), reply.id, packet.stream, packet.first, packet.pcm))
        if reply.playback.complete and not reply.told_made and reply.playback.sent >= reply.playback.made:
            reply.told_made = True
            self._emit(ReplyMade(self._now(), reply.id))
        if reply.playback.played > before:
            self._heard(reply)
        if reply.playback.over and not reply.playback.paused:
            self._end(reply)

    def played(self, stream: int, sample: int) -> None:
        """The listener's report."""
        now = self._now()
        for reply in (*([self.current] if self.current else []), *self._over):
            known = reply.playback.heard()
            if not reply.playback.acknowledge(stream, sample, now):
                continue
            if reply is self.current:
                self._heard(reply)
                self.send()
            elif reply.playback.heard() != known:
                self._correct(reply)
            return

    def truncate(self, id: str, sample: int) -> bool:
        """The listener heard no more than this of a reply; whether it is known. A current one is cut."""
        reply = next((one for one in (self.current, *self._over) if one is not None and one.id == id), None)
        if reply is None:
            return False
        reply.playback.truncate(sample)
        if reply is self.current:
            self.cut(CutReason.INTERRUPTED)
        else:
            self._correct(reply)
        return True

    # Interruptions

    def duck(self, start: int) -> None:
        """Softly, until it is decided."""
        if self.current is not None and not self._ducked:
            self._ducked = True
            self._emit(Ducked(self._now(), self.current.id, start))

    def stop_for_now(self) -> None:
        """Silence, until it is decided."""
        reply = self.current
        if reply is not None and not reply.playback.paused:
            stale, self._stream = reply.playback.stream, self._stream + 1
            reply.playback.pause(self._stream, self._now())
            self._emit(Paused(self._now(), reply.id, stale))

    def go_on(self, aside: AsideKind) -> None:
        """It was no interruption."""
        reply = self.current
        if reply is None or not (self._ducked or reply.playback.paused):
            return
        first = reply.playback.resume() if reply.playback.paused else -1
        self._ducked = False
        self._emit(Resumed(self._now(), reply.id, aside, first))
        self.send()

    def cut(self, reason: CutReason) -> None:
        """End the current reply where it is."""
        reply = self.current
        if reply is None:
            return
        if self.sounding:
            self.stop_for_now()
        self.current, self._ducked = None, False
        self._ended(reply)
        playback = reply.playback
        playback.paused, playback.complete = True, True
        self._interrupted = reply if reason is CutReason.INTERRUPTED else self._interrupted
        self._lay_aside(reply)
        heard, unheard = playback.heard(), playback.unheard() or ("" if playback.made else " ".join(reply.copy))
        self._history.add(HistoryItem(reply.id, "assistant", heard, complete=False))
        self._emit(ReplyCut(self._now(), reply.id, reason, playback.played, heard, unheard, reply.times))

    def restore(self) -> str:
        """The last reply that was interrupted goes on where it was; the id of what is taken back for it, "" for nothing."""
        reply = self._interrupted
        if reply is None or not reply.playback.made > reply.playback.played:
            return ""
        answered = self.current.to if self.current is not None else ""
        self.cut(CutReason.CANCELLED)
        self._interrupted, self.current = None, reply
        self._over.remove(reply)
        self._stream += 1
        reply.playback.pause(self._stream, self._now())
        self._emit(Resumed(self._now(), reply.id, AsideKind.BACKCHANNEL, reply.playback.resume()))
        self.send()
        return answered

    # What was heard

    def played_between(self, first: int, last: int) -> NDArray[np.float32]:
        """What the loudspeaker gave between two samples of the session's clock, mono at 16 kHz; silence where it gave none."""
        wanted: NDArray[np.float32] = np.zeros(max(0, last - first), np.float32)
        reply = self.current
        if reply is None or not wanted.size:
            return wanted
        now = self._now()
        at = reply.playback.at_clock(now)
        begin, end = (at - (now - one) * SOUND_RATE // CLOCK_RATE for one in (first, last))
        pcm = np.frombuffer(reply.playback.sound(begin, end), "<i2").astype(np.float32) / 32768
        sound = soxr.resample(pcm, SOUND_RATE, CLOCK_RATE, quality="QQ") if pcm.size else pcm
        before = max(0, -begin) * CLOCK_RATE // SOUND_RATE
        room = wanted[before : before + sound.size]
        room[:] = sound[: room.size]
        return wanted

    def lately(self) -> list[str]:
        """The words that were played last."""
        recent = [self.current] if self.current is not None else list(self._over)[:1]
        return [one.playback.heard()[-LATELY:] for one in recent]

    def _heard(self, reply: Reply) -> None:
        reply.was_heard()
        text = reply.playback.heard()
        self._emit(ReplyHeard(self._now(), reply.id, reply.playback.played, text))

    def _lay_aside(self, reply: Reply) -> None:
        """It is over, and may still be reported on; one that was interrupted so long ago that it is not goes on no more."""
        self._over.appendleft(reply)
        if self._interrupted not in self._over:
            self._interrupted = None

    def _correct(self, reply: Reply) -> None:
        heard = reply.playback.heard()
        if self._history.correct(reply.id, heard):
            self._emit(HeardCorrected(self._now(), reply.id, reply.playback.played, heard))

    def _end(self, reply: Reply) -> None:
        self.current = None
        self._ended(reply)
        self._lay_aside(reply)
        text = reply.playback.heard() if reply.playback.made else reply.written.strip()
        self._history.add(HistoryItem(reply.id, "assistant", text))
        self._emit(ReplyEnded(self._now(), reply.id, text, reply.times))
