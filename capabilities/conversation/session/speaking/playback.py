"""One reply on its way to the listener: what is made, what was sent, how far it was heard, and where it was stopped.

Pure: time comes in with each call, so that a simulated clock tests it. What counts as heard is what the listener reports to have
played; sound that waits there for a loudspeaker that stands still was not heard. A listener that never reports (`acknowledged` is
false) is believed to play what it was sent as time passes.
"""

from __future__ import annotations

from dataclasses import dataclass

from capabilities.conversation.session.events import CLOCK_RATE, SOUND_RATE
from capabilities.conversation.session.values import ReplyWord

LEAD = int(0.6 * SOUND_RATE)
"""How much may be under way or wait at the listener: what a hiccup may last. At a stop the listener drops it at once."""

CHUNK = int(0.04 * SOUND_RATE)


@dataclass(frozen=True)
class Packet:
    """Sound to be sent: its stream, its first sample in the reply, and 16-bit samples."""

    stream: int
    first: int
    pcm: bytes


class Playback:
    """The sound of one reply.

    Args:
        stream: the number under which its sound is sent first; see `pause`.
    """

    def __init__(self, stream: int, *, acknowledged: bool = True) -> None:
        self.stream = stream
        self.words: list[ReplyWord] = []
        self.complete = False
        """Whether all its sound was made."""
        self.paused = False
        self._acknowledged = acknowledged
        self._pcm = bytearray()
        self._sent = self._played = 0
        self._from = 0
        self._streams = {stream}
        self._begun = -1
        self._reported = -1

    @property
    def made(self) -> int:
        """Samples that are there."""
        return len(self._pcm) // 2

    @property
    def played(self) -> int:
        """The furthest sample that was heard."""
        return self._played

    @property
    def sent(self) -> int:
        return self._sent

    @property
    def over(self) -> bool:
        """Whether it was heard to its end."""
        return self.complete and self._played >= self.made

    def add(self, pcm: bytes, words: list[ReplyWord]) -> list[ReplyWord]:
        """More of its sound; the words, whose places count from the beginning of this piece, at their places in the reply."""
        start = self.made
        self._pcm += pcm
        placed = [ReplyWord(one.text, start + one.start, start + one.end, one.exact) for one in words]
        self.words += placed
        return placed

    def due(self, now: int) -> list[Packet]:
        """What is to be sent by now."""
        if self.paused:
            return []
        self._assume(now)
        limit = self.made if not self._acknowledged else min(self.made, self._played + LEAD)
        packets: list[Packet] = []
        while self._sent < limit and (limit - self._sent >= CHUNK or self.complete or not self._acknowledged):
            end = min(self._sent + CHUNK, self.made)
            packets.append(Packet(self.stream, self._sent, bytes(self._pcm[2 * self._sent : 2 * end])))
            self._sent = end
        if packets and self._begun < 0:
            self._begun = self._reported = now
            self._from = packets[0].first
        return packets

    def acknowledge(self, stream: int, sample: int, now: int) -> bool:
        """The listener has played up to a sample; whether that is news. Reports of older streams of this reply count too."""
        if stream not in self._streams:
            return False
        self._reported = now
        if not self._played < sample:
            return False
        self._played = min(sample, max(self._sent, self._played))
        return True

    def heard(self, upto: int | None = None) -> str:
        """The words whose sound was played, or would be up to a sample."""
        limit = self._played if upto is None else upto
        return "".join(one.text for one in self.words if one.end <= limit).strip()

    def unheard(self, upto: int | None = None) -> str:
        """The other words that were made."""
        limit = self._played if upto is None else upto
        return "".join(one.text for one in self.words if one.end > limit).strip()

    def pause(self, stream: int, now: int) -> None:
        """Send no more; what goes on later does so under the new number, and all older sound is stale."""
        self._assume(now)
        self.paused = True
        self._move(stream)

    def resume(self) -> int:
        """Go on at the beginning of the word that was broken off; its sample."""
        self.paused = False
        at = next((one.start for one in self.words if one.end > self._played), self._played)
        self._sent = self._from = min(at, self._played)
        self._begun = -1
        return self._sent

    def truncate(self, sample: int) -> None:
        """The listener says that it heard no more than this."""
        self._played = min(self._played, max(0, sample))

    def sound(self, first: int, last: int) -> bytes:
        """Its samples [first, last), fewer at the ends."""
        return bytes(self._pcm[2 * max(0, first) : 2 * max(0, last)])

    def at_clock(self, now: int) -> int:
        """Which sample is at the listener's loudspeaker by the clock, from the last report on."""
        if self._begun < 0 or self.paused:
            return self._played
        since = max(0, now - self._reported) if self._acknowledged else max(0, now - self._begun)
        base = self._played if self._acknowledged else self._from
        return min(self._sent, base + since * SOUND_RATE // CLOCK_RATE)

    def number(self, stream: int) -> None:
        """Send under this number; before anything was sent."""
        self.stream, self._streams = stream, {stream}

    def _move(self, stream: int) -> None:
        self.stream = stream
        self._streams.add(stream)

    def _assume(self, now: int) -> None:
        if self._begun < 0:
            return
        if not self._acknowledged:
            self._played = max(self._played, self.at_clock(now))
