"""Inserts a job's values into a template's graph: only mapped inputs, model names and the result's prefix."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from studio.comfyui.client.inventory import ServerInventory
from studio.errors import InvalidInput
from studio.workflows.manifest import InputKind, Manifest
from studio.workflows.manifest import InputMapping as Place
from studio.workflows.preflight import validate
from studio.workflows.stretches import stretched
from studio.workflows.template import WorkflowTemplate


def build_prompt(
    template: WorkflowTemplate,
    values: Mapping[str, Any],
    uploaded: Mapping[str, str],
    inventory: ServerInventory | None,
    prefix: str,
    roots: Iterable[Path] = (),
    seconds: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return the prompt for the server's queue.

    Args:
        values: as `template.complete` returns them: every parameter, the seed drawn, and points.
        uploaded: the server's name of each input's file.
        inventory: names of the models on this server; None for those of the manifest.
        prefix: of the result's name, relative to the server's output folder.
        seconds: lengths of the sounds, by input; a template with stretches uses as many as its sound needs.

    Raises:
        InvalidInput: the template is invalid, a value or a file is missing, or the prefix leaves the output folder.
    """
    manifest = template.usable()
    _check_prefix(prefix)
    prompt: dict[str, Any] = copy.deepcopy({node_id: dict(node) for node_id, node in template.graph.items()})
    given = _given(manifest, values, uploaded)
    for place in manifest.mappings:
        if place.key in given:
            prompt[place.node]["inputs"][place.input] = _written(place, given[place.key])
    if inventory is not None:
        for found in validate(template, inventory, roots).models:
            if found.listed is not None:
                prompt[found.model.node]["inputs"][found.model.input] = found.listed
    if manifest.stretches is not None and manifest.stretches.sound in (seconds or {}):
        prompt = stretched(prompt, manifest, given, (seconds or {})[manifest.stretches.sound])
    several = len(manifest.outputs) > 1
    for number, output in enumerate(manifest.outputs, start=1):
        prompt[output.node]["inputs"][output.prefix_input] = f"{prefix}_{number}" if several else prefix
    return prompt


def _check_prefix(prefix: str) -> None:
    steps = prefix.replace("\\", "/").split("/")
    if not steps[0] or ".." in steps or "%" in prefix or ":" in prefix:
        raise InvalidInput("template.name-leaves-folder")


def _given(manifest: Manifest, values: Mapping[str, Any], uploaded: Mapping[str, str]) -> dict[str, Any]:
    """What is written, by key; an optional file that was not given leaves its place as the graph has it."""
    given: dict[str, Any] = {}
    for place in manifest.inputs:
        if place.kind is InputKind.POINTS:
            given[place.key] = values.get(place.key) or []
        elif place.key in uploaded:
            given[place.key] = uploaded[place.key]
        elif place.required:
            raise InvalidInput("template.input-missing", key=place.key, article=_article(place.kind), kind=place.kind)
    for parameter in manifest.parameters:
        if parameter.key not in values:
            raise InvalidInput("template.value-missing", key=parameter.key)
        given[parameter.key] = values[parameter.key]
    return given


def _written(place: Place, value: Any) -> Any:
    if place.form == "text":
        return str(value)
    if place.form == "value":
        return value
    wanted = place.form == "subject_points"
    edge = place.scale - 1 if place.scale else 1
    points = [{"x": round(each["x"] * edge), "y": round(each["y"] * edge)} for each in value if each["subject"] is wanted]
    return json.dumps(points) if points else ""


def _article(kind: str) -> str:
    return "an" if kind[0] in "aeiou" else "a"
