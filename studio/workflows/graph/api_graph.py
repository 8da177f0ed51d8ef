"""Checks a graph in API format against the definitions of a server's nodes, to find what the server would refuse."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from studio.workflows.graph.schema import DYNAMIC_COMBO, InputSpec, accepts, live_inputs, output_types

Place = tuple[str, str]
"""A node's id and an input's name."""


def is_link(value: Any) -> bool:
    """Whether an input's value is a link, [node id, output's place], and no value."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int


def shape_problems(graph: Any) -> list[str]:
    """Whether this is a graph in API format at all, and every link leads to a node of it. Sentences."""
    if not isinstance(graph, Mapping) or not graph:
        return ["The graph is not in ComfyUI's API format: it should be node ids with their nodes."]
    if "nodes" in graph and "links" in graph:
        return ["The graph is in the editor's format; export it in API format, or import it, which converts it."]
    problems = []
    for node_id, node in graph.items():
        if not isinstance(node, Mapping) or not isinstance(node.get("class_type"), str):
            problems.append(f'Node "{node_id}" of the graph has no class_type.')
        elif not isinstance(node.get("inputs"), Mapping):
            problems.append(f'Node "{node_id}" of the graph has no inputs.')
        else:
            for name, value in node["inputs"].items():
                if is_link(value) and value[0] not in graph:
                    problems.append(
                        f'Input "{name}" of node "{node_id}" is linked to node "{value[0]}", which is not in the graph.'
                    )
    return problems + (_circles(graph) if not problems else [])


def schema_problems(
    graph: Mapping[str, Mapping[str, Any]], classes: Mapping[str, Mapping[str, Any]], files: Container[Place] = frozenset()
) -> list[str]:
    """Every way in which a graph differs from the classes: inputs that are missing or unknown, types, ranges, choices, links.

    Args:
        files: places that name a file of the server's, a model or an upload: what lies there is no part of the classes.
    """
    problems: list[str] = []
    for node_id, node in graph.items():
        known = classes.get(node["class_type"])
        if known is None:
            problems.append(f'Node "{node_id}" is a {node["class_type"]}, which is not known.')
            continue
        problems.extend(_node_problems(node_id, node, known, graph, classes, files))
    return problems


def _node_problems(
    node_id: str,
    node: Mapping[str, Any],
    known: Mapping[str, Any],
    graph: Mapping[str, Any],
    classes: Mapping[str, Any],
    files: Container[Place],
) -> Iterator[str]:
    given = node["inputs"]
    where = f'node "{node_id}" ({node["class_type"]})'
    specs = {spec.name: spec for spec in live_inputs(known, given)}
    for name in given:
        if name not in specs and not _of_another_version(name, given[name], specs):
            yield f'Input "{name}" of {where} does not exist.'
    for name, spec in specs.items():
        if name not in given:
            if spec.required:
                yield f'Input "{name}" of {where} is missing.'
            continue
        value = given[name]
        known_file = (node_id, name) in files
        fault = _link_fault(spec, value, graph, classes) if is_link(value) else _value_fault(spec, value, known_file)
        if fault:
            yield f'Input "{name}" of {where} {fault}.'


def _link_fault(spec: InputSpec, link: list[Any], graph: Mapping[str, Any], classes: Mapping[str, Any]) -> str:
    source = classes.get(graph[link[0]]["class_type"])
    if source is None:
        return ""
    types = output_types(source)
    if not 0 <= link[1] < len(types):
        return f'is linked to output {link[1]} of node "{link[0]}", which has {len(types)}'
    offered = types[link[1]]
    return "" if accepts(spec.type, offered) else f'takes {spec.type} and is linked to {offered} of node "{link[0]}"'


def _of_another_version(name: str, value: Any, specs: Mapping[str, InputSpec]) -> bool:
    """Whether this is the inner value of a combo that other versions have as a dynamic one: servers overlook such a value.

    So one graph serves both: SaveVideo has "codec" up to 0.37 and "format.codec" from 0.38.
    """
    return "." in name and not is_link(value) and name.split(".", 1)[0] in specs


def _value_fault(spec: InputSpec, value: Any, is_file: bool) -> str:
    if spec.type in ("INT", "FLOAT"):
        if isinstance(value, bool) or not isinstance(value, int if spec.type == "INT" else (int, float)):
            return f"is {value!r} and should be a {'whole ' if spec.type == 'INT' else ''}number"
        low, high = spec.options.get("min"), spec.options.get("max")
        if (low is not None and value < low) or (high is not None and value > high):
            return f"is {value} and should be from {low} to {high}"
        return ""
    if spec.type == "BOOLEAN":
        return "" if isinstance(value, bool) else f"is {value!r} and should be true or false"
    if spec.type == "STRING":
        return "" if isinstance(value, str) else f"is {value!r} and should be a text"
    if spec.type == DYNAMIC_COMBO:
        return "" if value in (spec.choices or ()) else f"is {value!r} and should be one of {_listed(spec.choices or ())}"
    if spec.type == "COMBO":
        if is_file or value in (spec.choices or ()):
            return ""
        return f"is {value!r} and should be one of {_listed(spec.choices or ())}"
    return f"takes {spec.type}, which only a link can bring"


def _listed(choices: tuple[Any, ...]) -> str:
    words = ", ".join(str(choice) for choice in choices[:12])
    return f"{words} …" if len(choices) > 12 else words


def _circles(graph: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A sentence when nodes wait for each other, which the server would find only when it runs the graph."""
    waits = {
        node_id: {value[0] for value in node["inputs"].values() if is_link(value)} & graph.keys()
        for node_id, node in graph.items()
    }
    followers: dict[str, list[str]] = {node_id: [] for node_id in graph}
    for node_id, sources in waits.items():
        for source in sources:
            followers[source].append(node_id)
    left = {node_id: len(sources) for node_id, sources in waits.items()}
    ready = [node_id for node_id, count in left.items() if not count]
    while ready:
        node_id = ready.pop()
        del left[node_id]
        for follower in followers[node_id]:
            left[follower] -= 1
            if not left[follower]:
                ready.append(follower)
    return ["Nodes of the graph wait for each other in a circle."] if left else []
