"""`./launch.sh install NAME`: installs an environment from the terminal, with progress."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.environments import EnvironmentManager
from studio.errors import GreenroomError
from studio.paths import DataPaths
from studio.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the environment is ready, 2 when it cannot be made (explained on stderr), 130 when it was stopped."""
    parser = argparse.ArgumentParser(prog="./launch.sh install", description="Install a model environment.")
    parser.add_argument("name", nargs="?", default="", help="the environment; without one, all are listed")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the data folder, when it is not the usual one")
    given = parser.parse_args(arguments)
    overrides = {} if given.data is None else {"data": {"folder": given.data.expanduser().absolute()}}
    try:
        environments = EnvironmentManager(DataPaths(load_settings(**overrides).data_folder).environments)
        if not given.name:
            _list(environments)
            return 0
        _install(environments, given.name)
    except GreenroomError as error:
        sys.stderr.write(f"{_clear()}Greenroom: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write(f"{_clear()}Stopped. What was downloaded is kept.\n")
        return 130
    return 0


def _list(environments: EnvironmentManager) -> None:
    for name in environments.names():
        declared, status = environments.declared(name).declared, environments.status(name)
        sys.stdout.write(f"{name:8} {status.state.value:10} {declared.summary}\n")


def _install(environments: EnvironmentManager, name: str) -> None:
    if environments.status(name).ready:
        sys.stdout.write(f'The environment "{name}" is ready.\n')
        return
    line = _InstallProgress()
    status = environments.install(name, line.show)
    sys.stdout.write(f'{_clear()}The environment "{name}" is ready ({status.size_bytes / 1e9:.1f} GB).\n')


class _InstallProgress:
    """Progress on one line of a terminal; in a file, one line per ten percent."""

    def __init__(self) -> None:
        self._tens = -1

    def show(self, fraction: float, note: str) -> None:
        text = f"  {100 * fraction:3.0f} %  {note}"
        if sys.stdout.isatty():
            sys.stdout.write(f"{_clear()}{text[: shutil.get_terminal_size().columns - 1]}")
        elif int(10 * fraction) > self._tens:
            self._tens = int(10 * fraction)
            sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _clear() -> str:
    return "\r\x1b[K" if sys.stdout.isatty() else ""


if __name__ == "__main__":
    sys.exit(main())
