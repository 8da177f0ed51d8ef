"""How far a narration is and how long it will still take, from the work itself: characters spoken, blocks joined."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from studio.jobs.production import Stage
from studio.productions.pace import JOIN, PaceBook
from studio.productions.voiceover_plan import Plan, PlannedSegment
from studio.productions.voiceover_render import Piece

_FIRST_GUESS_JOIN = 0.0006
"""Seconds of joining for each character, before this machine was measured."""
_FIRST_GUESS_WORK = 0.006

_ASSEMBLE, _LEVEL = 0.25, 0.55
"""Shares of the join; the rest is encoding."""
_PASSES_LEFT = 0.6
"""How much of the levelling is still to come after a pass: their number is not known beforehand."""


class NarrationProgress:
    """The progress of one attempt at one narration. Used by the thread that runs it."""

    def __init__(self, stage: Stage, plan: Plan, paces: PaceBook) -> None:
        self._stage, self._plan, self._paces = stage, plan, paces
        self._characters = max(1, plan.characters)
        self._left: dict[str, int] = {}
        known = paces.of(JOIN)
        self._join_seconds = self._characters * (known.work if known else _FIRST_GUESS_JOIN)
        self._render_share = self._share_of_rendering()
        self._last_piece = 0.0
        self._measured: dict[str, tuple[int, float, float]] = {}
        self._join_started = 0.0
        self._passes = 0

    def _share_of_rendering(self) -> float:
        """From whole-script paces, not from what is missing, so that a resumed job goes on where it stood."""
        seconds = 0.0
        for segment in self._plan.segments:
            pace = self._paces.of(segment.role.engine_id)
            seconds += len(segment.text) * (pace.work if pace else _FIRST_GUESS_WORK)
        return seconds / (seconds + self._join_seconds) if seconds else 0.9

    def start(self, missing: Collection[str]) -> None:
        """Show what is there already.

        Args:
            missing: keys of the pieces that are to be rendered.
        """
        self._left = {segment.key: len(segment.text) for segment in self._plan.segments if segment.key in missing}
        self._last_piece = time.monotonic()
        self._show_rendering()

    def rendered(self, segment: PlannedSegment, piece: Piece) -> None:
        """One piece has been kept."""
        now = time.monotonic()
        engine = segment.role.engine_id
        if engine in self._measured:  # the first piece of an engine includes its load
            characters, seconds, speech = self._measured[engine]
            self._measured[engine] = (characters + len(segment.text), seconds + now - self._last_piece, speech + piece.duration)
        else:
            self._measured[engine] = (0, 0.0, 0.0)
        self._last_piece = now
        self._left.pop(segment.key, None)
        self._show_rendering()

    def learn_rendering(self) -> None:
        """Give this run's pace to the book."""
        for engine, (characters, seconds, speech) in self._measured.items():
            self._paces.learn(engine, characters, seconds, speech)
        self._measured.clear()

    def _show_rendering(self) -> None:
        ready = [len(segment.text) for segment in self._plan.segments if segment.key not in self._left]
        note = f"Speaking: {len(ready)} of {len(self._plan.segments)} pieces"
        self._stage.progress(self._render_share * sum(ready) / self._characters, note, self._remaining())

    def _remaining(self) -> float | None:
        characters = sum(one for one, _, _ in self._measured.values())
        seconds = sum(one for _, one, _ in self._measured.values())
        to_do = sum(self._left.values())
        if not to_do:
            return self._join_seconds
        if characters and (seconds >= 2.0 or characters >= 1_000):
            return to_do * seconds / characters + self._join_seconds
        expected = 0.0
        for segment in self._plan.segments:
            if segment.key in self._left:
                pace = self._paces.of(segment.role.engine_id)
                if pace is None:
                    return None
                expected += len(segment.text) * pace.work
        return expected + self._join_seconds

    # Joining

    def start_joining(self) -> None:
        self._join_started = time.monotonic()
        self._passes = 0

    def assembled(self, share: float) -> None:
        self._show_joining("Joining", _ASSEMBLE * share)

    def next_pass(self, encoding: bool) -> Callable[[float], None]:
        """What hears of the blocks of one more pass over the programme."""
        if encoding:
            return lambda share: self._show_joining("Encoding", _ASSEMBLE + _LEVEL + (1 - _ASSEMBLE - _LEVEL) * share)
        before = 1 - _PASSES_LEFT**self._passes
        width = _PASSES_LEFT**self._passes * (1 - _PASSES_LEFT)
        self._passes += 1
        return lambda share: self._show_joining("Levelling", _ASSEMBLE + _LEVEL * (before + width * share))

    def learn_joining(self, speech_seconds: float) -> None:
        self._paces.learn(JOIN, self._characters, time.monotonic() - self._join_started, speech_seconds)

    def _show_joining(self, note: str, share: float) -> None:
        fraction = self._render_share + (1 - self._render_share) * share
        spent = time.monotonic() - self._join_started
        remaining = spent * (1 - share) / share if share > 0.2 else max(0.0, self._join_seconds - spent)
        self._stage.progress(fraction, note, remaining)
