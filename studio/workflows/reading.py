"""Reading a template's two files, and every fault that can be seen without a server, a sentence each."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

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
    """The template whose manifest lies at `path`, with its graph beside it; faults are its `problems`, never an error."""
    template_id = path.name.removesuffix(MANIFEST_SUFFIX)
    manifest, problems = _read_manifest(path)
    graph_path = path.with_name(template_id + ".json")
    graph, graph_problems = _read_graph(graph_path)
    problems += graph_problems
    if manifest is not None:
        if manifest.id != template_id:
            problems.append(f'The manifest\'s id is "{manifest.id}"; it should be "{template_id}", as its file is called.')
        problems += manifest_problems(manifest)
        if graph and not graph_problems:
            problems += graph_faults(manifest, graph)
            if manifest.graph_sha256 and hash_of_graph(graph_path.read_bytes()) != manifest.graph_sha256:
                problems.append(f"{graph_path.name} is not the graph that the manifest was written for: its hash differs.")
    return WorkflowTemplate(template_id, manifest.title if manifest else template_id, manifest, graph, tuple(problems), own)


def hash_of_graph(content: bytes) -> str:
    """Of a graph's file, blind to how its lines end, so that a checkout on another system is still the same graph."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def manifest_problems(manifest: Manifest) -> list[str]:
    """What is wrong with a manifest in itself."""
    problems = [f'The key "{key}" is used {count} times.' for key, count in Counter(manifest.keys).items() if count > 1]
    places = Counter((each.node, each.input) for each in manifest.mappings)
    problems += [
        f'Input "{name}" of node "{node}" is mapped {count} times.' for (node, name), count in places.items() if count > 1
    ]
    mapped = {each.key for each in manifest.mappings}
    problems += [f'The mapping to node "{each.node}" names "{each.key}", which is no input or parameter.'
                 for each in manifest.mappings if each.key not in manifest.keys]  # fmt: skip
    used = mapped | {key for each in manifest.inputs for key in (each.rate_from, each.frames_from) if key}
    problems += [f'"{key}" is not mapped to any node.' for key in manifest.keys if key not in used]
    return problems + _parameter_problems(manifest) + _reference_problems(manifest)


def graph_faults(manifest: Manifest, graph: dict[str, Any]) -> list[str]:
    """Where a manifest and a graph disagree: each place that is written must be there, be no link, and be of its class."""
    problems = []
    for each in manifest.mappings:
        problems += _place_faults(f'The mapping of "{each.key}"', graph, each.node, each.input, each.expect_class)
    for model in manifest.models:
        problems += _place_faults(f"The model {model.name}", graph, model.node, model.input, model.expect_class)
    for output in manifest.outputs:
        problems += _place_faults("The output", graph, output.node, output.prefix_input, output.expect_class)
    declared = {name for nodes in manifest.nodes for name in nodes.classes}
    used = {node["class_type"] for node in graph.values()} | (JOINING if manifest.stretches else frozenset())
    missing = sorted(used - declared)
    if missing:
        problems.append(f"The graph uses {', '.join(missing)}, which the manifest's nodes do not list.")
    unused = sorted(declared - used)
    if unused:
        problems.append(f"The manifest's nodes list {', '.join(unused)}, which the graph does not use.")
    return problems + _stretch_faults(manifest, graph)


def _stretch_faults(manifest: Manifest, graph: dict[str, Any]) -> list[str]:
    stretches = manifest.stretches
    if stretches is None:
        return []
    names = {*stretches.nodes, stretches.goes_on, stretches.pictures}
    problems = [f'The stretches name node "{name}", which is not in the graph.' for name in sorted(names - graph.keys())]
    if not {stretches.goes_on, stretches.pictures} <= set(stretches.nodes):
        problems.append("The stretches go on from nodes that they do not repeat.")
    keys = {each.key for each in manifest.inputs if each.kind is InputKind.AUDIO}
    if stretches.sound not in keys:
        problems.append(f'The stretches name the sound "{stretches.sound}", which is no input of that kind.')
    if stretches.frames not in {each.key for each in manifest.mappings}:
        problems.append(f'The stretches name "{stretches.frames}", which is not mapped to any node.')
    return problems


def _read_manifest(path: Path) -> tuple[Manifest | None, list[str]]:
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            return None, ["The manifest is far too large to be one."]
        given = yaml.load(path.read_text("utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError):
        return None, ["The manifest cannot be read."]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return None, [f"The manifest is not YAML{f' (line {mark.line + 1})' if mark else ''}."]
    if not isinstance(given, dict):
        return None, ["The manifest should be names with values."]
    try:
        return Manifest.model_validate(given), []
    except ValidationError as error:
        return None, [_mistake(each) for each in error.errors(include_url=False)]


def _mistake(mistake: Any) -> str:
    where = ".".join(str(part) for part in mistake["loc"]) or "manifest"
    if mistake["type"] == "missing":
        return f'The manifest lacks "{where}".'
    if mistake["type"] == "extra_forbidden":
        return f'The manifest has "{where}", which is not known.'
    return f'"{where}" of the manifest is wrong: {mistake["msg"].removeprefix("Value error, ")}.'


def _read_graph(path: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        if path.stat().st_size > LARGEST_GRAPH:
            return {}, [f"{path.name} is far too large for a graph."]
        graph = json.loads(path.read_bytes(), object_pairs_hook=_without_doubles)
    except FileNotFoundError:
        return {}, [f"The graph {path.name} is missing."]
    except _DoubleKey as double:
        return {}, [f'{path.name} holds "{double}" twice.']
    except (OSError, ValueError, RecursionError):
        return {}, [f"The graph {path.name} is not JSON."]
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


def _place_faults(what: str, graph: dict[str, Any], node_id: str, name: str, expected: str) -> list[str]:
    node = graph.get(node_id)
    if node is None:
        return [f'{what} names node "{node_id}", which is not in the graph.']
    problems = []
    if expected and node["class_type"] != expected:
        problems.append(f'{what} expects node "{node_id}" to be a {expected}; it is a {node["class_type"]}.')
    if name not in node["inputs"]:
        problems.append(f'{what} names input "{name}" of node "{node_id}", which does not exist.')
    elif is_link(node["inputs"][name]):
        problems.append(f'{what} names input "{name}" of node "{node_id}", which is a link and would be cut.')
    return problems


def _parameter_problems(manifest: Manifest) -> list[str]:
    problems = []
    for each in manifest.parameters:
        if each.kind is ParameterKind.CHOICE and not each.choices:
            problems.append(f'"{each.key}" has no choices.')
            continue
        try:
            checked_parameter(each, None)
        except InvalidInput:
            problems.append(f'The default of "{each.key}" is not {allowed(each)}.')
    return problems


def _reference_problems(manifest: Manifest) -> list[str]:
    problems = []
    numbers = {each.key for each in manifest.parameters if each.kind in (ParameterKind.INTEGER, ParameterKind.NUMBER)}
    videos = {each.key for each in manifest.inputs if each.kind is InputKind.VIDEO}
    kinds = {each.key: each.kind for each in manifest.inputs}
    for each in manifest.inputs:
        problems += [f'"{each.key}" takes a limit from "{key}", which is no number among the parameters.'
                     for key in (each.rate_from, each.frames_from) if key and key not in numbers]  # fmt: skip
        problems += [f'"{each.key}" resets "{key}", which is no parameter.'
                     for key in each.resets if key not in {parameter.key for parameter in manifest.parameters}]  # fmt: skip
        if each.kind is InputKind.POINTS and each.on not in videos:
            problems.append(f'The points "{each.key}" should name the video that they are clicked on.')
    for mapping in manifest.mappings:
        if _is_points(mapping) != (kinds.get(mapping.key) is InputKind.POINTS):
            problems.append(f'"{mapping.key}" is written as {mapping.form}, which does not fit its kind.')
    return problems


def _is_points(mapping: InputMapping) -> bool:
    return mapping.form in ("subject_points", "other_points")
