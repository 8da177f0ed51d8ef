"""Positions of a project's parts, and copies of a project with one part replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from capabilities.director.document.model import BoardLine, BoardPart, BoardScene, BoardShot, CastMember, Project
from studio.errors import NotFound

Piece = BoardScene | BoardShot | BoardLine
SINGLE = ("look", "captions", "music", "book", "origin")
SORTS: Mapping[str, type[Piece]] = {"scenes": BoardScene, "shots": BoardShot, "lines": BoardLine}
"""The words with which a part's address begins: `shots/s12ab`."""
BELOW = {"project": "scenes", "scenes": "shots", "shots": "lines"}
"""What a part holds: its field, which is also the word in the address of what lies in it."""

P = TypeVar("P", bound=BoardPart)


@dataclass(frozen=True)
class PartPlace:
    """The position of a scene, shot or line: one to three indices, and the ids of its parents."""

    path: tuple[int, ...]
    parent: str


class Places:
    """An index of a document by address, built once per version; takes a millisecond or two for 1,000 shots."""

    def __init__(self, project: Project) -> None:
        self._found: dict[str, PartPlace] = {}
        for c, scene in enumerate(project.scenes):
            self._found[f"scenes/{scene.id}"] = PartPlace((c,), "project")
            for s, shot in enumerate(scene.shots):
                self._found[f"shots/{shot.id}"] = PartPlace((c, s), f"scenes/{scene.id}")
                for n, line in enumerate(shot.lines):
                    self._found[f"lines/{line.id}"] = PartPlace((c, s, n), f"shots/{shot.id}")

    def __contains__(self, address: str) -> bool:
        return address in self._found

    def has_id(self, part_id: str) -> bool:
        return any(f"{word}/{part_id}" in self._found for word in SORTS)

    def of(self, address: str) -> PartPlace:
        """Return the position of an address.

        Raises:
            NotFound: the project has no such part.
        """
        place = self._found.get(address)
        if place is None:
            raise NotFound("project.part-unknown", part=address[:80])
        return place


def part_at(project: Project, place: PartPlace) -> Piece:
    scene = project.scenes[place.path[0]]
    if len(place.path) == 1:
        return scene
    shot = scene.shots[place.path[1]]
    return shot if len(place.path) == 2 else shot.lines[place.path[2]]


def single(project: Project, address: str) -> BoardPart:
    """Return the project itself, one of its single parts, or a member of its cast.

    Raises:
        NotFound: there is no such part.
    """
    if address == "project":
        return project
    if address in SINGLE:
        part: BoardPart = getattr(project, address)
        return part
    word, _, name = address.partition("/")
    if word == "cast" and name in project.cast:
        return project.cast[name]
    raise NotFound("project.part-unknown", part=address[:80])


def with_single(project: Project, address: str, part: BoardPart) -> Project:
    if address == "project":
        assert isinstance(part, Project)
        return part
    if address in SINGLE:
        return project.model_copy(update={address: part})
    assert isinstance(part, CastMember)
    return project.model_copy(update={"cast": {**project.cast, address.partition("/")[2]: part}})


def with_part(project: Project, place: PartPlace, part: Piece) -> Project:
    """Return the project with the part at `place` replaced."""

    def at(parts: Sequence[P], index: int, make: Callable[[P], P]) -> tuple[P, ...]:
        return (*parts[:index], make(parts[index]), *parts[index + 1 :])

    def in_shot(shot: BoardShot) -> BoardShot:
        if len(place.path) == 2:
            assert isinstance(part, BoardShot)
            return part
        assert isinstance(part, BoardLine)
        line = part
        return shot.model_copy(update={"lines": at(shot.lines, place.path[2], lambda _: line)})

    def in_scene(scene: BoardScene) -> BoardScene:
        if len(place.path) == 1:
            assert isinstance(part, BoardScene)
            return part
        return scene.model_copy(update={"shots": at(scene.shots, place.path[1], in_shot)})

    return project.model_copy(update={"scenes": at(project.scenes, place.path[0], in_scene)})


def held_by(project: Project, places: Places, address: str) -> list[Piece]:
    """Return the children of the part at an address, in order; those of "project" are its scenes.

    Raises:
        NotFound: there is no such part.
    """
    if address == "project":
        return list(project.scenes)
    part = part_at(project, places.of(address))
    if isinstance(part, BoardLine):
        raise NotFound("project.part-unknown", part=address[:80])
    return list(part.shots if isinstance(part, BoardScene) else part.lines)


def with_held(project: Project, places: Places, address: str, parts: Sequence[Piece]) -> Project:
    """Return the project with other children of the part at an address."""
    if address == "project":
        return project.model_copy(update={"scenes": tuple(parts)})
    place = places.of(address)
    holder = part_at(project, place)
    word = BELOW[address.partition("/")[0]]
    return with_part(project, place, holder.model_copy(update={word: tuple(parts)}))
