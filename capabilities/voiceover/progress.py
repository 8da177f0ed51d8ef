"""Progress and remaining time of a narration, computed from its work: characters spoken, blocks joined."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from capabilities.voiceover.pace import JOIN, SpeechRateStats
from capabilities.voiceover.plan import Plan, PlannedSegment
from capabilities.voiceover.render import RenderedSegment
from studio.jobs.capability import JobContext

_FIRST_GUESS_JOIN = 0.0006
"""Seconds of joining for each character, before this machine was measured."""
_FIRST_GUESS_WORK = 0.006

_ASSEMBLE, _LEVEL = 0.25, 0.55
"""Shares of the join; the rest is encoding."""
_PASSES_LEFT = 0.6
"""How much of the levelling is still to come after a pass: their number is not known beforehand."""


_FIRST_GUESS_CHECK = 0.03
"""Seconds of listening for each character; a small recogniser on a CPU hears about two and a half times as fast as one speaks."""

_ROUNDS_LEFT = 0.4
"""How much of the listening is still to come after a round of repairs: their number is not known beforehand."""


def _checking(plan: Plan) -> str:
    return f"check/{plan.check_with}"


class NarrationProgress:
    """The progress of one attempt at one narration. Used by the thread that runs it."""

    def __init__(self, context: JobContext, plan: Plan, paces: SpeechRateStats) -> None:
        self._context, self._plan, self._paces = context, plan, paces
        self._characters = max(1, plan.characters)
        self._left: dict[str, int] = {}
        known = paces.of(JOIN)
        self._join_seconds = self._characters * (known.work if known else _FIRST_GUESS_JOIN)
        self._check_seconds = self._expected_checking()
        self._render_share, self._check_share = self._shares()
        self._check_left: dict[str, int] = {}
        self._check_round, self._check_measured = 0, (0, 0.0)
        self._last_segment = 0.0
        self._measured: dict[str, tuple[int, float, float]] = {}
        self._join_started = 0.0
        self._passes = 0
        self._check_due, self._check_takes = 1, 0

    def _expected_checking(self) -> float:
        if self._plan.check == "off" or not self._plan.check_with:
            return 0.0
        pace = self._paces.of(_checking(self._plan))
        return self._characters * (pace.work if pace else _FIRST_GUESS_CHECK)

    def _shares(self) -> tuple[float, float]:
        """Return the shares of rendering and checking, computed for the whole script and not for the missing part, so that a
        resumed job continues at its earlier progress."""
        seconds = 0.0
        for segment in self._plan.segments:
            pace = self._paces.of(segment.role.engine_id)
            seconds += len(segment.text) * (pace.work if pace else _FIRST_GUESS_WORK)
        whole = seconds + self._check_seconds + self._join_seconds
        return (seconds / whole, self._check_seconds / whole) if seconds else (0.9, 0.0)

    def start(self, missing: Collection[str]) -> None:
        """Report the progress of existing segments.

        Args:
            missing: keys of the segments that are to be rendered.
        """
        self._left = {segment.key: len(segment.text) for segment in self._plan.segments if segment.key in missing}
        self._last_segment = time.monotonic()
        self._show_rendering()

    def rendered(self, segment: PlannedSegment, rendered: RenderedSegment) -> None:
        """Report that one segment was stored."""
        now = time.monotonic()
        engine = segment.role.engine_id
        if engine in self._measured:  # the first segment of an engine includes its load
            characters, seconds, speech = self._measured[engine]
            self._measured[engine] = (
                characters + len(segment.text),
                seconds + now - self._last_segment,
                speech + rendered.duration,
            )
        else:
            self._measured[engine] = (0, 0.0, 0.0)
        self._last_segment = now
        self._left.pop(segment.key, None)
        self._show_rendering()

    def learn_rendering(self) -> None:
        """Add this run's pace to the statistics."""
        for engine, (characters, seconds, speech) in self._measured.items():
            self._paces.learn(engine, characters, seconds, speech)
        self._measured.clear()

    def _show_rendering(self) -> None:
        ready = [len(segment.text) for segment in self._plan.segments if segment.key not in self._left]
        note = f"Speaking: {len(ready)} of {len(self._plan.segments)} pieces"
        self._context.progress(self._render_share * sum(ready) / self._characters, note, self._remaining())

    def _remaining(self) -> float | None:
        characters = sum(one for one, _, _ in self._measured.values())
        seconds = sum(one for _, one, _ in self._measured.values())
        to_do = sum(self._left.values())
        if not to_do:
            return self._after_rendering
        if characters and (seconds >= 2.0 or characters >= 1_000):
            return to_do * seconds / characters + self._after_rendering
        expected = 0.0
        for segment in self._plan.segments:
            if segment.key in self._left:
                pace = self._paces.of(segment.role.engine_id)
                if pace is None:
                    return None
                expected += len(segment.text) * pace.work
        return expected + self._after_rendering

    @property
    def _after_rendering(self) -> float:
        return self._check_seconds + self._join_seconds

    # Checking

    def start_checking(self, takes: Collection[PlannedSegment]) -> None:
        """Begin one more round of checks; each later one uses a part of what is left of the share."""
        self._check_left = {take.key: len(take.text) for take in takes}
        self._check_takes = len(self._check_left)
        self._check_due = max(1, sum(self._check_left.values()))
        self._check_round += 1
        self._show_checking()

    def checked(self, take: PlannedSegment, seconds: float) -> None:
        """Report that one take was checked."""
        self._check_left.pop(take.key, None)
        characters, spent = self._check_measured
        self._check_measured = (characters + len(take.text), spent + seconds)
        self._show_checking()

    def learn_checking(self) -> None:
        characters, seconds = self._check_measured
        self._paces.learn(_checking(self._plan), characters, seconds, seconds)
        self._check_measured = (0, 0.0)

    def _show_checking(self) -> None:
        left = sum(self._check_left.values())
        rest = _ROUNDS_LEFT ** (self._check_round - 1)
        width = rest * (1 - _ROUNDS_LEFT) if self._plan.check == "repair" else rest
        share = 1 - rest + width * (1 - left / self._check_due)
        characters, seconds = self._check_measured
        pace = seconds / characters if characters else self._check_seconds / self._characters
        done, whole = self._check_takes - len(self._check_left), self._check_takes
        note = f"Listening to {'the' if self._check_round == 1 else 'new'} takes: {done} of {whole}"
        self._context.progress(self._render_share + self._check_share * share, note, left * pace + self._join_seconds)

    # Joining

    def start_joining(self) -> None:
        self._join_started = time.monotonic()
        self._passes = 0

    def assembled(self, share: float) -> None:
        self._show_joining("Joining", _ASSEMBLE * share)

    def next_pass(self, encoding: bool) -> Callable[[float], None]:
        """Return the progress callback of one more pass over the programme."""
        if encoding:
            return lambda share: self._show_joining("Encoding", _ASSEMBLE + _LEVEL + (1 - _ASSEMBLE - _LEVEL) * share)
        before = 1 - _PASSES_LEFT**self._passes
        width = _PASSES_LEFT**self._passes * (1 - _PASSES_LEFT)
        self._passes += 1
        return lambda share: self._show_joining("Levelling", _ASSEMBLE + _LEVEL * (before + width * share))

    def joined(self, note: str, share: float) -> None:
        """Report a part of the join that another capability does itself; `share` of the whole."""
        self._show_joining(note, share)

    def learn_joining(self, speech_seconds: float) -> None:
        self._paces.learn(JOIN, self._characters, time.monotonic() - self._join_started, speech_seconds)

    def _show_joining(self, note: str, share: float) -> None:
        spoken = self._render_share + self._check_share
        fraction = spoken + (1 - spoken) * share
        spent = time.monotonic() - self._join_started
        remaining = spent * (1 - share) / share if share > 0.2 else max(0.0, self._join_seconds - spent)
        self._context.progress(fraction, note, remaining)
