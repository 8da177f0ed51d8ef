"""What a machine has to have for a setting to be of use, beyond what the setting's type says."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from studio.errors import SettingsError
from studio.settings import HOME

AUTO = "auto"
LONGEST_SHOWN = 200


def check_on_this_machine(name: str, value: Any, speech_engines: Collection[str]) -> None:
    """
    Raises:
        SettingsError: no engine has this id, or a folder is not there.
    """
    if name == "engines.default_speech" and value not in ("", AUTO, *speech_engines):
        raise SettingsError("settings.no-such-engine", engine=str(value)[:60], known=[AUTO, *sorted(speech_engines)])
    if name == "data.weights":
        for folder in value if isinstance(value, Iterable) and not isinstance(value, str) else [value]:
            if not _folder(folder).is_dir():
                raise SettingsError("settings.no-folder", folder=str(folder)[:LONGEST_SHOWN])


def _folder(value: Any) -> Path:
    return HOME / Path(str(value)).expanduser()
