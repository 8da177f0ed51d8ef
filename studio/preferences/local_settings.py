"""settings.local.yaml in the data folder: what was chosen in the page while the studio ran, over what settings.yaml says.

It is checked as settings.yaml is, and readable by its owner alone, because it may hold a key. Variables of the environment
(GREENROOM_…) count before both. A person may write in it: comments stay.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from studio.access.keys import write_private
from studio.preferences.yaml_edit import with_values
from studio.settings import LOCAL_FILE, Settings, SettingsGroup, explained, read_chosen

FILE_NAME = LOCAL_FILE
_HEAD = "# Chosen in the page; counts before settings.yaml. It may hold a key: keep it to yourself.\n"

GroupT = TypeVar("GroupT", bound=SettingsGroup)
Choice = Mapping[str, Mapping[str, Any]]
"""Values by group and name; None goes back to what settings.yaml says."""


class LocalSettings:
    """The file, which need not be there. One lock; any thread may call anything.

    Attributes:
        on_written: called after each change, outside the lock.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.on_written: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def over(self, name: str, group: GroupT) -> GroupT:
        """A group of the settings with what the file says instead.

        Raises:
            SettingsError: the file is not YAML, names a group or a setting that does not exist, or a value that is not allowed.
        """
        with self._lock:
            return _over(name, group, read_chosen(self.path).get(name) or {})

    def all_over(self, settings: Settings) -> Settings:
        """All settings with what the file says instead.

        Raises:
            SettingsError: as `over`.
        """
        with self._lock:
            chosen = read_chosen(self.path)
        groups = {name: _over(name, getattr(settings, name), values) for name, values in chosen.items()}
        return settings.model_copy(update=groups)

    def names(self) -> frozenset[str]:
        """What the file sets, as `group.name`.

        Raises:
            SettingsError: as `over`.
        """
        with self._lock:
            return frozenset(f"{group}.{key}" for group, values in read_chosen(self.path).items() for key in values)

    def choose(self, name: str, group: GroupT, values: Mapping[str, Any]) -> GroupT:
        """Keep some values of a group, None for going back to what settings.yaml says; the group as it is then.

        Raises:
            SettingsError: a value is not allowed; nothing is written. OSError: the disk.
        """
        self.choose_all({name: group}, {name: values})
        return self.over(name, group)

    def choose_all(self, groups: Mapping[str, SettingsGroup], choice: Choice) -> None:
        """The same for several groups: all of it is written, or nothing.

        Args:
            groups: those of the choice, as settings.yaml has them.

        Raises:
            SettingsError, OSError: as `choose`.
        """
        with self._lock:
            kept = {name: dict(values) for name, values in read_chosen(self.path).items()}
            for name, values in choice.items():
                chosen = {key: value for key, value in {**kept.get(name, {}), **values}.items() if value is not None}
                checked = _over(name, groups[name], chosen, fixed=False).model_dump(mode="json")
                kept[name] = {key: checked[key] for key in chosen}
            write_private(self.path, with_values(self._text() or _HEAD, kept).encode("utf-8"))
        self.on_written()

    def _text(self) -> str:
        return self.path.read_text("utf-8-sig") if self.path.exists() else ""


def fixed_by_variables(name: str) -> frozenset[str]:
    """Settings of a group that variables of the environment give, which no choice in the page changes."""
    prefix = f"greenroom_{name}__"
    return frozenset(one.lower().removeprefix(prefix) for one in os.environ if one.lower().startswith(prefix))


def _over(name: str, group: GroupT, chosen: Mapping[str, Any], *, fixed: bool = True) -> GroupT:
    kept = {key: getattr(group, key) for key in fixed_by_variables(name) if key in type(group).model_fields} if fixed else {}
    try:
        return type(group).model_validate({**group.model_dump(), **chosen, **kept})
    except ValidationError as error:
        raise explained(error, name) from None
