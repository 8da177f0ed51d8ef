"""settings.local.yaml in the data folder: settings that were changed on the page, which override settings.yaml.

It is validated like settings.yaml, and readable by its owner only, because it may contain a key. Environment variables
(GREENROOM_…) override both.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from studio.access.keys import write_private
from studio.errors import SettingsError
from studio.settings import Settings, SettingsGroup, explained
from studio.settings_file import read_settings_file

FILE_NAME = "settings.local.yaml"
_HEAD = "# Chosen in the page; counts before settings.yaml. It may hold a key: keep it to yourself.\n"

GroupT = TypeVar("GroupT", bound=SettingsGroup)


class LocalSettings:
    """The file, which need not exist. One lock; any thread may call any method."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()

    def over(self, name: str, group: GroupT) -> GroupT:
        """Return a group of the settings with the file's values in place.

        Raises:
            SettingsError: the file is not YAML, names an unknown group or setting, or has an invalid value.
        """
        with self._lock:
            return _over(name, group, self._read().get(name) or {})

    def choose(self, name: str, group: GroupT, values: Mapping[str, Any]) -> GroupT:
        """Store some values of a group, None to return to settings.yaml, and return the group.

        Raises:
            SettingsError: a value is invalid; nothing is written.
            OSError: the disk failed.
        """
        with self._lock:
            given = self._read()
            chosen = {**(given.get(name) or {}), **values}
            given[name] = {key: value for key, value in chosen.items() if value is not None}
            found = _over(name, group, given[name])
            text = _HEAD + yaml.safe_dump({key: kept for key, kept in given.items() if kept}, sort_keys=False, allow_unicode=True)
            write_private(self.path, text.encode("utf-8"))
        return found

    def _read(self) -> dict[str, Any]:
        given = read_settings_file(self.path)
        for group in given:
            if group not in Settings.model_fields:
                raise SettingsError("settings.unknown", setting=group, known=sorted(Settings.model_fields))
        return given


def fixed_by_variables(name: str) -> frozenset[str]:
    """Return the settings of a group that environment variables set, so that the page cannot change them."""
    prefix = f"greenroom_{name}__"
    return frozenset(one.lower().removeprefix(prefix) for one in os.environ if one.lower().startswith(prefix))


def _over(name: str, group: GroupT, chosen: Any) -> GroupT:
    if not isinstance(chosen, dict):
        raise SettingsError(
            "settings.value-wrong", setting=name, given=type(chosen).__name__, rule="it should be a group of settings"
        )
    fixed = {key: getattr(group, key) for key in fixed_by_variables(name) if key in type(group).model_fields}
    try:
        return type(group).model_validate({**group.model_dump(), **chosen, **fixed})
    except ValidationError as error:
        raise explained(error, name) from None
