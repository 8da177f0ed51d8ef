"""The lines of a project as segments for engines, planned line by line, so that a change of one affects no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

from pydantic import ValidationError

from capabilities.common.seed import derived_seed
from capabilities.director.document.model import BoardLine, BoardShot, CastMember, Project
from capabilities.voiceover.capability import PreparedNarration, Voiceover
from capabilities.voiceover.choice.counting import script_of
from capabilities.voiceover.join import Timeline, lay_out
from capabilities.voiceover.plan import Plan, PlannedSegment, anchors_of
from capabilities.voiceover.render import RenderedSegment
from capabilities.voiceover.roles.pronunciations import lexicon_for
from capabilities.voiceover.roles.speaker import Speaker, key_of
from capabilities.voiceover.script.parse import Line, Script, Span, parse, speakable
from capabilities.voiceover.spec import VoiceoverSpec
from media.text.reading.markup import hide_markup
from studio.artifacts.segments import SegmentStore
from studio.errors import GreenroomError, InvalidInput
from studio.pronunciations import PronunciationList

BETWEEN_LINES = 0.35
"""Seconds of silence between two lines of a shot where none is given."""
_SAMPLE = 4_000
"""Characters of what somebody says that their engine and language are chosen by."""
_KEPT = 20_000


@dataclass(frozen=True)
class SpeakingPart:
    """A speaker: the name in the cast, and the member."""

    name: str
    member: CastMember


def part_of(project: Project, who: str) -> SpeakingPart:
    """Return the speaker of a line; the first of the cast for ""."""
    name = who or next(iter(project.cast), "")
    return SpeakingPart(name, project.cast.get(name, CastMember()))


class LineSpeech:
    """Plans lines, and returns the lengths of those that were spoken. Any thread may call any method.

    Args:
        voiceover: the capability with the voices and text rules.
        segments: the store of spoken segments.
        verbatim: take nothing in a line for markup of the script language: "Note:" and "#" are words.
    """

    def __init__(
        self, voiceover: Voiceover, segments: SegmentStore, pronunciations: PronunciationList, *, verbatim: bool = False
    ) -> None:
        self._verbatim = verbatim
        self._voiceover, self._segments, self._pronunciations = voiceover, segments, pronunciations
        self._base = lru_cache(64)(self._prepared)
        self._plans: dict[tuple[object, ...], tuple[PlannedSegment, ...]] = {}
        self._known: dict[str, RenderedSegment] = {}
        self._lock = Lock()

    def plans(self, project: Project, rows: Mapping[str, int] | None = None) -> dict[str, tuple[PlannedSegment, ...]]:
        """Return the segments of every line by its id; () for one without text.

        Args:
            rows: by what number an error names a shot; None counts them from 1.

        Raises:
            InvalidInput, NotFound, EngineNotReady: a voice is not available, or cannot speak the text; the error names the row.
        """
        said: dict[str, list[str]] = {}
        for line in project.lines():
            said.setdefault(part_of(project, line.who).name, []).append(line.text)
        samples = {name: "\n\n".join(filter(str.strip, texts))[:_SAMPLE] for name, texts in said.items()}
        stamp = repr(self._pronunciations.stamp())
        found: dict[str, tuple[PlannedSegment, ...]] = {}
        for number, shot in enumerate(project.shots(), 1):
            for line in shot.lines:
                part = part_of(project, line.who)
                try:
                    found[line.id] = self._line(line, part, samples[part.name], project.language, stamp)
                except GreenroomError as error:
                    error.within("project.in-row", row=number if rows is None else rows.get(shot.id, 1))
                    raise
        return found

    def spoken(self, segment: PlannedSegment) -> RenderedSegment | None:
        """Return a segment's rendering; None if it has to be rendered."""
        known = self._known.get(segment.key)
        if known is not None:
            return known if self._segments.has(segment.key) else None
        if not self._segments.has(segment.key) or (stored := self._segments.get(segment.key)) is None:
            return None
        with self._lock:
            while len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[segment.key] = RenderedSegment.of(stored)
        return self._known[segment.key]

    def _line(self, line: BoardLine, part: SpeakingPart, sample: str, language: str, stamp: str) -> tuple[PlannedSegment, ...]:
        if not line.text.strip() or not sample.strip():
            return ()
        base = self._base(part.member.voice, language, sample, stamp)
        narrator = base.cast.narrator.fingerprint  # the sample changes with every edit of it, who speaks hardly ever
        key = (narrator, part.name, base.spec.seed, stamp, line.text, line.take, line.speed, line.emphasis, part.member.style)
        known = self._plans.get(key)
        if known is None:
            known = self._planned(line, part, base)
            with self._lock:
                while len(self._plans) >= _KEPT:
                    self._plans.pop(next(iter(self._plans)))
                self._plans[key] = known
        return known

    def _prepared(self, voice: str, language: str, sample: str, stamp: str) -> PreparedNarration:
        spec = VoiceoverSpec(script=sample, voice=voice, language=language, check="off", just_text=self._labels(sample))
        return self._voiceover.prepared(spec, verbatim_script(sample) if self._verbatim else None)

    def _labels(self, text: str) -> tuple[str, ...]:
        """What in a text would be taken for the names of speakers."""
        if self._verbatim:
            return ()
        found = parse(hide_markup(text).text)
        return tuple(dict.fromkeys((*found.speakers, *found.possible_speakers)))

    def _planned(self, line: BoardLine, part: SpeakingPart, base: PreparedNarration) -> tuple[PlannedSegment, ...]:
        lexicon = lexicon_for(line.text, self._pronunciations.list())
        seed = base.spec.seed or 0
        spec = base.spec.model_copy(update={
            "script": line.text, "lexicon": lexicon, "seed": derived_seed(seed, line.text, line.take) if line.take else seed,
        })  # fmt: skip
        labels = tuple(dict.fromkeys((*spec.just_text, *self._labels(line.text))))
        spec = spec.model_copy(update={"just_text": labels})
        script = verbatim_script(line.text) if self._verbatim else script_of(spec)
        if not script.lines:
            return ()
        planned = replace(base, spec=spec, script=script).plan()
        said = (replace(segment, speaker=part.name) for segment in planned.segments)
        return tuple(_styled(segment, line, line.emphasis or part.member.style) for segment in said)


def verbatim_script(text: str) -> Script:
    """A text as one line of a script."""
    lead, tail = len(text) - len(text.lstrip()), len(text.rstrip())
    said = (Line("", text[lead:tail], Span(lead, tail, 1)),) if speakable(text) else ()
    return Script(said, (), ())


def _styled(segment: PlannedSegment, line: BoardLine, style: str) -> PlannedSegment:
    """Return the segment with another style or speed, as far as its engine supports them."""
    role = segment.role
    if line.speed != 1.0:
        role = _at_pace(role, line.speed)
    if style:
        role = replace(role, style=style)
    if role is segment.role:
        return segment
    sound = role.sound_of(segment.text, segment.phonemes)
    return replace(segment, role=role, sound=sound, key=key_of(sound, segment.seed))


def _at_pace(role: Speaker, speed: float) -> Speaker:
    given = role.options.model_dump()
    usual = given.get("speed")
    if not isinstance(usual, int | float):
        return role
    try:
        options = type(role.options).model_validate({**given, "speed": type(usual)(usual * speed)})
    except ValidationError:
        return role
    return replace(role, options=options)


def shot_plan(shot: BoardShot, plans: Mapping[str, Sequence[PlannedSegment]]) -> Plan:
    """Return the plan of a shot's speech, with the pauses between its lines and after the last."""
    segments: list[PlannedSegment] = []
    pause = 0.0
    for line in shot.lines:
        for number, segment in enumerate(plans[line.id]):
            first = pause if segments else 0.0
            segments.append(segment if number else replace(segment, pause_before=first))
        pause = BETWEEN_LINES if line.pause is None else line.pause
    last = shot.lines[-1].pause if shot.lines else None
    return Plan(tuple(segments), (), last or 0.0)


def timeline_of(plan: Plan, spoken: Mapping[str, RenderedSegment]) -> Timeline | None:
    """Return the timeline of a shot's sound; None for a silent one."""
    return lay_out(plan, dict(spoken)) if plan.segments else None


def whole(plans: Iterable[Plan]) -> Plan:
    """Return several plans as one."""
    segments = tuple(segment for plan in plans for segment in plan.segments)
    return Plan(segments, (), 0.0, anchors=anchors_of(segments))


def refuse_silence(project: Project) -> None:
    """Check that the project has a shot.

    Raises:
        InvalidInput: it has none.
    """
    if next(project.shots(), None) is None:
        raise InvalidInput("project.no-shots")
