"""What a server objects to in a graph, put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from media.messages.message import Message
from studio.comfyui.client.status import without_paths


@dataclass(frozen=True)
class Refusal:
    """What a server objects to in a graph, sentence by sentence; `kinds` are the server's own names of the objections."""

    sentences: tuple[str, ...]
    kinds: frozenset[str] = field(default_factory=frozenset)

    @property
    def reason(self) -> str:
        return Message.of("comfyui.does-not-take", objections=self.sentences).reason()


def read_refusal(answer: Any, titles: Mapping[str, str] = MappingProxyType({})) -> Refusal | None:
    """Return the errors in an answer of /prompt, including those of a partly accepted graph; None without any."""
    told = answer if isinstance(answer, Mapping) else {}
    sentences: list[str] = []
    kinds: set[str] = set()
    nodes = told.get("node_errors")
    for node, errors in nodes.items() if isinstance(nodes, Mapping) else ():
        listed = errors.get("errors") if isinstance(errors, Mapping) else None
        name = titles.get(str(node)) or (errors.get("class_type") if isinstance(errors, Mapping) else "") or f"node {node}"
        for error in listed or ():
            if isinstance(error, Mapping):
                kinds.add(str(error.get("type") or ""))
                sentences.append(_objection(str(name), error))
    error = told.get("error")
    if isinstance(error, Mapping):
        kinds.add(str(error.get("type") or ""))
        if not sentences or error.get("type") in ("missing_node_type", "invalid_prompt"):
            sentences.insert(0, _general(error))
    elif isinstance(error, str):
        sentences.append(f"{error.rstrip('.')}.")
    return Refusal(tuple(dict.fromkeys(sentences)), frozenset(kinds - {""})) if sentences else None


def _objection(node: str, error: Mapping[str, Any]) -> str:
    raw = error.get("extra_info")
    info = raw if isinstance(raw, Mapping) else {}
    name, value = info.get("input_name"), info.get("received_value")
    kind = error.get("type")
    if kind == "value_not_in_list" and name:
        return Message.of("comfyui.choice-unknown", node=node, input=name, given=_short(value)).reason()
    if kind == "required_input_missing" and name:
        return Message.of("comfyui.input-missing", node=node, input=name).reason()
    if kind in ("value_smaller_than_min", "value_bigger_than_max") and name:
        small = kind == "value_smaller_than_min"
        return Message.of("comfyui.value-outside", node=node, input=name, small=small, given=_short(value)).reason()
    details = " ".join(str(error.get(key) or "") for key in ("message", "details")).strip()
    return Message.of("comfyui.objects", node=node, said=without_paths(details)[:200].rstrip(".")).reason()


def _general(error: Mapping[str, Any]) -> str:
    raw = error.get("extra_info")
    info = raw if isinstance(raw, Mapping) else {}
    if error.get("type") == "missing_node_type" and info.get("class_type"):
        return Message.of("comfyui.class-missing", class_name=info["class_type"]).reason()
    words = " ".join(str(error.get(key) or "") for key in ("message", "details")).strip()
    return Message.of("comfyui.refuses", said=without_paths(words)[:240].rstrip(".")).reason()


def _short(value: Any) -> str:
    return without_paths(str(value))[:120]
