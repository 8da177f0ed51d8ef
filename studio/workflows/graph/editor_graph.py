"""Workflows as ComfyUI's editor saves them: nodes, links and subgraphs, and the resolution of links.

Resolution passes through the editor's virtual nodes (reroutes, primitives, set/get pairs, notes), bypassed nodes and the borders
of subgraphs to a real node's output, a value, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from media.messages.message import Message
from studio.workflows.graph.schema import DYNAMIC_COMBO, WIDGETS, accepts

MUTED, BYPASSED = 2, 4
NOTES = frozenset({"Note", "MarkdownNote"})
VIRTUAL = NOTES | {"Reroute", "PrimitiveNode", "GetNode", "SetNode"}
SUBGRAPH_INPUT, SUBGRAPH_OUTPUT = -10, -20
DEEPEST, LONGEST_WAY = 64, 200
"""Subgraphs in each other, and reroutes in a row; more is a circle."""
HELD = WIDGETS | {DYNAMIC_COMBO}
"""Types of a subgraph's inputs whose values its node holds itself."""

Node = Mapping[str, Any]


class NotUnderstood(ValueError):
    """An unknown structure in the file; `message` describes it."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


@dataclass(frozen=True)
class NodeOutput:
    """A real node's output: its id in the flat graph, and its index."""

    node: str
    slot: int


@dataclass(frozen=True)
class Value:
    """A value in place of a link: a primitive's, or the one of a subgraph's node for an inner widget."""

    value: Any


Source = NodeOutput | Value | None


@dataclass(frozen=True)
class Link:
    origin: int | str
    origin_slot: int
    target: int | str
    target_slot: int
    type: str


@dataclass
class Scope:
    """One level: the workflow itself, or the inside of one subgraph's node.

    Attributes:
        prefix: of ids in the flat graph: "12:" inside node 12.
        host: the node of `parent` that contains this level.
    """

    nodes: dict[str, Node]
    links: dict[Any, Link]
    definition: Mapping[str, Any]
    prefix: str = ""
    parent: Scope | None = None
    host: Node | None = None
    inner: dict[str, Scope] = field(default_factory=dict)

    def everything(self) -> Iterator[tuple[Scope, Node]]:
        """Yield every node on every level with its scope, in the order of the file."""
        for node_id, node in self.nodes.items():
            if node_id in self.inner:
                if node.get("mode") not in (MUTED, BYPASSED):
                    yield from self.inner[node_id].everything()
            else:
                yield self, node


def read_workflow(workflow: Mapping[str, Any]) -> Scope:
    """
    Raises:
        NotUnderstood: not the editor's format, a legacy group node, or a subgraph that holds itself.
    """
    if not isinstance(workflow.get("nodes"), list) or not isinstance(workflow.get("links"), list):
        raise NotUnderstood(Message.of("workflow.no-nodes-and-links"))
    definitions = workflow.get("definitions") or {}
    subgraphs = {each["id"]: each for each in definitions.get("subgraphs") or () if isinstance(each, Mapping) and "id" in each}
    return _scope(workflow, subgraphs, None, None, 0)


def _scope(graph: Mapping[str, Any], subgraphs: Mapping[str, Any], parent: Scope | None, host: Node | None, depth: int) -> Scope:
    if depth > DEEPEST:
        raise NotUnderstood(Message.of("workflow.holds-itself"))
    nodes = {str(node["id"]): node for node in graph["nodes"]}
    links = dict(_read_link(link) for link in graph.get("links") or ())
    prefix = f"{parent.prefix}{host['id']}:" if parent is not None and host is not None else ""
    scope = Scope(nodes, links, graph, prefix, parent, host)
    for node_id, node in nodes.items():
        kind = str(node.get("type"))
        if kind.startswith(("workflow/", "workflow>")):
            raise NotUnderstood(Message.of("workflow.group-node", node=node_id, name=kind[9:]))
        if kind in subgraphs:
            scope.inner[node_id] = _scope(subgraphs[kind], subgraphs, scope, node, depth + 1)
    return scope


def _read_link(link: Any) -> tuple[Any, Link]:
    if isinstance(link, Mapping):
        return link["id"], Link(link["origin_id"], link["origin_slot"], link["target_id"], link["target_slot"], str(link["type"]))
    return link[0], Link(link[1], link[2], link[3], link[4], str(link[5]) if len(link) > 5 else "*")


def source_of(scope: Scope, link_id: Any, depth: int = 0) -> Source:
    """Return the source of a link; None if it has none, as from a muted node."""
    if depth > LONGEST_WAY:
        raise NotUnderstood(Message.of("workflow.links-in-circle"))
    link = scope.links.get(link_id)
    if link is None:
        return None
    if link.origin == SUBGRAPH_INPUT:
        return _from_host(scope, link.origin_slot, depth)
    origin_id = str(link.origin)
    node = scope.nodes.get(origin_id)
    if node is None or node.get("mode") == MUTED:
        return None
    if node.get("mode") == BYPASSED:
        return _through_bypassed(scope, node, link, depth)
    if origin_id in scope.inner:
        return _from_inside(scope.inner[origin_id], link.origin_slot, depth)
    if node.get("type") in VIRTUAL:
        return _through_virtual(scope, node, depth)
    return NodeOutput(scope.prefix + origin_id, link.origin_slot)


def host_value(scope: Scope, name: str) -> Value | None:
    """Return a subgraph node's value for one of its inputs; None if the inner widget's own value applies."""
    host = scope.host
    if host is None:
        return None
    given = host.get("widgets_values")
    if isinstance(given, Mapping):
        return Value(given[name]) if name in given else None
    if not given:
        return None
    names = _host_widgets(scope, len(given))
    return Value(given[names.index(name)]) if name in names else None


def _host_widgets(scope: Scope, count: int) -> list[str]:
    """Which inputs the `count` values of a subgraph's node belong to: "" for those that only show an inner widget's own.

    Raises:
        NotUnderstood: no way of reading them comes to that count.
    """
    host = scope.host or {}
    proxies = (host.get("properties") or {}).get("proxyWidgets") or ()
    readings = [
        [str(name) if str(node_id) == "-1" else "" for node_id, name, *_ in proxies],
        [str(each["name"]) for each in scope.definition.get("inputs") or () if each.get("type") in HELD],
        [str(each["name"]) for each in host.get("inputs") or () if each.get("widget")],
    ]
    for names in readings:
        if len(names) == count:
            return names
    raise NotUnderstood(Message.of("workflow.subgraph-values-unfit", node=scope.prefix[:-1]))


def _from_host(scope: Scope, slot: int, depth: int) -> Source:
    inputs = scope.definition.get("inputs") or []
    if scope.parent is None or scope.host is None or not 0 <= slot < len(inputs):
        return None
    name = str(inputs[slot]["name"])
    socket = next((each for each in scope.host.get("inputs") or () if each.get("name") == name), None)
    if socket is not None and socket.get("link") is not None:
        return source_of(scope.parent, socket["link"], depth + 1)
    return host_value(scope, name)


def _from_inside(inner: Scope, slot: int, depth: int) -> Source:
    for link_id, link in inner.links.items():
        if link.target == SUBGRAPH_OUTPUT and link.target_slot == slot:
            return source_of(inner, link_id, depth + 1)
    return None


def _through_bypassed(scope: Scope, node: Node, link: Link, depth: int) -> Source:
    """A bypassed node hands on the input of the output's type: the one in the same place, else the first."""
    outputs, inputs = node.get("outputs") or [], node.get("inputs") or []
    kind = str(outputs[link.origin_slot]["type"]) if link.origin_slot < len(outputs) else link.type
    fitting = [each for each in inputs if str(each.get("type")) == kind]
    if link.origin_slot < len(inputs) and accepts(str(inputs[link.origin_slot].get("type")), kind):
        fitting = [inputs[link.origin_slot], *fitting]
    for each in fitting[:1]:
        return source_of(scope, each["link"], depth + 1) if each.get("link") is not None else None
    return None


def _through_virtual(scope: Scope, node: Node, depth: int) -> Source:
    kind = node["type"]
    if kind == "PrimitiveNode":
        values = node.get("widgets_values") or []
        return Value(values[0]) if values else None
    if kind == "GetNode":
        name = (node.get("widgets_values") or [None])[0]
        setters = [
            each
            for each in scope.nodes.values()
            if each.get("type") == "SetNode" and (each.get("widgets_values") or [0])[0] == name
        ]
        if len(setters) != 1:
            raise NotUnderstood(Message.of("workflow.value-not-set-once", name=name, node=node["id"]))
        node = setters[0]
    for each in node.get("inputs") or ():
        return source_of(scope, each["link"], depth + 1) if each.get("link") is not None else None
    return None
