"""Changes of one segment of a narration: pure functions from a prepared spec to the next one."""

from __future__ import annotations

from typing import Any

from capabilities.voiceover.plan import Plan, PlannedSegment
from capabilities.voiceover.spec import VoiceoverSpec
from studio.errors import NotFound


def with_new_take(spec: VoiceoverSpec, plan: Plan, segment_id: str) -> VoiceoverSpec:
    """Request another take of one segment; each call gives another one. Earlier takes stay in the segment store.

    Of an anchor it is another voice, in which everything that depends on it is then rendered.

    Raises:
        NotFound: no segment has this id.
    """
    segment = _segment(plan, segment_id, with_anchors=True)
    picks = {name: seed for name, seed in spec.picks.items() if name != segment.id}
    takes = {**spec.takes, segment.id: spec.takes.get(segment.id, 0) + 1}
    return _changed(spec, takes=takes, picks=picks)


def with_picked_take(spec: VoiceoverSpec, plan: Plan, segment_id: str, seed: int) -> VoiceoverSpec:
    """Use for one segment the take that was made with `seed`; it is never rendered again automatically.

    Raises:
        NotFound: no segment has this id.
    """
    segment = _segment(plan, segment_id, with_anchors=True)
    return _changed(spec, picks={**spec.picks, segment.id: seed})


def with_edited_text(spec: VoiceoverSpec, plan: Plan, segment_id: str, text: str) -> VoiceoverSpec:
    """Replace the words of one segment in the script; "" removes it.

    Raises:
        NotFound: no segment has this id.
    """
    segment = _segment(plan, segment_id)
    start, end = segment.span
    words = " ".join(text.split()).lstrip("#").lstrip()  # one line, and no heading: it stays a sentence of its paragraph
    takes = {name: number for name, number in spec.takes.items() if name != segment.id}
    picks = {name: seed for name, seed in spec.picks.items() if name != segment.id}
    return _changed(spec, script=spec.script[:start] + words + spec.script[end:], takes=takes, picks=picks)


def with_present_sayings(spec: VoiceoverSpec) -> VoiceoverSpec:
    """Return the same words with the present pronunciation list."""
    return _changed(spec)


def _changed(spec: VoiceoverSpec, **fields: Any) -> VoiceoverSpec:
    """Return the next spec, with the present pronunciation list.

    A narration from before text normalisation existed stays without it, so that an edit changes no other sentence.
    """
    return spec.model_copy(update={**fields, "lexicon": None, "reading": 0 if spec.reading is None else spec.reading})


def _segment(plan: Plan, segment_id: str, with_anchors: bool = False) -> PlannedSegment:
    for segment in (*plan.anchors, *plan.segments) if with_anchors else plan.segments:
        if segment.id == segment_id:
            return segment
    raise NotFound("narration.piece-unknown", piece=segment_id)
