"""Changes of a project, addressed by id and field, so that those of two editors can be merged.

A part is addressed as "project", "look", "captions", "music", "book", "origin", "cast/NAME", "scenes/ID", "shots/ID" or
"lines/ID", and a field of it with a dot and its name: "lines/l7.text".
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.validation import validated

Address = Annotated[str, Field(min_length=1, max_length=160)]


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SetField(_Change):
    """Set the value of a field."""

    op: Literal["set"] = "set"
    at: Address
    to: Any = None


class Insert(_Change):
    """Insert a scene into "project", a shot into a scene, a line into a shot, or a member into the cast ("cast/NAME").

    Args:
        after: the id of the previous one; "" inserts it first, None last, as does an id that no longer exists.
    """

    op: Literal["insert"] = "insert"
    at: Address
    item: dict[str, Any] = {}
    after: str | None = None


class Delete(_Change):
    op: Literal["delete"] = "delete"
    at: Address


class Move(_Change):
    """Move a part into another parent of the same kind, after the part with the id `after`, as for `Insert`."""

    op: Literal["move"] = "move"
    at: Address
    to: Address
    after: str | None = None


class Rename(_Change):
    """Rename a member of the cast, also in the lines."""

    op: Literal["rename"] = "rename"
    at: Address
    to: str = Field(min_length=1, max_length=60)


class Replace(_Change):
    """Replace the whole document, except id and version: for snapshots and new boards."""

    op: Literal["replace"] = "replace"
    item: dict[str, Any]


Change = Annotated[SetField | Insert | Delete | Move | Rename | Replace, Field(discriminator="op")]


class _Changes(BaseModel):
    changes: tuple[Change, ...]


def read_changes(given: object) -> tuple[Change, ...]:
    """Parse a list of changes.

    Raises:
        InvalidInput: it is not a list of changes; the error names the first wrong field.
    """
    return validated(_Changes, {"changes": given}).changes
