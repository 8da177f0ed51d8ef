"""Licences along the chain of parents: the licences of everything that an output was made from apply to it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from studio.library.model import LibraryOutput
from studio.library.recipe import Recipe, licence_fields
from studio.licences import LicenceTerms, LicensedPart, combined


def _engine_ids(engines: Any) -> tuple[str, ...]:
    """Return the ids of the engines of a narration, which its recipe lists with their versions."""
    return tuple(str(engine) for engine in engines) if isinstance(engines, dict) else ()


def _voice_engine(spec: Any) -> str:
    """Return the id of the engine whose preset voice a job's spec names, "" without one."""
    voice = spec.get("voice") if isinstance(spec, dict) else None
    return voice.partition("/")[0] if isinstance(voice, str) and "/" in voice else ""


class LicenceFields(BaseModel):
    """The fields of a recipe that state, or determine, the licences under which its output may be used."""

    model_config = ConfigDict(extra="ignore")

    engine: str = ""
    licence: str = ""
    commercial_use: bool | None = None
    licences: tuple[LicensedPart, ...] | None = None
    parents: tuple[str, ...] = ()
    engines: Annotated[tuple[str, ...], BeforeValidator(_engine_ids)] = ()
    voice_engine: Annotated[str, BeforeValidator(_voice_engine), Field(alias="spec")] = ""

    def terms(self, of_engine: Callable[[str], LicenceTerms]) -> LicenceTerms:
        """Return the licences in the recipe.

        A recipe without `licences` is of a version that counted one engine only: its other engines are looked up.
        """
        if self.licences is not None:
            return LicenceTerms(self.licences)
        known = bool(self.licence) or self.commercial_use is not None
        own = LicenceTerms((LicensedPart(self.engine, self.licence, self.commercial_use),) if known else ())
        engines = dict.fromkeys(filter(None, (self.engine, *self.engines, self.voice_engine)))
        return combined((own, *map(of_engine, engines)))


def with_parents_terms(outputs: Mapping[str, LibraryOutput]) -> Iterator[LibraryOutput]:
    """Return every output with the licences of all outputs that it was made from, directly or indirectly."""
    for output in outputs.values():
        seen, waiting = {output.id}, list(output.parents)
        terms = output.terms
        while waiting:
            parent = outputs.get(waiting.pop())
            if parent is not None and parent.id not in seen:
                seen.add(parent.id)
                waiting += parent.parents
                terms |= parent.terms
        yield output if terms == output.terms else replace(output, terms=terms)


def recipe_fields(
    recipe: Recipe | Mapping[str, Any],
    outputs: Mapping[str, LibraryOutput],
    of_engine: Callable[[str], LicenceTerms],
) -> dict[str, Any]:
    """Return the fields of a new recipe with the licences of its parents added, as far as these are among the outputs."""
    given = recipe.as_json() if isinstance(recipe, Recipe) else recipe
    fields = {key: value for key, value in given.items() if key != "output"}
    stated = LicenceFields.model_validate(fields)
    of_parents = combined(outputs[parent].terms for parent in stated.parents if parent in outputs)
    return {**fields, **licence_fields(stated.terms(of_engine) | of_parents)} if of_parents else fields
