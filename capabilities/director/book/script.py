"""A project as an audiobook: scenes are chapters, shots paragraphs, and a shot without lines is a scene break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from capabilities.audiobook.script import SPEAKER_PAUSE, credits_of
from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, Project
from capabilities.director.film.speech import part_of
from capabilities.voiceover.plan import Plan, PlannedChapter, PlannedSegment, anchors_of
from capabilities.voiceover.spec import CheckMode
from studio.settings import VoiceoverSettings

TITLE, OPENING, CLOSING = "title", "opening", "closing"
"""Ids of what is said besides the lines of the board: chapter titles ("title-c1") and credits."""


def as_spoken(project: Project) -> Project:
    """The project with everything that its audiobook says, as lines.

    A speaker without a voice is read by the first of the cast, the narrator. Lines of a paragraph that are said in one voice are
    one line, so that no sentence is parted without need. Each chapter begins with a shot that says its title, and the credits
    are scenes of their own.
    """
    scenes = [_spoken_scene(project, scene) for scene in project.scenes]
    book = project.book
    words = credits_of(project.title, book.author, book.narrator, project.language) if book.credits else None
    if words is not None:
        first = BoardScene(id=OPENING, title=words.opening, shots=tuple(_said(OPENING, words.said)))
        last = BoardScene(id=CLOSING, title=words.closing, shots=tuple(_said(CLOSING, (words.end,))))
        scenes = [_with_title(first), *scenes, _with_title(last)]
    return project.model_copy(update={"scenes": tuple(scenes)})


def _said(name: str, sentences: Sequence[str]) -> Iterator[BoardShot]:
    for number, text in enumerate(sentences):
        yield BoardShot(id=f"{name}-shot-{number}", lines=(BoardLine(id=f"{name}-{number}", text=text),))


def _spoken_scene(project: Project, scene: BoardScene) -> BoardScene:
    shots = tuple(
        shot.model_copy(update={"lines": tuple(_turns(project, shot.lines))}) if shot.lines else shot for shot in scene.shots
    )
    return _with_title(scene.model_copy(update={"shots": shots}))


def _with_title(scene: BoardScene) -> BoardScene:
    if not scene.title.strip():
        return scene
    line = BoardLine.model_construct(id=f"{TITLE}-{scene.id}", text=" ".join(scene.title.split()))
    shot = BoardShot.model_construct(id=f"{TITLE}-shot-{scene.id}", lines=(line,))
    return scene.model_copy(update={"shots": (shot, *scene.shots)})


def _turns(project: Project, lines: Sequence[BoardLine]) -> Iterator[BoardLine]:
    open_line: BoardLine | None = None
    for line in lines:
        told = _read_by(project, line)
        if open_line is not None and _goes_on(open_line, told):
            open_line = open_line.model_copy(update={"text": open_line.text + told.text, "pause": told.pause})
            continue
        if open_line is not None:
            yield open_line
        open_line = told
    if open_line is not None:
        yield open_line


def _read_by(project: Project, line: BoardLine) -> BoardLine:
    member = part_of(project, line.who).member
    narrator = line.who == next(iter(project.cast), "")
    if not line.who or (member.voice and not narrator):
        return line
    return line.model_copy(update={"who": "", "emphasis": line.emphasis or ("" if narrator else member.style)})


def _goes_on(before: BoardLine, line: BoardLine) -> bool:
    said = ("who", "speed", "emphasis", "take")
    return before.pause is None and all(getattr(before, name) == getattr(line, name) for name in said)


@dataclass(frozen=True)
class BookScript:
    """A book as it is spoken.

    Args:
        spoken: the project of `as_spoken`. plan: all its segments in order, with chapters and pauses. shots: the segments of
            every shot of it.
    """

    spoken: Project
    plan: Plan
    shots: Mapping[str, tuple[PlannedSegment, ...]]


def book_script(
    spoken: Project,
    lines: Mapping[str, Sequence[PlannedSegment]],
    pauses: VoiceoverSettings,
    check: CheckMode = "off",
    check_with: str = "",
) -> BookScript:
    """Put the segments of the lines in order, with the silence between lines, paragraphs, scenes and chapters.

    Args:
        lines: of every line of `spoken`. check: how its takes are checked. check_with: by which engine.
    """
    writer = _Writer(lines, pauses)
    for scene in spoken.scenes:
        writer.scene(scene)
    segments = tuple(chain.from_iterable(writer.shots.values()))
    chapters = tuple(writer.chapters)
    plan = Plan(segments, chapters, writer.tail, check, check_with, anchors=anchors_of(segments))
    return BookScript(spoken, plan, writer.shots)


class _Writer:
    def __init__(self, lines: Mapping[str, Sequence[PlannedSegment]], pauses: VoiceoverSettings) -> None:
        self._lines, self._pauses = lines, pauses
        self.shots: dict[str, tuple[PlannedSegment, ...]] = {}
        self.chapters: list[PlannedChapter] = []
        self._count = 0
        self._usual = 0.0
        self._own: float | None = None
        self._speaker: str | None = None

    @property
    def tail(self) -> float:
        return self._own or 0.0

    def scene(self, scene: BoardScene) -> None:
        self.chapters.append(PlannedChapter(" ".join(scene.title.split()) or "Chapter", self._count))
        self._at_least(self._pauses.chapter_pause)
        for shot in scene.shots:
            if not shot.lines:
                self._at_least(self._pauses.scene_pause)
                continue
            self._at_least(self._pauses.paragraph_pause)
            found = tuple(segment for line in shot.lines for segment in self._line(line))
            if found:
                self.shots[shot.id] = found
            if shot.id.startswith(f"{TITLE}-shot-"):
                self._at_least(self._pauses.chapter_pause)

    def _line(self, line: BoardLine) -> Iterator[PlannedSegment]:
        for number, segment in enumerate(self._lines[line.id]):
            pause = segment.pause_before if number else self._before(line.who)
            yield replace(segment, id=f"{line.id}.{number}", index=self._count, pause_before=pause)
            self._count += 1
        if self._lines[line.id]:
            self._own = line.pause

    def _before(self, who: str) -> float:
        usual = max(self._usual, self._pauses.sentence_pause if self._speaker == who else SPEAKER_PAUSE)
        pause = self._own if self._own is not None else usual if self._count else 0.0
        self._own, self._usual, self._speaker = None, 0.0, who
        return pause

    def _at_least(self, seconds: float) -> None:
        self._usual = max(self._usual, seconds)
