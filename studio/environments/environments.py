"""The model environments of one data folder: state, installation, verification and removal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from media.messages.message import Message
from studio.callbacks import never_cancelled, no_op
from studio.environments.installer import Installer, clear_folder
from studio.environments.lock import EnvironmentLock
from studio.environments.model import (
    EnvironmentState,
    EnvironmentStatus,
    InstallFailed,
    LockedEnvironment,
    declared_names,
    read_declared,
)
from studio.environments.stamp import Stamp, read_stamp
from studio.errors import NotFound
from studio.settings import HOME

LOCKS = HOME / "engines" / "environments"

Say = Callable[[float, str], None]


class EnvironmentManager:
    """Reads and changes `<root>/<name>/`. Has no state: everything is read from the disk at each call.

    Any thread and any process may call any method; installation and removal acquire the environment's lock between processes.

    Args:
        root: the folder of the environments (`data/environments`).
        locks: the folder of the lock files and their declarations.
    """

    def __init__(self, root: Path, locks: Path = LOCKS) -> None:
        self._root, self._locks = root, locks

    def names(self) -> list[str]:
        """Return every environment that can be installed, the shared one first."""
        return declared_names(self._locks)

    def declared(self, name: str) -> LockedEnvironment:
        """Raises NotFound naming those that exist."""
        return read_declared(self._locks, name)

    def statuses(self) -> list[EnvironmentStatus]:
        return [self.status(name) for name in self.names()]

    def status(self, name: str) -> EnvironmentStatus:
        """Return its present state; cheap (a few file reads).

        An environment of an external engine, without a lock file, is ready if its Python exists.
        """
        folder = self._root / name
        absent = Message.of("environment.not-installed", environment=name)
        step = Message.of("environment.install-by-command", environment=name)
        try:
            environment = self.declared(name)
        except NotFound:
            if python_of(folder) is not None:
                return EnvironmentStatus(name, EnvironmentState.READY, Message.of("readiness.ready"))
            return EnvironmentStatus(name, EnvironmentState.ABSENT, absent, step)
        except InstallFailed as error:
            return EnvironmentStatus(name, EnvironmentState.BROKEN, error.message, error.hint)
        if (progress := self._occupancy(name).progress()) is not None:
            percent = round(100 * progress.fraction)
            said = Message.of("environment.installing", environment=name, percent=percent, doing=progress.note)
            wait = Message.of("environment.wait-for-install")
            return EnvironmentStatus(name, EnvironmentState.INSTALLING, said, wait, progress.fraction)
        if not folder.exists():
            return EnvironmentStatus(name, EnvironmentState.ABSENT, absent, step)
        stamp = read_stamp(folder)
        problem = _problem(folder, stamp, environment)
        if problem:
            said = Message.of("environment.unusable", environment=name, problem=problem)
            repair = Message.of("environment.repair-by-command", environment=name)
            return EnvironmentStatus(name, EnvironmentState.BROKEN, said, repair)
        assert stamp is not None
        return EnvironmentStatus(name, EnvironmentState.READY, Message.of("readiness.ready"), size_bytes=stamp.size_bytes)

    def wants_install(self, name: str) -> bool:
        """Return whether it should be installed automatically if the settings allow that: not if the last try failed."""
        if self.status(name).state in (EnvironmentState.READY, EnvironmentState.INSTALLING):
            return False
        stamp = read_stamp(self._root / name)
        return stamp is None or stamp.state != "failed"

    def install(self, name: str, progress: Say = no_op, cancelled: Callable[[], bool] = never_cancelled) -> EnvironmentStatus:
        """Install it: does nothing if it is ready, makes it again if it is broken or unfinished. Waits while another process
        does the same. Finished downloads are never repeated.

        Raises:
            NotFound: no such environment. InstallFailed, StorageError: what failed and the next step. Cancelled.
        """
        environment = self.declared(name)
        with self._occupancy(name).hold(cancelled, lambda why: progress(0.0, why)) as hold:
            folder = self._root / name
            if _problem(folder, read_stamp(folder), environment):
                Installer(environment, folder, hold, cancelled, progress).run()
        return self.status(name)

    def remove(self, name: str, cancelled: Callable[[], bool] = never_cancelled) -> None:
        """Delete it. Engines that run in it must have been unloaded.

        Raises:
            NotFound, StorageError, Cancelled; InstallFailed: it is being installed.
        """
        self.declared(name)
        if self._occupancy(name).progress() is not None:
            raise InstallFailed("environment.being-installed")
        with self._occupancy(name).hold(cancelled, lambda why: None):
            clear_folder(self._root / name)

    def _occupancy(self, name: str) -> EnvironmentLock:
        return EnvironmentLock(self._root / f".{name}.lock")


def python_of(folder: Path) -> Path | None:
    """Return the Python in an environment's folder, None if there is none that can be started."""
    python = folder / "bin" / "python"
    return python if os.access(python, os.X_OK) else None


def _problem(folder: Path, stamp: Stamp | None, environment: LockedEnvironment) -> Message | str | None:
    """Why it cannot be used, None when it can."""
    if stamp is None or stamp.state == "unfinished":
        return Message.of("environment.interrupted")
    if stamp.state == "failed":
        return stamp.reason or Message.of("environment.failed")
    if python_of(folder) is None:
        return Message.of("environment.python-gone")
    if stamp.lock != environment.lock_hash:
        return Message.of("environment.from-older-list")
    if stamp.python.rsplit(".", 1)[0] != f"{sys.version_info.major}.{sys.version_info.minor}":
        return Message.of("environment.of-another-python", python=stamp.python)
    return None
