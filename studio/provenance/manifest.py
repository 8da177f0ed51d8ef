"""A recipe as a C2PA manifest: what was done, with what, and by which models, without anything that a person wrote or named.

Rules of C2PA 2.4: exactly one `c2pa.created` or `c2pa.opened` comes first; `created` has a digital source type of the IPTC, and
`opened` names the one ingredient that it goes on from. Ingredients are named by their role, because names of files and titles are
a person's own words; a file without a statement keeps its SHA-256 as instance id, the one place where c2pa leaves it alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from studio.provenance.formats import media_type
from studio.provenance.requests import Ingredient
from studio.provenance.statement import RECIPE_LABEL

PRODUCT = "Greenroom"
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_EMPTY = "http://c2pa.org/digitalsourcetype/empty"
_GOES_ON = frozenset({"upscale"})
_PUT_TOGETHER = frozenset({"render_film"})
_OF_RECORDINGS = frozenset({"lip_sync", "animate_portrait", "image_to_video", "character_swap", "render_film"})
_RULES_ONLY = frozenset({"espeak", "flite"})
"""Speech engines that hold no model which was trained on recordings."""
_TITLES = {
    "voiceover": "Narration", "voiceover_batch": "Narration", "audiobook": "Audiobook", "lip_sync": "Lip-sync video",
    "animate_portrait": "Animated portrait", "text_to_video": "Video", "image_to_video": "Video", "upscale": "Larger video",
    "character_swap": "Video with a swapped character", "render_film": "Film", "render_book": "Audiobook",
    "transcription": "Transcript", "conversation": "Part of a conversation",
}  # fmt: skip
_UNTOLD = frozenset({"script"})
"""Roles of inputs whose hash is left out as well: that of a short text can be found by trying texts."""


@dataclass(frozen=True)
class ParentFile:
    """An output that another was made from."""

    path: Path
    kind: str


def manifest_of(
    recipe: Mapping[str, Any],
    kind: str,
    parents: Sequence[ParentFile],
    version: str,
    engines: Collection[str],
) -> tuple[dict[str, Any], tuple[Ingredient, ...]]:
    """The definition of a manifest, and what goes into it.

    Args:
        recipe: as it is kept beside the output. kind: of the output, "audio" say. version: of the studio.
        engines: ids that are engines; everything else that a recipe names may be a person's own word.

    Raises:
        OSError: a parent cannot be read.
    """
    job = str(recipe.get("kind", ""))
    relation = "parentOf" if job in _GOES_ON and len(parents) == 1 else "componentOf" if job in _PUT_TOGETHER else "inputTo"
    relation = "componentOf" if kind == "archive" else relation
    given = [*(_parent(number, one, relation) for number, one in enumerate(parents)), *_inputs(recipe, relation, len(parents))]
    agent = {"name": PRODUCT, "version": version}
    title = "Archive" if kind == "archive" else _TITLES.get(job, PRODUCT)
    definition = {
        "claim_generator_info": [agent],
        "title": title,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": _actions(recipe, kind, given, agent)}},
            {"label": RECIPE_LABEL, "data": _told(recipe, engines)},
        ],
    }
    return definition, tuple(given)


def _actions(recipe: Mapping[str, Any], kind: str, given: Sequence[Ingredient], agent: Mapping[str, str]) -> list[dict[str, Any]]:
    labels = [str(one.fields["label"]) for one in given]
    named = {"parameters": {"ingredientIds": labels}} if labels else {}
    if kind == "archive":
        return [
            {"action": "c2pa.created", "digitalSourceType": _EMPTY, "softwareAgent": agent},
            *([{"action": "c2pa.placed", **named}] if labels else []),
        ]
    parent = next((str(one.fields["label"]) for one in given if one.fields["relationship"] == "parentOf"), "")
    if parent:
        enhanced = {"action": "c2pa.edited", "digitalSourceType": f"{_IPTC}algorithmicallyEnhanced", "softwareAgent": agent}
        return [{"action": "c2pa.opened", "parameters": {"ingredientIds": [parent]}}, enhanced]
    created = {"action": "c2pa.created", "digitalSourceType": _IPTC + _source(recipe, bool(given)), "softwareAgent": agent}
    if any(one.fields["relationship"] == "componentOf" for one in given):
        return [created, {"action": "c2pa.placed", **named}]
    return [{**created, **named}]


def _source(recipe: Mapping[str, Any], made_of_others: bool) -> str:
    """The IPTC's digital source type."""
    job, engine = str(recipe.get("kind", "")), str(recipe.get("engine", ""))
    told = recipe.get("engines")
    engines = set(told) if isinstance(told, Mapping) and told else {engine}
    if job == "conversation" and not engine:
        return "digitalCapture"
    if job == "upscale":
        return "algorithmicallyEnhanced"
    if job in _OF_RECORDINGS and made_of_others:
        return "compositeWithTrainedAlgorithmicMedia"
    return "algorithmicMedia" if engines <= _RULES_ONLY else "trainedAlgorithmicMedia"


def _parent(number: int, parent: ParentFile, relation: str) -> Ingredient:
    with parent.path.open("rb") as file:
        hash_ = file_digest(file, "sha256").hexdigest()
    fields = _fields(f"parent {number + 1}: {parent.kind}", relation, f"parent-{number}", hash_)
    return Ingredient(fields=fields, path=str(parent.path), media_type=media_type(parent.path))


def _inputs(recipe: Mapping[str, Any], relation: str, parents: int) -> list[Ingredient]:
    """What a person gave, by its hash. A single file that was also found as a parent is that parent."""
    found = [one for one in _given(recipe) if one.get("sha256")]
    if parents and relation == "parentOf":
        return []
    relation = "inputTo" if relation == "parentOf" else relation
    return [
        Ingredient(fields=_fields(str(one.get("role", "input")), relation, f"input-{number}", str(one["sha256"])))
        for number, one in enumerate(found)
    ]


def _given(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in recipe.get("inputs", ()) if isinstance(one, Mapping) and one.get("role") not in _UNTOLD]


def _fields(title: str, relation: str, label: str, hash_: str) -> dict[str, Any]:
    return {"title": title, "relationship": relation, "label": label, "instance_id": f"urn:sha256:{hash_}"}


def _told(recipe: Mapping[str, Any], engines: Collection[str]) -> dict[str, Any]:
    """The studio's own assertion: models, versions, licences and hashes."""
    made_by = recipe.get("engines")
    names = {str(name): str(version) for name, version in made_by.items()} if isinstance(made_by, Mapping) else {}
    engine = str(recipe.get("engine", ""))
    names |= {engine: str(recipe.get("engine_version", ""))} if engine in engines and engine not in names else {}
    told = {
        "kind": recipe.get("kind"),
        "studio_version": recipe.get("studio_version"),
        "engines": [{"id": name, "version": version} for name, version in names.items() if name in engines],
        "seed": recipe.get("seed"),
        "commercial_use": recipe.get("commercial_use"),
        "licences": [_licence(one, engines) for one in recipe.get("licences", ()) if isinstance(one, Mapping)],
        "inputs": [_input(one) for one in _given(recipe)],
    }
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _licence(part: Mapping[str, Any], engines: Collection[str]) -> dict[str, Any]:
    """An engine with its licence; a voice or model of one's own without its name, as its licence may be a note on someone."""
    known = part.get("name") in engines
    fields = {"name": part.get("name"), "licence": part.get("licence")} if known else {"name": "a voice or model of one's own"}
    use = part.get("commercial_use")
    return fields if use is None else {**fields, "commercial_use": use}


def _input(one: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(one[name]) for name in ("role", "sha256", "version") if one.get(name)}
