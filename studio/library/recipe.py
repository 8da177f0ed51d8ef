"""How an output was made, as a value; `as_json` gives the content of the file beside the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

from studio.licences import UNKNOWN, LicenceTerms


@dataclass(frozen=True)
class RecipeInput:
    """One input of an output, identified by its hash or its version."""

    role: str
    name: str
    sha256: str = ""
    version: str = ""

    def as_json(self) -> dict[str, str]:
        fields = {"role": self.role, "name": self.name, "sha256": self.sha256, "version": self.version}
        return {name: value for name, value in fields.items() if value}

    @classmethod
    def of_file(cls, role: str, path: Path, name: str = "") -> RecipeInput:
        with path.open("rb") as file:
            return cls(role, name or path.name, file_digest(file, "sha256").hexdigest())


@dataclass(frozen=True)
class Recipe:
    """How an output was made.

    Args:
        kind: of the job. job: its id. spec: its fields, which "use these settings" restores.
        engine, voice: ids or labels; the first two parts of the file's name.
        parents: ids of the outputs it was made from.
        terms: licences of all its inputs; the library adds those of the parents.
        facts: a few short sentences for the player.
        warnings: sentences on what to check before the output is used.
        duration: in seconds, None if the library is to measure it.
        details: further fields that only this kind of job has.
    """

    kind: str
    job: str
    engine: str = ""
    engine_version: str = ""
    voice: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    inputs: tuple[RecipeInput, ...] = ()
    parents: tuple[str, ...] = ()
    terms: LicenceTerms = UNKNOWN
    facts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    duration: float | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the fields as they are on disk and in the API."""
        fields: dict[str, Any] = {
            "engine": self.engine,
            "engine_version": self.engine_version,
            "voice": self.voice,
            "options": dict(self.options),
            "seed": self.seed,
            "inputs": [one.as_json() for one in self.inputs],
            "parents": list(dict.fromkeys(self.parents)),
            **licence_fields(self.terms),
            "duration": None if self.duration is None else round(self.duration, 3),
            "facts": list(self.facts),
            **({"warnings": list(self.warnings)} if self.warnings else {}),
            **self.details,
            "spec": dict(self.spec),
            "kind": self.kind,
            "job": self.job,
        }
        return {name: value for name, value in fields.items() if value is not None and value != ""}


def licence_fields(terms: LicenceTerms) -> dict[str, Any]:
    """Return the fields of a recipe with the licences under which its output may be used; none if nothing is known."""
    if not terms:
        return {}
    known = {} if terms.commercial_use is None else {"commercial_use": terms.commercial_use}
    return {"licence": terms.licence, **known, "licences": terms.as_json()}
