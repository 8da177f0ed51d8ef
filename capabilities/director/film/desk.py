"""The state of a project as a film: the length of each shot, existing parts, and the cost of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from capabilities.common.inputs import fingerprint, input_resolver
from capabilities.common.render_engines import RenderEngineSelector
from capabilities.director.document.model import Project
from capabilities.director.film.plan import FPS, BoardFiles, FilmPlan, FilmStep, plan_film, portrait_of, size_of_look
from capabilities.director.film.speech import LineSpeech, refuse_silence, shot_plan, timeline_of
from capabilities.director.film.times import FREE, FilmTimes, Price
from capabilities.director.projects.collection import Projects
from capabilities.director.projects.files import ProjectFiles
from capabilities.video.capability import TextToVideo
from capabilities.video.engines import BUILT_IN, ClipSettings
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.join import Timeline
from capabilities.voiceover.plan import Plan, PlannedSegment
from capabilities.voiceover.render import RenderedSegment
from engines.contract import Engine
from studio.artifacts.clips import ShotStore
from studio.services import Services

_LETTERS_PER_SECOND = 14.0
_WORK_PER_LETTER = 0.02
"""Seconds of work for a character where an engine was not measured yet."""


@dataclass(frozen=True)
class LineState:
    """The state of a line: its length, whether that is measured, and the keys of its sentences, () before it was spoken."""

    id: str
    seconds: float
    spoken: bool
    keys: tuple[str, ...]


@dataclass(frozen=True)
class ShotState:
    """The state of a shot.

    Args:
        seconds: its length.
        spoken: whether the length is measured.
        missing: steps that have to run.
        price: cost of this shot alone.
    """

    id: str
    seconds: float
    spoken: bool
    missing: tuple[FilmStep, ...]
    price: Price
    lines: tuple[LineState, ...]

    @property
    def ready(self) -> bool:
        return self.spoken and not self.missing


@dataclass(frozen=True)
class FilmState:
    """The state of the whole film: its length, missing steps, and their cost, including joining."""

    shots: tuple[ShotState, ...]
    seconds: float
    price: Price
    sentences: int
    """Still to be spoken."""

    @property
    def steps(self) -> int:
        return sum(len(shot.missing) for shot in self.shots)


@dataclass(frozen=True)
class SpokenShots:
    """The speech of every shot: plans, and timelines if everything is spoken."""

    plans: Mapping[str, Plan]
    timelines: Mapping[str, Timeline | None]
    lines: Mapping[str, tuple[PlannedSegment, ...]]


class FilmDesk:
    """Computes the state of projects as films. Has no state of a project; any thread may call any method."""

    def __init__(self, services: Services) -> None:
        self._services = services
        voiceover, video = services.capability(Voiceover), services.capability(TextToVideo)
        self._voiceover, self._video = voiceover, video
        samples = services.site.assets / "portraits"
        self.files = ProjectFiles(input_resolver(services), samples)
        self.projects = Projects(services.paths.projects, self.files)
        self.speech = LineSpeech(voiceover, services.segments, services.pronunciations)
        self.times = FilmTimes(services.paths.root / "film-runs.json", video.runtime_stats)
        self.clips: ShotStore = video.clips
        self.faces = RenderEngineSelector(services.catalog, services.site)
        self._hashes: dict[tuple[str, int, int], str] = {}

    def form(self, project: Project) -> ClipSettings:
        """Return the settings of a project's painted scenes."""
        engines = self._video.engines
        width, height = size_of_look(project.look)
        return engines.form(self._services.catalog.get(BUILT_IN), {}, f"{width}x{height}", float(FPS))

    def talker(self) -> type[Engine]:
        """Return the lip-sync engine of this machine."""
        return self.faces.choose("auto", "lip_sync")

    def read(self, project: Project) -> SpokenShots:
        """Return the text of each shot, with its timeline as far as it was spoken.

        Raises:
            InvalidInput, NotFound, EngineNotReady: a line cannot be spoken; the error names its row.
        """
        lines = self.speech.plans(project)
        plans = {shot.id: shot_plan(shot, lines) for shot in project.shots()}
        timelines: dict[str, Timeline | None] = {}
        for name, plan in plans.items():
            spoken = {segment.key: self.speech.spoken(segment) for segment in plan.segments}
            known = {key: one for key, one in spoken.items() if one is not None}
            timelines[name] = timeline_of(plan, known) if len(known) == len(spoken) else None
        return SpokenShots(plans, timelines, lines)

    def plan(
        self, project: Project, folder: Path, timelines: Mapping[str, Timeline | None], seconds: Mapping[str, float]
    ) -> FilmPlan:
        """Return the steps of a film with these speech lengths.

        Raises:
            InvalidInput, NotFound: there is no shot, or a file of one no longer exists.
        """
        refuse_silence(project)
        return plan_film(
            project, timelines, seconds, self._files(project, folder), self.form(project), self.talker(), self.files.samples()
        )

    def state(self, project: Project, folder: Path) -> FilmState:
        """Return the state of a project.

        Raises:
            InvalidInput, NotFound, EngineNotReady: as `read` and `plan`.
        """
        read = self.read(project)
        spoken = {name: read.timelines[name] is not None or not plan.segments for name, plan in read.plans.items()}
        seconds = {name: self._seconds(plan, read.timelines[name]) for name, plan in read.plans.items()}
        plan = self.plan(project, folder, read.timelines, seconds)
        form = self.form(project)
        shots, total, seen = [], FREE, set[str]()
        sentences = 0
        for shot in plan.shots:
            name = shot.board.id
            missing = tuple(step for step in shot.steps if not (spoken[name] and self.clips.has(step.key)))
            if spoken[name] and self.clips.has(shot.result.key):
                missing = ()
            unsaid = [one for one in read.plans[name].segments if self.speech.spoken(one) is None]
            price = self.price_of_speech(unsaid)
            sentences += len(unsaid)
            for step in missing:
                cost = self.times.price(step, form)
                price += cost
                total += cost if step.key not in seen or not spoken[name] else FREE
                seen.add(step.key)
            total += self.price_of_speech(unsaid)
            lines = tuple(self._line(line.id, read.lines[line.id]) for line in shot.board.lines)
            length = float(shot.placed.frames / FPS)
            shots.append(ShotState(name, round(length, 2), spoken[name], missing, price, lines))
        total += self.times.join(plan.size, plan.frames) + self.times.around()
        return FilmState(tuple(shots), plan.seconds, total, sentences)

    def _line(self, name: str, segments: Sequence[PlannedSegment]) -> LineState:
        found = [self.speech.spoken(one) for one in segments]
        spoken = bool(found) and all(one is not None for one in found)
        seconds = sum(self._length(segment, one) for segment, one in zip(segments, found, strict=True))
        return LineState(name, round(seconds, 2), spoken or not segments, tuple(one.key for one in segments) if spoken else ())

    def _seconds(self, plan: Plan, timeline: Timeline | None) -> float:
        """Return the seconds of speech in a shot, estimated before it was spoken."""
        if timeline is not None or not plan.segments:
            return timeline.duration if timeline is not None else 0.0
        lengths = (self._length(one, self.speech.spoken(one)) + one.pause_before for one in plan.segments)
        return sum(lengths) + plan.tail_pause

    def length_of(self, segment: PlannedSegment) -> float:
        """Seconds of a segment; estimated where it was not spoken yet."""
        return self._length(segment, self.speech.spoken(segment))

    def _length(self, segment: PlannedSegment, spoken: RenderedSegment | None) -> float:
        if spoken is not None:
            return spoken.duration
        pace = self._voiceover.paces.of(segment.role.engine_id)
        return len(segment.text) * (pace.speech if pace else 1 / _LETTERS_PER_SECOND)

    def price_of_speech(self, segments: Sequence[PlannedSegment]) -> Price:
        """What speaking these segments takes."""
        price = FREE
        for segment in segments:
            pace = self._voiceover.paces.of(segment.role.engine_id)
            work = pace.work if pace else _WORK_PER_LETTER
            price += Price(len(segment.text) * work, pace is not None)
        return price

    def _files(self, project: Project, folder: Path) -> BoardFiles:
        names = [shot.file for shot in project.shots() if shot.file and shot.show in ("picture", "clip")]
        names += [portrait_of(project, shot, self.files.samples()) for shot in project.shots()]
        found = {}
        for name in dict.fromkeys(filter(None, names)):
            path, _ = self.files.find(folder, name, name)
            found[name] = (path, self._hash(path))
        return BoardFiles(found)

    def _hash(self, path: Path) -> str:
        facts = path.stat()
        key = (str(path), facts.st_mtime_ns, facts.st_size)
        if key not in self._hashes:
            self._hashes[key] = fingerprint(path)
        return self._hashes[key]


_SAID: Any = {"approved": True, "locked": True, "marked": True, "lines": {"__all__": {"doubt", "other"}}}
_ASIDE: Any = {
    **dict.fromkeys(("version", "id", "archived", "notes", "topic", "origin", "book"), True),
    "scenes": {"__all__": {"shots": {"__all__": _SAID}}},
}
"""What of a project its film does not hang on."""


def stamp_of(project: Project) -> str:
    """Return a short hash of everything in a project that affects the film, independent of its version."""
    told: Any = project.model_dump_json(exclude=_ASIDE)
    return sha256(str(told).encode("utf-8", "replace")).hexdigest()[:16]
