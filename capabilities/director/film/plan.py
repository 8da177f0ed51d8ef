"""The plan of a film: every step with the hash of all its inputs.

A step's result exists or not; nothing is marked as stale. A picture depends on the length of its sound and not on the sound, so
that a line in another voice of the same length does not change a painted scene; lip-sync depends on the sound itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from capabilities.director.document.model import BoardShot, Look, Project
from capabilities.director.film.speech import part_of
from capabilities.video.engines import ClipSettings
from capabilities.video.render import PlannedShot, plan_shot
from capabilities.video.shots import LEAD_SECONDS, TAIL_SECONDS, Shot, lay_out_shots
from capabilities.video.spec import ShotSpec
from capabilities.voiceover.join import SubtitleLimits, Timeline
from engines.contract import Engine
from engines.contract.video import ClipCaption
from media.text.cues import Cue, TimedWord
from studio.artifacts.segments import SegmentStore

FPS = Fraction(25)
QUALITY = 80
FORMAT = 1
"""Part of the key of every step of this package: raised when what it makes changes its meaning."""
CORNER = 0.36
"""The side of a presenter in the corner, as a part of the picture's shorter side."""

_SMALLEST_CORNER = 128
"""Lips are moved in a square of this side at least, and made smaller where the corner is."""
_LIMITS = SubtitleLimits(60)

Sort = Literal["scene", "clip", "talk", "compose"]


@dataclass(frozen=True)
class FilmStep:
    """One step that renders pictures.

    Args:
        key: the hash of all its inputs.
        frames: its number of frames.
    """

    sort: Sort
    key: str
    shot: str
    frames: int
    size: tuple[int, int]


@dataclass(frozen=True)
class FilmShot:
    """A shot with its position, its sound, its captions, and its steps.

    Args:
        portrait: the file of the speaker's portrait, and its hash; None if nobody is shown.
        background: the file of the user's picture or clip.
        scene: the painter's request; None if nothing is painted.
        steps: in order; the last one makes the result.
    """

    board: BoardShot
    placed: Shot
    timeline: Timeline | None
    captions: tuple[ClipCaption, ...]
    portrait: tuple[Path, str] | None
    background: Path | None
    scene: PlannedShot | None
    steps: tuple[FilmStep, ...]

    def step(self, sort: Sort) -> FilmStep | None:
        return next((one for one in self.steps if one.sort == sort), None)

    @property
    def result(self) -> FilmStep:
        return self.steps[-1]


@dataclass(frozen=True)
class FilmPlan:
    """All shots of a film in order, and its subtitles."""

    shots: tuple[FilmShot, ...]
    cues: tuple[Cue, ...]
    size: tuple[int, int]

    @property
    def frames(self) -> int:
        last = self.shots[-1].placed
        return last.start + last.frames

    @property
    def seconds(self) -> float:
        return float(self.frames / FPS)

    def steps(self) -> list[FilmStep]:
        """Return every step once, in the order of the shots."""
        return list({step.key: step for shot in self.shots for step in shot.steps}.values())


@dataclass(frozen=True)
class BoardFiles:
    """The files that a project's pictures depend on, by their name in the document: path and hash."""

    found: Mapping[str, tuple[Path, str]]

    def of(self, name: str) -> tuple[Path, str]:
        return self.found[name]


def size_of_look(look: Look) -> tuple[int, int]:
    """Return width and height in pixels, both even."""
    side = look.height
    wide = round(side * 16 / 9 / 2) * 2
    return {"16:9": (wide, side), "9:16": (side, wide), "1:1": (side, side)}[look.ratio]


def plan_film(
    project: Project, timelines: Mapping[str, Timeline | None], seconds: Mapping[str, float], files: BoardFiles,
    form: ClipSettings, talker: type[Engine], portraits: Sequence[str],
) -> FilmPlan:  # fmt: skip
    """Return the plan of a film.

    Args:
        timelines: of every shot by its id; None for one that is silent or not spoken yet.
        seconds: of speech in each shot.
        form: of the painter.
        talker: the lip-sync engine.
        portraits: default pictures for members of the cast without one, in turn.
    """
    shots = list(project.shots())
    specs = [_spec_of(shot, files) for shot in shots]
    around = [silence_around(shot) for shot in shots]
    spoken = [seconds[shot.id] for shot in shots]
    placed = lay_out_shots(specs, spoken, form.fps, crossfade=False, usual_frames=None, around=around)
    cues = _cues(shots, placed, timelines)
    made = []
    for shot, place in zip(shots, placed, strict=True):
        captions = _captions(shot, timelines[shot.id]) if project.captions.mode == "burned" else ()
        made.append(_film_shot(project, shot, place, timelines[shot.id], captions, files, form, talker, portraits))
    return FilmPlan(tuple(made), tuple(cues), (form.width, form.height))


def silence_around(shot: BoardShot) -> tuple[float, float]:
    """Return the seconds before the first word of a shot and after its last."""
    return LEAD_SECONDS if shot.lead is None else shot.lead, TAIL_SECONDS if shot.tail is None else shot.tail


def portrait_of(project: Project, shot: BoardShot, portraits: Sequence[str]) -> str:
    """Return the picture of a shot's speaker, as the document names it; "" if nobody is shown."""
    if shot.show != "presenter" and not shot.corner:
        return ""
    part = part_of(project, shot.lines[0].who if shot.lines else "")
    if part.member.portrait or not portraits:
        return part.member.portrait
    names = list(project.cast)
    return portraits[(names.index(part.name) if part.name in names else 0) % len(portraits)]


def corner_side(size: tuple[int, int]) -> int:
    """Return the side of a presenter's picture in the corner, for frames of this size."""
    return round(min(size) * CORNER / 2) * 2


def _spec_of(shot: BoardShot, files: BoardFiles) -> ShotSpec:
    said = " ".join(line.text for line in shot.lines)
    image = str(files.of(shot.file)[0]) if shot.show == "picture" and shot.file else ""
    return ShotSpec(
        prompt=(shot.see or said)[:2_000],
        say=said[:20_000],
        seconds=shot.seconds,
        camera=shot.camera,
        image=image,
        seed=shot.seed,
    )


def _film_shot(
    project: Project, shot: BoardShot, placed: Shot, timeline: Timeline | None, captions: tuple[ClipCaption, ...],
    files: BoardFiles, form: ClipSettings, talker: type[Engine], portraits: Sequence[str],
) -> FilmShot:  # fmt: skip
    size = (form.width, form.height)
    steps: list[FilmStep] = []
    scene: PlannedShot | None = None
    background: Path | None = None
    under = ""
    corner = shot.corner and shot.show != "presenter" and bool(shot.lines)
    if shot.show == "clip" and shot.file:
        background, told = files.of(shot.file)
        under = _key("clip", file=told, size=list(size), frames=placed.frames)
        steps.append(FilmStep("clip", under, shot.id, placed.frames, size))
    elif shot.show != "presenter":
        picture = files.of(shot.file) if shot.show == "picture" and shot.file else None
        burned = () if corner else captions
        scene = plan_shot(placed, form, burned, project.look.seed, "", QUALITY, *(picture or (None, "")))
        under = scene.key
        steps.append(FilmStep("scene", under, shot.id, placed.frames, size))
    portrait = None
    talk = ""
    if shot.show == "presenter" or corner:
        portrait = files.of(portrait_of(project, shot, portraits))
        side = max(_SMALLEST_CORNER, corner_side(size))
        framed = (side, side) if corner else size
        talk = _talk_key(portrait[1], framed, placed.frames, timeline, talker, project.look.seed, silence_around(shot)[0])
        steps.append(FilmStep("talk", talk, shot.id, placed.frames, framed))
    if corner or (captions and (scene is None)):
        words = [[one.start, one.end, one.text] for one in captions]
        key = _key("compose", under=under, talk=talk, captions=words, size=list(size))
        steps.append(FilmStep("compose", key, shot.id, placed.frames, size))
    return FilmShot(shot, placed, timeline, captions, portrait, background, scene, tuple(steps))


def _talk_key(
    portrait: str, size: tuple[int, int], frames: int, timeline: Timeline | None, talker: type[Engine], seed: int, lead: float
) -> str:
    sound = [[one.rendered.key, one.start, one.frames] for one in timeline.placed] if timeline else []
    rate = timeline.rate if timeline else 0
    card = talker.card
    return _key(
        "talk", engine=card.id, version=card.version, portrait=portrait, size=list(size), frames=frames, sound=sound, rate=rate,
        lead=lead, seed=seed,
    )  # fmt: skip


def _key(sort: Sort, **parts: Any) -> str:
    return SegmentStore.key({"step": sort, "format": FORMAT, "fps": 25, "quality": QUALITY, **parts})


def _captions(shot: BoardShot, timeline: Timeline | None) -> tuple[ClipCaption, ...]:
    """Return the captions of a shot relative to its first frame, so that they depend on no other shot."""
    lead, _ = silence_around(shot)
    return tuple(
        ClipCaption(round(cue.start + lead, 3), round(cue.end + lead, 3), " ".join(cue.text.split()))
        for cue in (timeline.cues(_LIMITS) if timeline else ())
    )


def _cues(shots: Sequence[BoardShot], placed: Sequence[Shot], timelines: Mapping[str, Timeline | None]) -> list[Cue]:
    found: list[Cue] = []
    for shot, place in zip(shots, placed, strict=True):
        timeline = timelines[shot.id]
        for cue in timeline.cues(_LIMITS) if timeline else ():
            words = tuple(TimedWord(word.text, word.start + place.speech, word.end + place.speech) for word in cue.words)
            found.append(Cue(cue.start + place.speech, cue.end + place.speech, cue.text, cue.speaker, words))
    return found
