"""A film as an edit decision list: which file is shown when, with the sound of each speaker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from capabilities.director.document.model import BoardShot, Project
from capabilities.director.film.plan import FPS, FilmPlan, FilmShot, silence_around
from capabilities.director.film.speech import part_of
from capabilities.voiceover.join import Timeline
from capabilities.voiceover.plan import PlannedSegment
from media.timeline.edit import Edit, EditClip, EditSound
from studio.files import slug

HANDLE = 10
"""Pictures before and after each clip, in which its first and last one stand still: room for a crossfade."""
MUSIC = "Music"
_LONGEST_NAME = 60
_LONGEST_NOTE = 200

Lines = Mapping[str, Sequence[PlannedSegment]]


def edit_of(project: Project, plan: FilmPlan, lines: Lines) -> Edit:
    """Return the edit of a film.

    Args:
        lines: the segments of every line by its id.
    """
    clips = tuple(_clip(shot, number) for number, shot in enumerate(plan.shots, 1))
    sounds = [
        EditSound(name, sound_file(project, name), _spans(project, plan, lines, name))
        for name in speakers_of(project, plan, lines)
    ]
    if project.music.file:
        whole = tuple((clip.start, clip.frames) for clip in clips)
        sounds.append(EditSound(MUSIC, sound_file(project, MUSIC), whole, "music"))
    return Edit(
        project.title, int(FPS), plan.size[0], plan.size[1], clips, tuple(sounds), project.id, project.version
    )  # fmt: skip


def speakers_of(project: Project, plan: FilmPlan, lines: Lines) -> list[str]:
    """Return the speakers in the order of their first line."""
    return list(dict.fromkeys(name for shot in plan.shots for name in owners_of(project, shot.board, lines)))


def owners_of(project: Project, shot: BoardShot, lines: Lines) -> list[str]:
    """Return the speaker of each segment of a shot's sound."""
    return [part_of(project, line.who).name for line in shot.lines for _ in lines[line.id]]


def sound_of(timeline: Timeline | None, owners: Sequence[str], name: str) -> Timeline | None:
    """Return one speaker's part of a shot's timeline, at the same positions; None without any."""
    if timeline is None or name not in owners:
        return None
    placed = []
    at = 0
    for one, owner in zip(timeline.placed, owners, strict=True):
        if owner == name:
            placed.append(replace(one, gap=one.start - at))
            at = one.start + one.frames
    return replace(timeline, placed=tuple(placed))


def clip_file(shot: BoardShot, number: int) -> str:
    return f"media/{number:03d}-{shot.id}.mp4"


def sound_file(project: Project, name: str) -> str:
    """Return the file name of a speaker's sound; its number distinguishes names that a file system does not."""
    number = list(project.cast).index(name) + 1 if name in project.cast else 0
    return f"sound/{number:02d}-{slug(name, fallback='voice', longest_bytes=40)}.wav"


def _clip(shot: FilmShot, number: int) -> EditClip:
    said = " ".join(" ".join(line.text for line in shot.board.lines).split())
    words = said or " ".join(shot.board.see.split()) or "Silent"
    name = f"{number} {words[:_LONGEST_NAME]}"
    lead = silence_around(shot.board)[0]
    return EditClip(
        shot.board.id, name, clip_file(shot.board, number), shot.placed.start, shot.placed.frames, HANDLE, HANDLE,
        said[:_LONGEST_NOTE], lead,
    )  # fmt: skip


def _spans(project: Project, plan: FilmPlan, lines: Lines, name: str) -> tuple[tuple[int, int], ...]:
    return tuple((shot.placed.start, shot.placed.frames) for shot in plan.shots if name in owners_of(project, shot.board, lines))
