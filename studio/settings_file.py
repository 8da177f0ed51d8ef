"""settings.yaml as a mapping, or one sentence saying what is wrong with the file."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from media.refusals import refusal
from studio.errors import SettingsError

LARGEST_BYTES = 1_000_000


def read_settings_file(path: Path) -> dict[str, Any]:
    """Return the groups of settings in the file; {} if there is no file or it is empty.

    Raises:
        SettingsError: not UTF-8, not YAML, not groups of names with values, or a duplicate name.
    """
    text = _text_of(path)
    try:
        given = yaml.load(text, _StrictLoader)
    except yaml.YAMLError as error:
        raise SettingsError("settings.file-not-yaml", file=path.name, problem=str(error).replace("\n", " ")) from None
    except RecursionError:
        raise SettingsError("settings.file-nested", file=path.name) from None
    except ValueError as error:
        raise SettingsError("settings.file-value-wrong", file=path.name, problem=error) from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise SettingsError("settings.file-not-names", file=path.name, holds=_kind_of(given))
    for name, group in given.items():
        for key in (name, *(group if isinstance(group, dict) else ())):
            if not isinstance(key, str):
                raise SettingsError("settings.key-no-name", key=repr(key), file=path.name)
    return given


_MERGE = "tag:yaml.org,2002:merge"


class _StrictLoader(yaml.SafeLoader):
    """Refuses duplicate keys, of which YAML silently takes the second."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[Hashable, yaml.Mark] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line, before = key_node.start_mark.line + 1, seen[key].line + 1
                raise yaml.YAMLError(f'"{key}" stands twice, in line {before} and in line {line}.')
            seen[key] = key_node.start_mark
        return super().construct_mapping(node, deep)


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError("settings.file-not-read", file=path.name, cause=refusal(error)) from None
    if len(content) > LARGEST_BYTES:
        raise SettingsError("settings.file-too-large", file=path.name)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = content[: error.start].count(b"\n") + 1
        raise SettingsError("settings.file-not-utf8", file=path.name, line=where) from None


def _kind_of(given: object) -> str:
    return "a list" if isinstance(given, list) else "a single value"
