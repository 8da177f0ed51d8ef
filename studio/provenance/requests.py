"""What the child process is asked and what it answers, each one line of JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.provenance.statement import FileStatement


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReadRequest(_Line):
    """Read the statement in a file, or that of a sidecar about it."""

    do: Literal["read"] = "read"
    path: str
    media_type: str
    sidecar: str = ""
    roots: str = ""


class Ingredient(_Line):
    """Something that went into a file: its own statement is kept where `path` leads to a file that has one.

    Args:
        fields: title, relationship, label and instance_id as c2pa takes them. path: "" where only the hash is known.
    """

    fields: dict[str, Any]
    path: str = ""
    media_type: str = ""


class SignRequest(_Line):
    """Sign `source` into the new file `target`, or write only the statement there where `embed` is false."""

    do: Literal["sign"] = "sign"
    source: str
    target: str
    media_type: str
    embed: bool
    manifest: dict[str, Any]
    ingredients: tuple[Ingredient, ...] = ()
    certificates: str
    key: str = Field(repr=False)
    algorithm: str
    roots: str


class ReadAnswer(_Line):
    statement: FileStatement


class SignAnswer(_Line):
    """
    Args:
        by_hash: labels of ingredients whose file could not be read; they stand in the statement by their hash alone.
    """

    by_hash: tuple[str, ...] = ()


class SigningTrouble(_Line):
    """What c2pa would not do, in its own words without paths."""

    problem: str
