"""Import of an edited timeline: its order and lengths become changes of the board, which can be undone.

Only what the board supports is imported: the order of shots, removed shots, and the length of each. The silence around the words
of a spoken shot changes, never the words. Everything else is reported and ignored: other speeds, gaps, foreign clips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from capabilities.director.document.change import Change, Delete, Move, SetField
from capabilities.director.document.model import LONGEST_SHOT, LONGEST_SILENCE, SHORTEST_SHOT, BoardShot, Project
from capabilities.director.film.plan import FPS, silence_around
from capabilities.director.timeline.film_edit import HANDLE
from media.messages.message import Message
from media.timeline.read_back import ReadClip, ReadEdit
from studio.errors import InvalidInput

_FINEST = 10_000
"""Parts of a second in which a silence is noted; pictures are 400 of them."""


@dataclass(frozen=True)
class Adoption:
    """The result of an import.

    Args:
        changes: to be made in one step.
        resized, moved, removed: ids of shots.
        notes: what was ignored, and why.
    """

    changes: tuple[Change, ...]
    resized: tuple[str, ...]
    moved: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[Message, ...]


@dataclass
class _Use:
    """One shot in the edit; consecutive pieces of it are one."""

    shot: BoardShot
    clip: ReadClip
    first: int
    frames: int


def adopt(project: Project, edit: ReadEdit, spoken: Mapping[str, float]) -> Adoption:
    """Return the changes of an edit.

    Args:
        spoken: seconds of speech in each shot now, 0 for a silent one.

    Raises:
        InvalidInput: the edit contains no shot of this project.
    """
    rows = {shot.id: number for number, shot in enumerate(project.shots(), 1)}
    notes: list[Message] = []
    uses = _uses(project, edit, rows, notes)
    if not uses:
        raise InvalidInput("project.not-this-film")
    for count, code in ((edit.gaps, "project.gaps-left"), (edit.others + edit.above, "project.items-left")):
        if count:
            notes.append(Message.of(code, count=count))
    kept = [use.shot.id for use in uses]
    removed = tuple(shot.id for shot in project.shots() if shot.id not in set(kept))
    moves = _moves(project, kept)
    lengths: list[SetField] = []
    for use in uses:
        lengths += _lengths(use, spoken.get(use.shot.id, 0.0), rows[use.shot.id], notes)
    resized = tuple(dict.fromkeys(one.at.split("/")[1].split(".")[0] for one in lengths))
    changes: tuple[Change, ...] = (*(Delete(at=f"shots/{id}") for id in removed), *moves, *lengths)
    return Adoption(changes, resized, tuple(move.at.split("/")[1] for move in moves), removed, tuple(notes))


def _uses(project: Project, edit: ReadEdit, rows: Mapping[str, int], notes: list[Message]) -> list[_Use]:
    """Return the shots of the project in the order of the edit, each once."""
    shots = {shot.id: shot for shot in project.shots()}
    uses: list[_Use] = []
    seen: set[str] = set()
    for clip in edit.clips:
        id = next((one for one in _names_of(clip) if one in shots), "")
        if not id:
            notes.append(Message.of("project.clip-unknown", clip=clip.name or clip.file or "?"))
            continue
        if clip.speed != 1.0:
            notes.append(Message.of("project.speed-left", row=rows[id]))
        last = uses[-1] if uses else None
        if last is not None and last.shot.id == id and clip.first == last.first + last.frames:
            last.frames += clip.frames
        elif id in seen:
            notes.append(Message.of("project.used-twice", row=rows[id]))
        else:
            seen.add(id)
            uses.append(_Use(shots[id], clip, clip.first, clip.frames))
    return uses


def _names_of(clip: ReadClip) -> tuple[str, ...]:
    """Return possible names of a clip's shot: the studio's metadata, then its file name, because programs may rename clips."""
    stem = PurePosixPath(clip.file).stem
    return clip.id, stem.partition("-")[2], stem


def _moves(project: Project, kept: Sequence[str]) -> list[Move]:
    """Return the fewest moves that give this order. A moved shot belongs to the scene of the one before it."""
    home = {shot.id: scene.id for scene in project.scenes for shot in scene.shots}
    order = {id: number for number, id in enumerate(home)}
    settled = _longest_rising([order[id] for id in kept])
    scene = home[kept[min(settled)]]
    before = ""
    moves: list[Move] = []
    for place, id in enumerate(kept):
        if place in settled:
            scene = home[id]
        else:
            moves.append(Move(at=f"shots/{id}", to=f"scenes/{scene}", after=before))
        before = id
    return moves


def _longest_rising(places: Sequence[int]) -> set[int]:
    """Return a longest increasing subsequence (patience sorting: Fredman, 1975)."""
    piles: list[int] = []
    under: dict[int, int] = {}
    for index, place in enumerate(places):
        low, high = 0, len(piles)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if places[piles[middle]] < place else (low, middle)
        under[index] = piles[low - 1] if low else -1
        piles[low : low + 1] = [index]
    found: set[int] = set()
    at = piles[-1] if piles else -1
    while at >= 0:
        found.add(at)
        at = under[at]
    return found


def _lengths(use: _Use, spoken: float, row: int, notes: list[Message]) -> list[SetField]:
    """Return the changes that give a shot its length in the edit, with its words in place."""
    shot, clip = use.shot, use.clip
    head = HANDLE if clip.head is None else clip.head
    later = use.first - head
    if not later and clip.whole == use.frames:
        return []
    seconds = float(use.frames / FPS)
    if not spoken:
        wanted: dict[str, float | None] = {"seconds": min(LONGEST_SHOT, max(SHORTEST_SHOT, round(seconds, 4)))}
        if wanted["seconds"] != round(seconds, 4):
            notes.append(Message.of("project.length-held", row=row, seconds=wanted["seconds"]))
    else:
        before = silence_around(shot)[0] if clip.lead is None else clip.lead
        lead = round(before - float(later / FPS), 4)
        tail = math.floor((seconds - max(0.0, lead) - spoken) * _FINEST) / _FINEST
        if lead < 0 or tail < 0:
            notes.append(Message.of("project.words-kept", row=row))
        wanted = {"lead": _silence(lead), "tail": _silence(tail), "seconds": None}
    return [SetField(at=f"shots/{shot.id}.{name}", to=value) for name, value in wanted.items() if getattr(shot, name) != value]


def _silence(seconds: float) -> float:
    return min(LONGEST_SILENCE, max(0.0, seconds))
