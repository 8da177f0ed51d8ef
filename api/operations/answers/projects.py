"""What calls about projects answer."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.operations.operation import Answer


class ProjectRowAnswer(Answer):
    """A project in a list."""

    id: str = Field(description="The name of its folder.")
    title: str
    kind: str = Field(description='"film" or "audiobook".')
    version: int = Field(description="Counts changes.")
    scenes: int
    shots: int
    lines: int
    archived: bool
    changed: float = Field(description="Seconds since the epoch.")
    damage: str = Field("", description="Why it cannot be opened, empty where it can.")


class ShotStateAnswer(Answer):
    """What a shot of a film is now."""

    id: str
    seconds: float = Field(description="That it lasts; estimated while it is not spoken.")
    spoken: bool
    ready: bool = Field(description="Whether everything of it is there.")
    price_seconds: float = Field(description="That it would take alone.")
    sounds: list[str] = Field([], description="Addresses of its sentences, once they are spoken.")


class FilmStateAnswer(Answer):
    """What a film is now."""

    seconds: float = Field(description="That it lasts.")
    price_seconds: float = Field(description="That what is missing will take, joining included.")
    measured: bool = Field(description="Whether all of that was measured on this machine before.")
    sentences: int = Field(description="Still to be spoken.")
    steps: int = Field(description="Pieces of picture that are to be made.")
    shots: list[ShotStateAnswer]


class ProjectAnswer(Answer):
    """A project with its document."""

    id: str
    title: str
    version: int
    can_undo: bool
    can_redo: bool
    document: dict[str, Any] = Field(description="As it is stored; defaults are left out.")
    film: FilmStateAnswer | None = Field(None, description="Where it was asked for.")
    job: str = Field("", description="The last job that made, or makes, its film.")
    problem: str = Field("", description="Why it cannot be a film now, a sentence.")


class ProjectVersion(Answer):
    """A project after a change."""

    id: str
    version: int
    touched: list[str] = Field([], description="The addresses that changed.")


class SnapshotAnswer(Answer):
    """A project as it was once."""

    id: str
    name: str
    version: int = Field(description="Of the project then.")
    at: float = Field(description="When it was kept, in seconds since the epoch.")


class AdoptedTimeline(Answer):
    """A project after an edited timeline was taken in."""

    id: str
    version: int
    resized: list[str] = Field(description="Ids of shots that last longer or shorter now.")
    moved: list[str] = Field(description="Ids of shots that stand elsewhere.")
    removed: list[str] = Field(description="Ids of shots that were cut out.")
    notes: list[str] = Field(description="What was not taken, and why.")


class DeletedProject(Answer):
    """A project that was removed."""

    id: str
    key: str = Field(description="Give it to `make_project` as `restore` within half an hour to have it back.")
