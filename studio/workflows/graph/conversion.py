"""Strict conversion of a workflow from the editor's format to the API format; unknown structures are refused.

The editor's format stores a node's values by position, which has the same meaning only with the same definitions; therefore every
number of values must match, and the result is validated against the definitions again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from media.messages.message import Message
from studio.errors import InvalidInput
from studio.workflows.graph.api_graph import is_link, schema_problems, shape_problems
from studio.workflows.graph.editor_graph import (
    BYPASSED,
    MUTED,
    VIRTUAL,
    Node,
    NodeOutput,
    NotUnderstood,
    Scope,
    Value,
    read_workflow,
    source_of,
)
from studio.workflows.graph.missing_nodes import refuse_missing
from studio.workflows.graph.schema import AUTOGROW, DYNAMIC_COMBO, InputSpec, live_inputs, read_inputs
from studio.workflows.model_folders import MODEL_ENDINGS

Classes = Mapping[str, Mapping[str, Any]]

MOST_TOLD = 6
MEDIA_ENDINGS = frozenset({
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".mp4", ".webm", ".mov", ".mkv", ".m4v", ".wav", ".mp3", ".flac", ".ogg",
    ".m4a", ".opus", ".glb", ".obj", ".fbx", ".latent",
})  # fmt: skip
FILE_ENDINGS = MODEL_ENDINGS | MEDIA_ENDINGS
UPLOAD_PLACES = {"image_upload": 1, "video_upload": 1, "animated_image_upload": 1, "audio_upload": 2}
"""Fields without a meaning, buttons and players, that the editor puts after an input with this mark."""


def is_editor_format(workflow: Any) -> bool:
    return isinstance(workflow, Mapping) and isinstance(workflow.get("nodes"), list)


def as_api_graph(workflow: Any, classes: Classes) -> dict[str, Any]:
    """Return a graph in API format from an exported workflow in either format.

    Args:
        classes: the /object_info of the server that will run it.

    Raises:
        InvalidInput: it is not understood, or differs from the server's definitions; the error lists up to six problems.
    """
    if is_editor_format(workflow):
        graph, code = convert(workflow, classes), "workflow.not-convertible"
    else:
        code = "workflow.not-accepted"
        graph = {str(node_id): node for node_id, node in workflow.items()} if isinstance(workflow, Mapping) else {}
        _refuse(shape_problems(graph or workflow))
        refuse_missing({str(node["class_type"]): {} for node in graph.values()}, classes)
    _refuse(schema_problems(graph, classes, file_places(graph)), code)
    return graph


def convert(workflow: Mapping[str, Any], classes: Classes) -> dict[str, Any]:
    """Convert the editor's format to the API format, without validation against the definitions.

    Raises:
        InvalidInput: as `as_api_graph`.
    """
    try:
        root = read_workflow(workflow)
        nodes = [(scope, node) for scope, node in root.everything() if _is_run(node)]
        refuse_missing({str(node["type"]): node.get("properties") or {} for _, node in nodes}, classes)
        graph: dict[str, Any] = {}
        for scope, node in nodes:
            graph[scope.prefix + str(node["id"])] = _converted(scope, node, classes[node["type"]])
    except NotUnderstood as error:
        raise InvalidInput("workflow.not-converted", problem=error.message) from None
    except (KeyError, TypeError, IndexError, ValueError, AttributeError):
        raise InvalidInput("workflow.damaged") from None
    _drop_dead_links(graph)
    return graph


def file_places(graph: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the inputs of a graph whose value is a file's name; the preflight checks whether the server has it."""
    return {
        (node_id, name)
        for node_id, node in graph.items()
        for name, value in node["inputs"].items()
        if isinstance(value, str) and file_ending(value) in FILE_ENDINGS
    }


def file_ending(name: str) -> str:
    """Return the extension of a file's name in the server's form, which may include its folder: "mask.png [input]"."""
    return PurePosixPath(re.sub(r" \[(input|output|temp)\]$", "", name).replace("\\", "/")).suffix.lower()


def _refuse(problems: list[Message], code: str = "workflow.not-convertible") -> None:
    if problems:
        more = max(0, len(problems) - MOST_TOLD)
        raise InvalidInput(code, problems=problems[:MOST_TOLD], more=more)


def _is_run(node: Node) -> bool:
    return node.get("mode") not in (MUTED, BYPASSED) and node.get("type") not in VIRTUAL


def _converted(scope: Scope, node: Node, node_class: Mapping[str, Any]) -> dict[str, Any]:
    inputs = dict(_widget_values(scope, node, node_class))
    for socket in node.get("inputs") or ():
        if socket.get("link") is None:
            continue
        source = source_of(scope, socket["link"])
        name = str(socket["name"])
        if isinstance(source, NodeOutput):
            inputs[name] = [source.node, source.slot]
        elif isinstance(source, Value):
            inputs[name] = _as_value(source.value)
    known = {spec.name for spec in live_inputs(node_class, inputs)}
    stray = [name for name in inputs if name not in known]
    if stray:
        which = f"{scope.prefix}{node['id']}"
        raise NotUnderstood(Message.of("workflow.input-unknown", node=which, class_name=node["type"], input=stray[0]))
    title = node.get("title") or node_class.get("display_name") or node["type"]
    return {"class_type": node["type"], "inputs": inputs, "_meta": {"title": title}}


def _widget_values(scope: Scope, node: Node, node_class: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    given = node.get("widgets_values")
    if isinstance(given, Mapping):
        known = {spec.name for spec in live_inputs(node_class, given) if spec.is_widget}
        yield from ((name, _as_value(value)) for name, value in given.items() if name in known)
        return
    values = list(given or ())
    taken = _Taken(values)
    yield from _by_place(read_inputs(node_class), taken)
    left = [value for value in values[taken.count :] if value not in (None, "")]
    if left:
        which = f"{scope.prefix}{node['id']}"
        raise NotUnderstood(
            Message.of("workflow.other-version", node=which, class_name=node["type"], held=len(values), known=taken.count)
        )


class _Taken:
    """A node's values, taken one after the other."""

    def __init__(self, values: list[Any]) -> None:
        self.values, self.count = values, 0

    def next(self, spec: InputSpec) -> tuple[bool, Any]:
        """Whether there is a value for this widget, and it; past the end the definition's default counts."""
        place, self.count = self.count, self.count + 1
        if place < len(self.values):
            return True, self.values[place]
        if "default" in spec.options:
            return True, spec.options["default"]
        return bool(spec.choices), spec.choices[0] if spec.choices else None


def _by_place(specs: list[InputSpec], taken: _Taken) -> Iterator[tuple[str, Any]]:
    for spec in specs:
        if not spec.is_widget or spec.type == AUTOGROW:
            continue
        there, value = taken.next(spec)
        if there:
            yield spec.name, _as_value(value)
        if spec.seed_control:
            taken.count += 1
        for mark, places in UPLOAD_PLACES.items():
            if spec.options.get(mark):
                taken.count += places
        if spec.type == DYNAMIC_COMBO:
            inner = spec.chosen(value)
            if inner is None:
                raise NotUnderstood(Message.of("workflow.choice-unknown", input=spec.name, given=repr(value)))
            yield from _by_place(inner, taken)


def _as_value(value: Any) -> Any:
    """A list that is a value is wrapped, so that the server does not take it for a link."""
    return {"__value__": value} if isinstance(value, list) else value


def _drop_dead_links(graph: dict[str, Any]) -> None:
    """Links to nodes that are not run go, as the editor does it."""
    for node in graph.values():
        node["inputs"] = {name: value for name, value in node["inputs"].items() if not (is_link(value) and value[0] not in graph)}
