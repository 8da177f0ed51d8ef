"""Reads a template's two files, and reports every error that can be found without a server."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from media.messages.message import Message
from studio.errors import InvalidInput
from studio.workflows.graph.api_graph import is_link, shape_problems
from studio.workflows.manifest import InputKind, InputMapping, Manifest, ParameterKind
from studio.workflows.stretches import JOINING
from studio.workflows.template import WorkflowTemplate
from studio.workflows.values import allowed, checked_parameter

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MANIFEST_SUFFIX = ".manifest.yaml"
LARGEST_MANIFEST = 1_000_000
LARGEST_GRAPH = 20_000_000


def read_template(path: Path, *, own: bool = False) -> WorkflowTemplate:
    """Return the template with its manifest at `path` and its graph beside it; errors are in its `problems` and never raised."""
    template_id = path.name.removesuffix(MANIFEST_SUFFIX)
    manifest, problems = _read_manifest(path)
    graph_path = path.with_name(template_id + ".json")
    graph, graph_problems = _read_graph(graph_path)
    problems += graph_problems
    if manifest is not None:
        if manifest.id != template_id:
            problems.append(Message.of("manifest.id-differs", id=manifest.id, file=template_id))
        problems += manifest_problems(manifest)
        if graph and not graph_problems:
            problems += graph_faults(manifest, graph)
            if manifest.graph_sha256 and hash_of_graph(graph_path.read_bytes()) != manifest.graph_sha256:
                problems.append(Message.of("manifest.other-graph", file=graph_path.name))
    return WorkflowTemplate(template_id, manifest.title if manifest else template_id, manifest, graph, tuple(problems), own)


def hash_of_graph(content: bytes) -> str:
    """Return the hash of a graph's file, independent of line endings, so that checkouts on all systems agree."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def manifest_problems(manifest: Manifest) -> list[Message]:
    """Return the errors within a manifest."""
    keys = Counter(manifest.keys)
    problems = [Message.of("manifest.key-twice", key=key, count=count) for key, count in keys.items() if count > 1]
    places = Counter((each.node, each.input) for each in manifest.mappings)
    problems += [
        Message.of("manifest.mapped-twice", input=name, node=node, count=count)
        for (node, name), count in places.items()
        if count > 1
    ]
    mapped = {each.key for each in manifest.mappings}
    problems += [
        Message.of("manifest.mapping-of-nothing", node=each.node, key=each.key)
        for each in manifest.mappings
        if each.key not in manifest.keys
    ]
    used = mapped | {key for each in manifest.inputs for key in (each.rate_from, each.frames_from) if key}
    problems += [Message.of("manifest.not-mapped", key=key) for key in manifest.keys if key not in used]
    return problems + _parameter_problems(manifest) + _reference_problems(manifest)


def graph_faults(manifest: Manifest, graph: dict[str, Any]) -> list[Message]:
    """Return contradictions of a manifest and a graph: each written input must exist, be no link, and be of its class."""
    problems = list[Message]()
    for each in manifest.mappings:
        problems += _place_faults(
            Message.of("manifest.place-mapping", key=each.key), graph, each.node, each.input, each.expect_class
        )
    for model in manifest.models:
        problems += _place_faults(
            Message.of("manifest.place-model", model=model.name), graph, model.node, model.input, model.expect_class
        )
    for output in manifest.outputs:
        problems += _place_faults(
            Message.of("manifest.place-output"), graph, output.node, output.prefix_input, output.expect_class
        )
    declared = {name for nodes in manifest.nodes for name in nodes.classes}
    used = {node["class_type"] for node in graph.values()} | (JOINING if manifest.stretches else frozenset())
    missing = sorted(used - declared)
    if missing:
        problems.append(Message.of("manifest.nodes-not-listed", nodes=missing))
    unused = sorted(declared - used)
    if unused:
        problems.append(Message.of("manifest.nodes-not-used", nodes=unused))
    return problems + _stretch_faults(manifest, graph)


def _stretch_faults(manifest: Manifest, graph: dict[str, Any]) -> list[Message]:
    stretches = manifest.stretches
    if stretches is None:
        return []
    names = {*stretches.nodes, stretches.goes_on, stretches.pictures}
    problems = [Message.of("manifest.stretches-without-node", node=name) for name in sorted(names - graph.keys())]
    if not {stretches.goes_on, stretches.pictures} <= set(stretches.nodes):
        problems.append(Message.of("manifest.stretches-not-repeated"))
    keys = {each.key for each in manifest.inputs if each.kind is InputKind.AUDIO}
    if stretches.sound not in keys:
        problems.append(Message.of("manifest.stretches-without-sound", key=stretches.sound))
    if stretches.frames not in {each.key for each in manifest.mappings}:
        problems.append(Message.of("manifest.stretches-not-mapped", key=stretches.frames))
    return problems


def _read_manifest(path: Path) -> tuple[Manifest | None, list[Message]]:
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            return None, [Message.of("manifest.too-large")]
        given = yaml.load(path.read_text("utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError):
        return None, [Message.of("manifest.unreadable")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return None, [Message.of("manifest.not-yaml", line=mark.line + 1 if mark else None)]
    if not isinstance(given, dict):
        return None, [Message.of("manifest.no-names")]
    try:
        return Manifest.model_validate(given), []
    except ValidationError as error:
        return None, [_mistake(each) for each in error.errors(include_url=False)]


def _mistake(mistake: Any) -> Message:
    where = ".".join(str(part) for part in mistake["loc"]) or "manifest"
    if mistake["type"] == "missing":
        return Message.of("manifest.field-missing", field=where)
    if mistake["type"] == "extra_forbidden":
        return Message.of("manifest.field-unknown", field=where)
    return Message.of("manifest.field-wrong", field=where, fault=mistake["msg"].removeprefix("Value error, "))


def _read_graph(path: Path) -> tuple[dict[str, Any], list[Message]]:
    try:
        if path.stat().st_size > LARGEST_GRAPH:
            return {}, [Message.of("graph.too-large", file=path.name)]
        graph = json.loads(path.read_bytes(), object_pairs_hook=_without_doubles)
    except FileNotFoundError:
        return {}, [Message.of("graph.missing", file=path.name)]
    except _DoubleKey as double:
        return {}, [Message.of("graph.key-twice", file=path.name, key=str(double))]
    except (OSError, ValueError, RecursionError):
        return {}, [Message.of("graph.not-json", file=path.name)]
    problems = shape_problems(graph)
    return ({} if problems else graph), problems


class _DoubleKey(ValueError):
    pass


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = Counter(name for name, _ in pairs)
    for name, count in names.items():
        if count > 1:
            raise _DoubleKey(name)
    return dict(pairs)


def _place_faults(place: Message, graph: dict[str, Any], node_id: str, name: str, expected: str) -> list[Message]:
    node = graph.get(node_id)
    if node is None:
        return [Message.of("manifest.place-without-node", place=place, node=node_id)]
    problems = []
    if expected and node["class_type"] != expected:
        found = node["class_type"]
        problems.append(Message.of("manifest.place-of-other-class", place=place, node=node_id, expected=expected, found=found))
    if name not in node["inputs"]:
        problems.append(Message.of("manifest.place-without-input", place=place, input=name, node=node_id))
    elif is_link(node["inputs"][name]):
        problems.append(Message.of("manifest.place-is-link", place=place, input=name, node=node_id))
    return problems


def _parameter_problems(manifest: Manifest) -> list[Message]:
    problems = []
    for each in manifest.parameters:
        if each.kind is ParameterKind.CHOICE and not each.choices:
            problems.append(Message.of("manifest.no-choices", key=each.key))
            continue
        try:
            checked_parameter(each, None)
        except InvalidInput:
            problems.append(Message.of("manifest.default-wrong", key=each.key, allowed=allowed(each)))
    return problems


def _reference_problems(manifest: Manifest) -> list[Message]:
    problems = list[Message]()
    numbers = {each.key for each in manifest.parameters if each.kind in (ParameterKind.INTEGER, ParameterKind.NUMBER)}
    videos = {each.key for each in manifest.inputs if each.kind is InputKind.VIDEO}
    kinds = {each.key: each.kind for each in manifest.inputs}
    parameters = {each.key for each in manifest.parameters}
    for each in manifest.inputs:
        problems += [
            Message.of("manifest.limit-of-nothing", key=each.key, parameter=key)
            for key in (each.rate_from, each.frames_from)
            if key and key not in numbers
        ]
        problems += [
            Message.of("manifest.resets-nothing", key=each.key, parameter=key) for key in each.resets if key not in parameters
        ]
        if each.kind is InputKind.POINTS and each.on not in videos:
            problems.append(Message.of("manifest.points-on-nothing", key=each.key))
    for mapping in manifest.mappings:
        if _is_points(mapping) != (kinds.get(mapping.key) is InputKind.POINTS):
            problems.append(Message.of("manifest.form-unfit", key=mapping.key, form=mapping.form))
    return problems


def _is_points(mapping: InputMapping) -> bool:
    return mapping.form in ("subject_points", "other_points")
