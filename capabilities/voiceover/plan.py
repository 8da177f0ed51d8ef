"""The plan of a narration's segments: a pure function of the spec and its cast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from capabilities.common.seed import derived_seed
from capabilities.voiceover.cast import Cast, replaced_voices
from capabilities.voiceover.pauses import Pauses
from capabilities.voiceover.roles.pronunciations import sayings_of
from capabilities.voiceover.roles.speaker import Anchor, Speaker, key_of
from capabilities.voiceover.sayable.places import replaced
from capabilities.voiceover.script.chunk import Chunk, chunk
from capabilities.voiceover.script.coverage import Coverage, CoverageCounter, plain_words
from capabilities.voiceover.script.parse import Heading, Line, ParagraphBreak, Pause, SceneBreak, Script, speakable
from capabilities.voiceover.script.sentences import Origin, SpokenChunk, sentences
from capabilities.voiceover.spec import CheckMode, VoiceoverSpec
from engines.contract import PhonemeSpan, SpeechRequest, SpeechTraits
from media.text.reading.markup import hide_markup
from media.text.reading.reader import ReadingOptions, read
from studio.pronunciations.sayings import NO_SAYINGS, Sayings

ANCHOR_INDEX = -1
"""The index of an anchor, which is not part of the script."""

_RETAKES = 2_000_000
"""Running numbers of readings that a check asked for begin here, those that a person asked for at 1,000,000."""


@dataclass(frozen=True)
class PlannedSegment:
    """One segment of a narration.

    Args:
        id: names the segment for the page; depends on text and settings and not on the position, so it survives edits
            elsewhere.
        key: of its sound in the segment store; equal for segments with the same sound.
        text: the text for the engine.
        written: the same as its author wrote it, without markup; for subtitles and lists.
        origin: maps positions in `text` to positions in `written`; None if both are equal.
        span: [start, end) in the script as written.
        pause_before: silence between the speech before and this speech, in seconds.
        speaker: name in the script, "" for the narrator.
        sound: hash of everything but the seed; with the seed it gives the key.
        phonemes: the places of `text` that are spoken by their sounds.
        picked: the user chose this take, so it is not rendered again.
    """

    id: str
    index: int
    key: str
    text: str
    span: tuple[int, int]
    line: int
    pause_before: float
    speaker: str
    role: Speaker
    seed: int
    sound: str = ""
    picked: bool = False
    written: str = ""
    phonemes: tuple[PhonemeSpan, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def request(self, attempt: int = 0) -> SpeechRequest:
        """Return the request for the engine; each attempt has its own seed."""
        voice = replace(self.role.casting.voice, style=self.role.style or self.role.casting.voice.style)
        return SpeechRequest(self.text, voice, self.role.language, self.seed_of(attempt), self.phonemes)

    @property
    def spoken(self) -> str:
        """The spoken text if it differs from the written one by more than case, quotes and dashes; else ""."""
        said, at = "", 0
        for span in self.phonemes:
            said, at = f"{said}{self.text[at : span.start]}/{span.ipa}/", span.end
        said += self.text[at:]
        return said if self.phonemes or plain_words(said) != plain_words(self.written) else ""

    def seed_of(self, attempt: int) -> int:
        """Return the seed of a repeated attempt; attempt 0 is the planned one."""
        return self.seed if attempt == 0 else derived_seed(self.seed, self.text, attempt)

    def retake(self, number: int) -> PlannedSegment:
        """Return the same segment as another take, with its own seed and key. Number 0 is the segment itself."""
        if number == 0:
            return self
        seed = derived_seed(self.seed, self.text, _RETAKES + number)
        return replace(self, seed=seed, key=key_of(self.sound, seed))


@dataclass(frozen=True)
class PlannedChapter:
    """A chapter and the index of the first segment in it."""

    title: str
    first: int


@dataclass(frozen=True)
class Plan:
    """All segments in order, the chapters, the silence after the last segment in seconds, and the engine that checks takes, ""
    for none.

    Args:
        anchors: what invented voices are cloned from, each spoken before any segment; in order of first use.
        replaced_voices: voices of removed engines, each with its replacement.
    """

    segments: tuple[PlannedSegment, ...]
    chapters: tuple[PlannedChapter, ...]
    tail_pause: float
    check: CheckMode = "off"
    check_with: str = ""
    coverage: Coverage | None = None
    anchors: tuple[PlannedSegment, ...] = ()
    replaced_voices: Mapping[str, str] = field(default_factory=dict)

    @property
    def characters(self) -> int:
        return sum(len(segment.text) for segment in self.segments)


def plan(spec: VoiceoverSpec, script: Script, cast: Cast, longest_chunk: int) -> Plan:
    """Split a parsed script into segments. `spec` is complete: all defaults of the settings are filled in."""
    return _Planner(spec, cast, longest_chunk).plan(script)


def reading_options(spec: VoiceoverSpec, role: Speaker, sayings: Sayings) -> ReadingOptions:
    """Return how a role's lines are normalised: in its language, except for what its engine reads well itself."""
    keep = frozenset(role.casting.engine_cls.card.traits_of(SpeechTraits).reads)
    return ReadingOptions(role.language, bool(spec.verse), keep, sayings.letters)


def anchors_of(segments: Sequence[PlannedSegment], picks: Collection[str] = ()) -> tuple[PlannedSegment, ...]:
    """Return the anchors of the segments' generated voices, in order of first use.

    Args:
        picks: ids of segments whose takes the user has chosen.
    """
    first: dict[str, tuple[Anchor, int]] = {}
    for segment in segments:
        if segment.role.anchor is not None:
            first.setdefault(segment.role.anchor.key, (segment.role.anchor, segment.line))
    return tuple(_planned_anchor(anchor, line, anchor.id in picks) for anchor, line in first.values())


def _planned_anchor(anchor: Anchor, line: int, picked: bool) -> PlannedSegment:
    """An anchor as a segment, for those that render and show segments; `line` is the first that is spoken in its voice."""
    return PlannedSegment(
        id=anchor.id,
        index=ANCHOR_INDEX,
        key=anchor.key,
        text=anchor.text,
        span=(0, 0),
        line=line,
        pause_before=0.0,
        speaker=anchor.speaker,
        role=anchor.role,
        seed=anchor.seed,
        sound=anchor.role.sound_of(anchor.text),
        picked=picked,
        written=anchor.text,
    )


class _Planner:
    def __init__(self, spec: VoiceoverSpec, cast: Cast, longest_chunk: int) -> None:
        self._spec, self._cast, self._longest = spec, cast, longest_chunk
        self._segments: list[PlannedSegment] = []
        self._chapters: list[PlannedChapter] = []
        self._seen: Counter[str] = Counter()
        self._pauses = Pauses(spec)
        self._said: dict[int, Sayings] = {}
        self._coverage: CoverageCounter | None = None
        if spec.reading:
            self._coverage = CoverageCounter(spec.script, hide_markup(spec.script).hidden)

    def plan(self, script: Script) -> Plan:
        for item in script.items:
            if isinstance(item, Line):
                self._say(item, self._cast.role(item))
            elif isinstance(item, Heading):
                self._open_chapter(item)
            elif isinstance(item, Pause):
                self._pauses.written(item.seconds)
            elif isinstance(item, SceneBreak):
                self._pauses.at_least(self._spec.scene_pause)
            else:
                assert isinstance(item, ParagraphBreak)
                self._pauses.at_least(self._spec.paragraph_pause)
        if self._coverage:
            self._coverage.script(script, bool(self._spec.speak_chapters))
        return Plan(
            tuple(self._segments),
            tuple(self._chapters),
            self._pauses.tail(),
            self._spec.check or "off",
            self._spec.check_with,
            self._coverage.done() if self._coverage else None,
            anchors_of(self._segments, self._spec.picks),
            self._spec.replaced_voices | replaced_voices([self._cast.narrator, *(one.role for one in self._segments)]),
        )

    def _open_chapter(self, heading: Heading) -> None:
        self._pauses.at_least(self._spec.chapter_pause)
        title = " ".join(read(heading.title).shown.text.split()) if self._spec.reading else heading.title
        self._chapters.append(PlannedChapter(title, len(self._segments)))
        if self._spec.speak_chapters:
            self._say(Line("", heading.title, heading.span), self._cast.narrator)
            self._pauses.at_least(self._spec.chapter_pause)

    def _say(self, line: Line, role: Speaker) -> None:
        longest = min(self._longest, role.casting.engine_cls.card.longest_text or self._longest)
        before = ""
        for part in self._sentences(line, role, longest):
            part = self._sayable(part, role)
            if not speakable(part.text):
                if self._coverage:
                    self._coverage.unsayable(line.span.start + part.start, line.span.start + part.end)
                continue
            pause = self._pauses.within(before) if before else self._pauses.before(line.speaker)
            self._segments.append(self._segment(part, line, role, pause))
            before = part.text

    def _sayings(self, role: Speaker) -> Sayings:
        found = self._said.get(id(role))
        if found is None:
            found = self._said[id(role)] = sayings_of(self._spec, role) if self._spec.reading else NO_SAYINGS
        return found

    def _sayable(self, part: Chunk, role: Speaker) -> Chunk:
        if not self._spec.replace_unsayable or (text := self._replaced(part.text, role)) == part.text:
            return part
        return replace(part, text=text, origin=None) if isinstance(part, SpokenChunk) else replace(part, text=text)

    def _replaced(self, text: str, role: Speaker) -> str:
        return replaced(text, role, self._cast.site, self._sayings(role).spans(text))

    def _sentences(self, line: Line, role: Speaker, longest: int) -> Sequence[Chunk]:
        """The line cut into what an engine says in one call each, read as the job asks for."""
        if not self._spec.reading or not self._coverage:
            return chunk(line.text, role.language, longest)
        reading = read(line.text, reading_options(self._spec, role, self._sayings(role)))
        parts = sentences(reading, role.language, longest)
        whole = line.span.end - line.span.start == len(line.text)  # a title is put together from the words of its line
        spoken = [(part.start, part.end) for part in parts] if whole else [(0, line.span.end - line.span.start)]
        self._coverage.line(line.span.start, reading if whole else read(""), spoken)
        return parts

    def _segment(self, part: Chunk, line: Line, role: Speaker, pause: float) -> PlannedSegment:
        phonemes = self._sayings(role).spans(part.text)
        sound = role.sound_of(part.text, phonemes)
        words = sound[:16]
        self._seen[words] += 1
        identity = words if self._seen[words] == 1 else f"{words}.{self._seen[words]}"
        planned = derived_seed(self._spec.seed or 0, part.text, 1_000_000 + self._spec.takes.get(identity, 0))
        seed = self._spec.picks.get(identity, planned)
        return PlannedSegment(
            id=identity,
            index=len(self._segments),
            key=key_of(sound, seed),
            text=part.text,
            phonemes=phonemes,
            span=(line.span.start + part.start, line.span.start + part.end),
            line=line.span.line,
            pause_before=pause,
            speaker=line.speaker,
            role=role,
            seed=seed,
            sound=sound,
            picked=identity in self._spec.picks,
            written=part.written if isinstance(part, SpokenChunk) else line.text[part.start : part.end],
            origin=part.origin if isinstance(part, SpokenChunk) else None,
        )
