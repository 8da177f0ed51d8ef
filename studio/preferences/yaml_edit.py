"""Changing single values of a YAML file of groups of settings, with everything else left as a person wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

Chosen = Mapping[str, Mapping[str, Any]]
"""Values by group and name."""


def with_values(text: str, wanted: Chosen) -> str:
    """`text` such that it holds exactly the groups and values of `wanted`: other values are replaced where they stand, further
    ones come at the end of their group, those that are not wanted go with their line. Comments stay.

    A text of another form (groups in braces, anchors) is written anew, and keeps the lines that are comments.
    """
    try:
        made = _edited(text, wanted)
        if yaml.safe_load(made) == (_plain(wanted) or None):
            return made
    except (yaml.YAMLError, _OtherForm):
        pass
    comments = "".join(f"{line}\n" for line in text.splitlines() if line.lstrip().startswith("#"))
    plain = _plain(wanted)
    return comments + (yaml.safe_dump(plain, sort_keys=False, allow_unicode=True) if plain else "")


class _OtherForm(Exception):
    """The text is not groups with their settings in lines below them."""


def _plain(wanted: Chosen) -> dict[str, dict[str, Any]]:
    return {group: dict(values) for group, values in wanted.items() if values}


def _edited(text: str, wanted: Chosen) -> str:
    present = yaml.safe_load(text) or {}
    for group in present:
        for key in [one for one in present[group] or {} if one not in wanted.get(group, {})]:
            text = _without(text, group, key)
        if not wanted.get(group):
            text = _without(text, group)
    for group, values in wanted.items():
        for key, value in values.items():
            if key not in (present.get(group) or {}) or present[group][key] != value:
                text = _with(text, group, key, value)
    return text


def _with(text: str, group: str, key: str, value: Any) -> str:
    said = json.dumps(value, ensure_ascii=False)
    found = _child(_root(text), group)
    if found is None:
        return f"{_ended(text)}{group}:\n  {key}: {said}\n"
    inner = _block(found[1])
    at = _child(inner, key)
    if at is not None:
        begin, end = at[1].start_mark.index, _end(text, at[1])
        return f"{text[:begin]}{said}{text[end:]}"
    last = inner.value[-1][1]
    end = text.find("\n", _end(text, last))
    before, after = (_ended(text), "") if end < 0 else (text[: end + 1], text[end + 1 :])
    return f"{before}{' ' * inner.value[0][0].start_mark.column}{key}: {said}\n{after}"


def _without(text: str, group: str, key: str = "") -> str:
    found = _child(_root(text), group)
    if found is not None and key:
        found = _child(_block(found[1]), key)
    if found is None:
        return text
    begin = text.rfind("\n", 0, found[0].start_mark.index) + 1
    end = text.find("\n", _end(text, found[1]))
    return text[:begin] + (text[end + 1 :] if end >= 0 else "")


def _root(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _block(node: yaml.Node) -> yaml.MappingNode:
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        raise _OtherForm
    return node


def _child(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    if node is None:
        return None
    return next(((key, value) for key, value in _block(node).value if key.value == name), None)


def _ended(text: str) -> str:
    """`text` with a newline at its end, unless it is empty."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def _end(text: str, node: yaml.Node) -> int:
    """Where a value ends; blocks end for the parser only where the next thing begins, comments between them included."""
    end = node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    return int(end)
