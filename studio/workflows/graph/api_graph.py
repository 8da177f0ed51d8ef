"""Validation of a graph in API format against the definitions of a server's nodes."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from media.messages.message import Message
from studio.workflows.graph.schema import DYNAMIC_COMBO, InputSpec, accepts, live_inputs, output_types

Place = tuple[str, str]
"""A node's id and an input's name."""

_CHOICES_TOLD = 12


def is_link(value: Any) -> bool:
    """Return whether an input's value is a link, [node id, index of the output]."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int


def shape_problems(graph: Any) -> list[Message]:
    """Return the errors of a graph in API format that need no definitions, including links to missing nodes."""
    if not isinstance(graph, Mapping) or not graph:
        return [Message.of("graph.no-nodes")]
    if "nodes" in graph and "links" in graph:
        return [Message.of("graph.of-the-editor")]
    problems = []
    for node_id, node in graph.items():
        if not isinstance(node, Mapping) or not isinstance(node.get("class_type"), str):
            problems.append(Message.of("graph.node-without-class", node=node_id))
        elif not isinstance(node.get("inputs"), Mapping):
            problems.append(Message.of("graph.node-without-inputs", node=node_id))
        else:
            for name, value in node["inputs"].items():
                if is_link(value) and value[0] not in graph:
                    problems.append(Message.of("graph.link-to-nothing", input=name, node=node_id, source=value[0]))
    return problems + (_circles(graph) if not problems else [])


def schema_problems(
    graph: Mapping[str, Mapping[str, Any]], classes: Mapping[str, Mapping[str, Any]], files: Container[Place] = frozenset()
) -> list[Message]:
    """Return all differences between a graph and the node classes: missing or unknown inputs, types, ranges, choices, links.

    Args:
        files: inputs that name a file of the server, a model or an upload, which the classes do not define.
    """
    problems: list[Message] = []
    for node_id, node in graph.items():
        known = classes.get(node["class_type"])
        if known is None:
            problems.append(Message.of("graph.class-unknown", node=node_id, class_name=node["class_type"]))
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
) -> Iterator[Message]:
    given = node["inputs"]
    where = {"node": node_id, "class_name": node["class_type"]}
    specs = {spec.name: spec for spec in live_inputs(known, given)}
    for name in given:
        if name not in specs and not _of_another_version(name, given[name], specs):
            yield Message.of("graph.input-unknown", input=name, **where)
    for name, spec in specs.items():
        if name not in given:
            if spec.required:
                yield Message.of("graph.input-missing", input=name, **where)
            continue
        value = given[name]
        known_file = (node_id, name) in files
        fault = _link_fault(spec, value, graph, classes) if is_link(value) else _value_fault(spec, value, known_file)
        if fault is not None:
            yield Message.of("graph.input-wrong", input=name, fault=fault, **where)


def _link_fault(spec: InputSpec, link: list[Any], graph: Mapping[str, Any], classes: Mapping[str, Any]) -> Message | None:
    source = classes.get(graph[link[0]]["class_type"])
    if source is None:
        return None
    types = output_types(source)
    if not 0 <= link[1] < len(types):
        return Message.of("graph.no-such-output", output=link[1], source=link[0], count=len(types))
    offered = types[link[1]]
    if accepts(spec.type, offered):
        return None
    return Message.of("graph.other-type", type=spec.type, offered=offered, source=link[0])


def _of_another_version(name: str, value: Any, specs: Mapping[str, InputSpec]) -> bool:
    """Whether this is the inner value of a combo that other versions have as a dynamic one: servers overlook such a value.

    So one graph serves both: SaveVideo has "codec" up to 0.37 and "format.codec" from 0.38.
    """
    return "." in name and not is_link(value) and name.split(".", 1)[0] in specs


def _value_fault(spec: InputSpec, value: Any, is_file: bool) -> Message | None:
    given = repr(value)
    if spec.type in ("INT", "FLOAT"):
        return _number_fault(spec, value)
    if spec.type == "BOOLEAN":
        return None if isinstance(value, bool) else Message.of("graph.no-truth", given=given)
    if spec.type == "STRING":
        return None if isinstance(value, str) else Message.of("graph.no-text", given=given)
    if spec.type in (DYNAMIC_COMBO, "COMBO"):
        if value in (spec.choices or ()) or (is_file and spec.type == "COMBO"):
            return None
        choices = [str(choice) for choice in spec.choices or ()]
        return Message.of("graph.no-choice", given=given, choices=choices[:_CHOICES_TOLD], more=len(choices) > _CHOICES_TOLD)
    return Message.of("graph.takes-a-link", type=spec.type)


def _number_fault(spec: InputSpec, value: Any) -> Message | None:
    whole = spec.type == "INT"
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return Message.of("graph.no-number", given=repr(value), whole=whole)
    low, high = spec.options.get("min"), spec.options.get("max")
    if (low is not None and value < low) or (high is not None and value > high):
        return Message.of("graph.out-of-range", given=str(value), low=str(low), high=str(high))
    return None


def _circles(graph: Mapping[str, Mapping[str, Any]]) -> list[Message]:
    """What is wrong when nodes wait for each other, which the server would find only when it runs the graph."""
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
    return [Message.of("graph.circle")] if left else []
