"""Applies changes to a document; each has an inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from capabilities.director.document.change import Change, Delete, Insert, Move, Rename, Replace, SetField
from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, CastMember, Project
from capabilities.director.document.places import (
    BELOW,
    SORTS,
    Piece,
    Places,
    held_by,
    part_at,
    single,
    with_held,
    with_part,
    with_single,
)
from studio.errors import InvalidInput, NotFound
from studio.validation import validated

_FIXED = frozenset({"id", "version", "format", "cast", "scenes", "shots", "lines"})
"""Fields that no `set` changes: names of things, and what is put in, moved and taken out instead."""


@dataclass(frozen=True)
class Changed:
    """The result of changes.

    Args:
        applied: the changes with the ids of the parts that they inserted, so that applying them again gives the same document.
        inverse: the changes that undo them.
        touched: the addresses whose values changed.
    """

    project: Project
    applied: tuple[Change, ...]
    inverse: tuple[Change, ...]
    touched: tuple[str, ...]


def apply_all(project: Project, changes: Sequence[Change]) -> Changed:
    """Apply all changes in order, or none.

    Raises:
        NotFound: a part does not exist.
        InvalidInput: a value is not allowed; the error names the address.
    """
    applied: list[Change] = []
    inverse: list[Change] = []
    touched: list[str] = []
    for change in changes:
        done = _apply(project, change)
        project = done.project
        applied += done.applied
        inverse[:0] = done.inverse
        touched += done.touched
    return Changed(project, tuple(applied), tuple(inverse), tuple(dict.fromkeys(touched)))


def value_at(project: Project, address: str) -> Any:
    """Return the value of a field, or None if it no longer exists; for messages about conflicts."""
    part, _, name = address.rpartition(".")
    try:
        return getattr(_found(project, Places(project), part), name, None)
    except NotFound:
        return None


def exists(project: Project, address: str) -> bool:
    """Return whether the project has a part with this address."""
    try:
        _found(project, Places(project), address)
    except NotFound:
        return False
    return True


def _apply(project: Project, change: Change) -> Changed:
    if isinstance(change, SetField):
        return _set(project, change)
    if isinstance(change, Insert):
        return _insert(project, change)
    if isinstance(change, Delete):
        return _delete(project, change)
    if isinstance(change, Move):
        return _move(project, change)
    if isinstance(change, Rename):
        return _rename(project, change)
    return _replace(project, change)


def _found(project: Project, places: Places, address: str) -> Any:
    if address.partition("/")[0] in SORTS:
        return part_at(project, places.of(address))
    return single(project, address)


def _set(project: Project, change: SetField) -> Changed:
    address, _, name = change.at.rpartition(".")
    places = Places(project)
    before = _found(project, places, address)
    if name in _FIXED or name not in type(before).model_fields:
        raise InvalidInput("project.field-unknown", field=name[:40], part=address[:80])
    given = validated(type(before), {name: change.to}, "field")
    after = before.model_copy(update={name: getattr(given, name)})
    told = SetField(at=change.at, to=before.model_dump(mode="json", include={name})[name])
    if address.partition("/")[0] in SORTS:
        return Changed(with_part(project, places.of(address), after), (change,), (told,), (change.at,))
    return Changed(with_single(project, address, after), (change,), (told,), (change.at,))


def _insert(project: Project, change: Insert) -> Changed:
    word, _, name = change.at.partition("/")
    if word == "cast":
        return _insert_member(project, name, change)
    if word not in BELOW:
        raise InvalidInput("project.holds-nothing", part=change.at[:80])
    below = BELOW[word]
    part = _piece(below, change.item)
    places = Places(project)
    ids = _ids_in(part)
    taken = next((one for at, one in enumerate(ids) if one in ids[:at] or places.has_id(one)), None)
    if taken is not None:
        raise InvalidInput("project.id-taken", id=taken)
    parts = list(held_by(project, places, change.at))
    parts.insert(_position(parts, change.after), part)
    address = f"{below}/{part.id}"
    whole = Insert(at=change.at, item=part.model_dump(mode="json", exclude_defaults=True), after=change.after)
    return Changed(with_held(project, places, change.at, parts), (whole,), (Delete(at=address),), (address,))


def _piece(word: str, item: dict[str, Any]) -> Piece:
    if word == "scenes":
        return validated(BoardScene, item)
    return validated(BoardShot, item) if word == "shots" else validated(BoardLine, item)


def _ids_in(part: Piece) -> list[str]:
    held: tuple[BoardShot | BoardLine, ...] = ()
    if not isinstance(part, BoardLine):
        held = part.shots if isinstance(part, BoardScene) else part.lines
    return [part.id, *(found for one in held for found in _ids_in(one))]


def _insert_member(project: Project, name: str, change: Insert) -> Changed:
    told = " ".join(name.split())
    if not told or told != name or len(name) > 60:
        raise InvalidInput("project.name-wrong", name=name[:80])
    if name in project.cast:
        raise InvalidInput("project.member-exists", name=name)
    member = validated(CastMember, change.item)
    changed = project.model_copy(update={"cast": {**project.cast, name: member}})
    return Changed(changed, (change,), (Delete(at=change.at),), (change.at,))


def _delete(project: Project, change: Delete) -> Changed:
    word, _, name = change.at.partition("/")
    if word == "cast":
        member = single(project, change.at)
        rest = {key: value for key, value in project.cast.items() if key != name}
        back: Change = Insert(at=change.at, item=member.model_dump(mode="json"))
        return Changed(project.model_copy(update={"cast": rest}), (change,), (back,), (change.at,))
    places = Places(project)
    place = places.of(change.at)
    part = part_at(project, place)
    parts = list(held_by(project, places, place.parent))
    before = parts[place.path[-1] - 1].id if place.path[-1] else ""
    del parts[place.path[-1]]
    back = Insert(at=place.parent, item=part.model_dump(mode="json"), after=before)
    return Changed(with_held(project, places, place.parent, parts), (change,), (back,), (change.at,))


def _move(project: Project, change: Move) -> Changed:
    places = Places(project)
    place = places.of(change.at)
    if place.parent.partition("/")[0] != change.to.partition("/")[0]:
        raise InvalidInput("project.moved-elsewhere", part=change.at[:80], to=change.to[:80])
    part = part_at(project, place)
    rest = list(held_by(project, places, place.parent))
    before = rest[place.path[-1] - 1].id if place.path[-1] else ""
    del rest[place.path[-1]]
    without = with_held(project, places, place.parent, rest)
    index = Places(without)
    parts = list(held_by(without, index, change.to))
    parts.insert(_position(parts, change.after), part)
    back = Move(at=change.at, to=place.parent, after=before)
    return Changed(with_held(without, index, change.to, parts), (change,), (back,), (change.at,))


def _position(parts: Sequence[Piece], after: str | None) -> int:
    if after == "":
        return 0
    return next((index + 1 for index, one in enumerate(parts) if one.id == after), len(parts))


def _rename(project: Project, change: Rename) -> Changed:
    word, _, name = change.at.partition("/")
    member = single(project, change.at)
    if word != "cast" or not isinstance(member, CastMember):
        raise InvalidInput("project.name-wrong", name=change.at[:80])
    told = " ".join(change.to.split())
    if not told or told != change.to:
        raise InvalidInput("project.name-wrong", name=change.to[:80])
    if told in project.cast:
        raise InvalidInput("project.member-exists", name=told)
    cast = {told if key == name else key: value for key, value in project.cast.items()}
    renamed = project.model_copy(update={"cast": cast, "scenes": tuple(_spoken_by(one, name, told) for one in project.scenes)})
    return Changed(renamed, (change,), (Rename(at=f"cast/{told}", to=name),), (change.at, f"cast/{told}"))


def _spoken_by(scene: BoardScene, name: str, told: str) -> BoardScene:
    def in_shot(shot: BoardShot) -> BoardShot:
        if all(line.who != name for line in shot.lines):
            return shot
        lines = tuple(line.model_copy(update={"who": told}) if line.who == name else line for line in shot.lines)
        return shot.model_copy(update={"lines": lines})

    return scene.model_copy(update={"shots": tuple(in_shot(shot) for shot in scene.shots)})


def _replace(project: Project, change: Replace) -> Changed:
    kept = {"id": project.id, "version": project.version}
    after = validated(Project, {**change.item, **kept})
    back = Replace(item=project.model_dump(mode="json", exclude_defaults=True))
    whole = Replace(item=after.model_dump(mode="json", exclude_defaults=True))
    return Changed(after, (whole,), (back,), ("*",))
