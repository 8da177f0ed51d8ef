"""Locked shots: the only permitted change is to unlock them."""

from __future__ import annotations

from collections.abc import Sequence

from capabilities.director.document.change import Change, Delete, Replace, SetField
from capabilities.director.document.model import Project
from studio.errors import InvalidInput

_FREE = ("locked", "approved", "marked")


def refuse_locked(project: Project, changes: Sequence[Change]) -> None:
    """Check that changes do not affect locked shots.

    Raises:
        InvalidInput: a change affects a locked shot or a line of it, and does not unlock it first.
    """
    locked = {f"shots/{shot.id}": shot.id for shot in project.shots() if shot.locked}
    if not locked:
        return
    within = {f"lines/{line.id}": f"shots/{shot.id}" for shot in project.shots() if shot.locked for line in shot.lines}
    within |= {f"scenes/{scene.id}": f"shots/{shot.id}" for scene in project.scenes for shot in scene.shots if shot.locked}
    for change in changes:
        if isinstance(change, Replace) or (change.at.startswith("scenes/") and not isinstance(change, Delete)):
            continue  # a scene may get further shots and another title
        part, field = change.at, ""
        if isinstance(change, SetField):
            part, _, field = change.at.rpartition(".")
        shot = within.get(part, part)
        if shot not in locked:
            continue
        if shot == part and field in _FREE:
            if field == "locked" and isinstance(change, SetField) and change.to is False:
                locked.pop(shot)
            continue
        raise InvalidInput("project.locked", shot=locked[shot])
