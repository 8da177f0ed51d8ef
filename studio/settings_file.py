"""settings.yaml as a mapping, or one sentence saying what is wrong with the file."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from studio.errors import SettingsError

LARGEST_BYTES = 1_000_000


def read_settings_file(path: Path) -> dict[str, Any]:
    """The groups of settings that the file holds; {} when there is no file or nothing in it.

    Raises:
        SettingsError: not UTF-8, not YAML, not groups of names with values, or a name that stands twice.
    """
    text = _text_of(path)
    try:
        given = yaml.load(text, _StrictLoader)
    except yaml.YAMLError as error:
        raise SettingsError(f"{path.name} cannot be read: {error}".replace("\n", " ")) from None
    except RecursionError:
        raise SettingsError(f"{path.name} cannot be read: it is nested too deep.", "Settings are names with values.") from None
    except ValueError as error:
        raise SettingsError(f"{path.name} cannot be read: {error}.", "Put the value in quotes if it is a text.") from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise SettingsError(f"{path.name} cannot be read: it holds {_kind_of(given)}, not names with values.", _SHAPE)
    for name, group in given.items():
        for key in (name, *(group if isinstance(group, dict) else ())):
            if not isinstance(key, str):
                raise SettingsError(f"The setting {key!r} in {path.name} is no name.", "Put it in quotes, or correct it.")
    return given


_SHAPE = "A group stands at the start of a line, as in `server:`, and its settings under it, as in `  port: 7860`."


_MERGE = "tag:yaml.org,2002:merge"


class _StrictLoader(yaml.SafeLoader):
    """Takes no key twice: the second would win without a word."""

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
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST_BYTES:
        raise SettingsError(f"{path.name} cannot be read: it is larger than a megabyte.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = content[: error.start].count(b"\n") + 1
        raise SettingsError(
            f"{path.name} cannot be read: it is not written in UTF-8 (line {where}).", "Save it again as UTF-8."
        ) from None


def _kind_of(given: object) -> str:
    return "a list" if isinstance(given, list) else "a single value"
