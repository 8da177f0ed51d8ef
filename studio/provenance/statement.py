"""What a file says about itself, as values; they come from a child process that has read what strangers wrote."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

LONGEST_TEXT = 300
MOST_LISTED = 100

RECIPE_LABEL = "studio.greenroom.recipe"


class Carried(StrEnum):
    """Where the statement lies."""

    EMBEDDED = "embedded"
    BESIDE = "beside"  # in a file of its own
    ELSEWHERE = "elsewhere"  # the file names an address, which is not asked
    NONE = "none"
    DAMAGED = "damaged"  # there is one, or what looks like one, and it cannot be read


class Mark(StrEnum):
    """What is known of an ingredient's own statement."""

    NONE = "none"
    HOLDS = "holds"
    BROKEN = "broken"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StatedAction(_Value):
    """A step of making, by the names of C2PA: "c2pa.created", say, and the last part of its digital source type."""

    action: str
    source: str = ""
    software: str = ""
    when: str = ""


class StatedIngredient(_Value):
    """Something that went in. `sha256` is of its whole file, where that is stated."""

    title: str
    relation: str = ""
    format: str = ""
    sha256: str = ""
    mark: Mark = Mark.NONE
    made_with: str = ""


class FileStatement(_Value):
    """What was found in a file.

    Args:
        holds: whether nothing that the signature covers was changed; None without a signature.
        ours: signed by a certificate of this studio, the present one or a former one.
        signer, issuer: as its certificate says, which anyone can write. signed_at: by a time stamp, "" without one.
        statements: how many there are in the chain, this one and those of ingredients.
        recipe: the studio's own assertion, as far as it is plain values.
        failures: C2PA's codes of what does not hold.
    """

    carried: Carried
    holds: bool | None = None
    ours: bool = False
    signer: str = ""
    issuer: str = ""
    signed_at: str = ""
    made_with: str = ""
    title: str = ""
    statements: int = 0
    actions: tuple[StatedAction, ...] = ()
    ingredients: tuple[StatedIngredient, ...] = ()
    recipe: dict[str, Any] = Field(default_factory=dict)
    failures: tuple[str, ...] = ()


def plain(text: object, longest: int = LONGEST_TEXT) -> str:
    """A text that a stranger wrote, on one line, cut, and without what turns the reading direction or hides."""
    shown = "".join(one if one.isprintable() else " " for one in str(text)[: 4 * longest]) if isinstance(text, str) else ""
    return " ".join(shown.split())[:longest]
