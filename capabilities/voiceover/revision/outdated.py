"""The sentences of a narration that the present pronunciation list would change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from capabilities.voiceover.plan import Plan
from capabilities.voiceover.roles.pronunciations import lexicon_for, sayings_of
from capabilities.voiceover.spec import VoiceoverSpec
from media.text.reading.pronounced import found_words
from studio.pronunciations import Pronunciation, PronunciationList
from studio.pronunciations.sayings import Sayings

_REMEMBERED = 16


def outdated(plan: Plan, spec: VoiceoverSpec, entries: Sequence[Pronunciation]) -> frozenset[str]:
    """Return the ids of the segments in which the present list would change a word."""
    if not spec.reading:
        return frozenset()
    now = lexicon_for(spec.script, entries)
    words = {one.word: one.word for one in {*now} ^ {*(spec.lexicon or ())}}
    if not words:
        return frozenset()
    differing: dict[int, frozenset[str]] = {}
    for segment in plan.segments:
        if id(segment.role) not in differing:
            before, after = sayings_of(spec, segment.role), sayings_of(spec, segment.role, now)
            differing[id(segment.role)] = frozenset(word for word in words if _said(before, word) != _said(after, word))
    return frozenset(
        segment.id
        for segment in plan.segments
        if any(word in differing[id(segment.role)] for _, _, word in found_words(segment.written, words))
    )


def _said(sayings: Sayings, word: str) -> tuple[str, str]:
    return sayings.letters.get(word, ""), sayings.sounds.get(word, "")


class OutdatedSegments:
    """Caches which segments of jobs are outdated, until the list changes. Any thread may call any method."""

    def __init__(self, entries: PronunciationList) -> None:
        self._entries = entries
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[object, frozenset[str]]] = OrderedDict()

    def of(self, job_id: str, plan: Plan, spec: Callable[[], VoiceoverSpec]) -> frozenset[str]:
        stamp = self._entries.stamp()
        with self._lock:
            known = self._known.get(job_id)
        if known is not None and known[0] == stamp:
            return known[1]
        found = outdated(plan, spec(), self._entries.list())
        with self._lock:
            self._known[job_id] = (stamp, found)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found
