"""A narration's segments for a page, computed from the existing files."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from capabilities.voiceover.plan import Plan, PlannedSegment
from capabilities.voiceover.render import FAILED
from capabilities.voiceover.spec import CheckMode
from capabilities.voiceover.take_review import takes_of
from media.messages.message import Message
from studio.artifacts.segments import SegmentStore
from studio.verification.findings import read_stored
from studio.verification.review import Review, best

_PLANS_KEPT = 8
_NOTES_KEPT = 20_000


class SegmentState(StrEnum):
    MISSING = "missing"
    READY = "ready"
    DOUBTFUL = "doubtful"
    FAILED = "failed"


@dataclass(frozen=True)
class TakeView:
    """One take of a segment: its review, and whether it is the one that is used."""

    path: Path
    seed: int
    review: Review
    used: bool


@dataclass(frozen=True)
class SegmentView:
    """The present state of one segment of a narration.

    Args:
        duration: of its speech in seconds, None while it is missing.
        path: its sound as rendered (before levelling), None while it is missing.
        note: why it is doubtful, or could not be spoken; "" otherwise.
        span: [start, end) in the script.
        pause_before: silence between the speech before and this speech in the narration, in seconds.
        text: as it is written; spoken: what is said for it, "" where that is the same.
        outdated: the pronunciation list says a word of it otherwise than it was said.
        takes: that were listened to, the first one first; () where nobody listened.
        held: its voice is made up and cloned from an anchor.
    """

    index: int
    id: str
    text: str
    speaker: str
    voice: str
    state: SegmentState
    duration: float | None
    path: Path | None
    note: str
    span: tuple[int, int]
    pause_before: float = 0.0
    takes: tuple[TakeView, ...] = ()
    spoken: str = ""
    held: bool = False
    outdated: bool = False


class SegmentList:
    """Lists the segments of jobs cheaply: plans and metadata are cached, and the existence of files is checked each time.
    Thread-safe; the lock guards the two caches and is not held while a plan is made or a file is read.
    """

    def __init__(self, store: SegmentStore, tries: int) -> None:
        self._store, self._tries = store, tries
        self._lock = threading.Lock()
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._notes: OrderedDict[str, tuple[float, tuple[Message, ...]]] = OrderedDict()

    def views(self, job_id: str, make_plan: Callable[[], Plan]) -> list[SegmentView]:
        """Return the segments of a job in order; `make_plan` is called for a job that is not cached."""
        plan = self.plan(job_id, make_plan)
        return [self._view(segment, plan.check) for segment in plan.segments]

    def anchors(self, job_id: str, make_plan: Callable[[], Plan]) -> list[SegmentView]:
        """Return the anchors of a job's generated voices, in order of first use."""
        return [self._view(anchor, "off") for anchor in self.plan(job_id, make_plan).anchors]

    def plan(self, job_id: str, make_plan: Callable[[], Plan]) -> Plan:
        """Return the cached plan of a job."""
        with self._lock:
            known = self._plans.get(job_id)
            if known is not None:
                self._plans.move_to_end(job_id)
                return known
        made = make_plan()
        with self._lock:
            self._plans[job_id] = made
            while len(self._plans) > _PLANS_KEPT:
                self._plans.popitem(last=False)
        return made

    def _view(self, segment: PlannedSegment, check: CheckMode) -> SegmentView:
        state, duration, note, path = SegmentState.MISSING, None, "", None
        takes = self._takes(segment, check)
        used = next((take.path.stem for take in takes if take.used), segment.key)
        if self._store.has(used) and (known := self._note(used)) is not None:
            duration, problems = known
            found = [*problems, *(problem for take in takes if take.used for problem in take.review.problems)]
            note = " ".join(filter(None, map(str, found)))
            state = SegmentState.DOUBTFUL if note else SegmentState.READY
            path = self._store.path(used)
        elif why := (self._store.annotation(segment.key) or {}).get(FAILED):
            state, note = SegmentState.FAILED, str(why)
        return SegmentView(
            index=segment.index,
            id=segment.id,
            text=segment.written,
            spoken=segment.spoken,
            speaker=segment.speaker,
            voice=segment.role.voice_name,
            state=state,
            duration=duration,
            path=path,
            note=note,
            span=segment.span,
            pause_before=segment.pause_before,
            takes=takes,
            held=segment.role.anchor is not None,
        )

    def _takes(self, segment: PlannedSegment, check: CheckMode) -> tuple[TakeView, ...]:
        if check == "off":
            return ()
        found = takes_of(segment, self._store, self._tries if check == "repair" else 0)
        if not found:
            return ()
        chosen = best([review for _, review in found])
        return tuple(
            TakeView(self._store.path(take.key), take.seed, review, index == chosen) for index, (take, review) in enumerate(found)
        )

    def _note(self, key: str) -> tuple[float, tuple[Message, ...]] | None:
        """Duration and problems of a stored segment, from the small JSON that the store keeps beside its sound."""
        with self._lock:
            known = self._notes.get(key)
        if known is not None:
            return known
        try:
            data = json.loads(self._store.path(key).with_suffix(".json").read_bytes())["data"]
            found = (float(data["seconds"]), read_stored(data))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with self._lock:
            self._notes[key] = found
            while len(self._notes) > _NOTES_KEPT:
                self._notes.popitem(last=False)
        return found
