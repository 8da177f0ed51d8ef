"""Makes one environment: checks, frees space, installs, repairs, verifies, and writes the stamp last."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engines.worker.error_messages import redact_error
from media.refusals import refusal
from studio.environments.lock import HeldLock
from studio.environments.model import GB, InstallFailed, LockedEnvironment
from studio.environments.pip import Pip, plain_environment
from studio.environments.repairs import link_ffmpeg, repair_torchaudio
from studio.environments.stamp import Stamp, write_stamp
from studio.environments.verify import verify
from studio.errors import Cancelled, GreenroomError, StorageError

Say = Callable[[float, str], None]
Cancelling = Callable[[], bool]

LOOKED, MADE, FIRST, INSTALLED = 0.02, 0.05, 0.25, 0.85
"""Where each step ends in the whole; the checks take the rest."""


class Installer:
    """One installation of one environment, whose lock the caller holds.

    A folder that exists and is not ready is made again, because pip takes a partly unpacked package for a complete one. Downloads
    are in pip's cache, so this costs only the unpacking. The folder's state is "unfinished" from the first step to the last.
    """

    def __init__(self, environment: LockedEnvironment, folder: Path, hold: HeldLock, cancelled: Cancelling, say: Say) -> None:
        self._environment, self._folder, self._hold = environment, folder, hold
        self._cancelled, self._told = cancelled, say
        self._python = folder / "bin" / "python"
        self._pip = Pip(cancelled, folder.parent / f"{environment.name}.log", (hold.handle,))

    def run(self) -> None:
        """
        Raises:
            InstallFailed, StorageError, Cancelled. What failed is written into the folder.
        """
        declared = self._environment.declared
        try:
            self._refuse_wrong_python()
            cuda = self._offers_cuda()
            self._refuse_full_disk(cuda)
            self._make_folder()
            self._install()
            for name in declared.touch:
                (self._site_packages() / name).touch()
            repair_torchaudio(self._python, self._cancelled)
            link_ffmpeg(self._folder)
            verify(self._python, declared.imports, self._cancelled, self._part(INSTALLED, 1.0))
        except Cancelled:
            raise
        except OSError as error:
            raise self._failed(StorageError("environment.not-written", retryable=True, cause=refusal(error))) from error
        except GreenroomError as error:
            raise self._failed(error) from None
        version = platform.python_version()
        write_stamp(self._folder, Stamp("ready", self._environment.lock_hash, version, _size_of(self._folder), time.time()))
        self._say(1.0, "Ready")

    def _failed(self, error: GreenroomError) -> GreenroomError:
        if self._folder.is_dir():
            write_stamp(self._folder, Stamp("failed", reason=error.reason, hint=error.hint))
        return error

    def _say(self, fraction: float, note: str) -> None:
        self._hold.tell(fraction, note)
        self._told(fraction, note)

    def _part(self, start: float, end: float) -> Say:
        return lambda fraction, note: self._say(start + (end - start) * fraction, note)

    def _refuse_wrong_python(self) -> None:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        allowed = self._environment.declared.python
        if here not in allowed:
            raise InstallFailed(
                "environment.python-unfit",
                environment=self._environment.declared.title,
                allowed=allowed,
                major=sys.version_info.major,
                minor=sys.version_info.minor,
                newest=allowed[-1],
            )

    def _offers_cuda(self) -> bool:
        """Whether the torch that this machine would get brings CUDA; also the first sign that the network works."""
        torch = self._environment.of_packages(("torch",))
        if not torch:
            return False
        self._say(0.0, "Looking for torch")
        return "+cpu" not in self._pip.offered(torch[0])

    def _refuse_full_disk(self, cuda: bool) -> None:
        self._say(LOOKED, "Looking at the disk")
        needed = self._environment.needed_bytes(cuda=cuda)
        free = shutil.disk_usage(self._folder.parent).free
        if free < needed:
            raise StorageError(
                "environment.disk-too-small",
                retryable=True,
                environment=self._environment.declared.title,
                needed=needed / GB,
                free=free / GB,
            )

    def _make_folder(self) -> None:
        self._say(LOOKED, "Making the environment")
        clear_folder(self._folder)
        self._folder.mkdir(parents=True)
        write_stamp(self._folder, Stamp("unfinished"))
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", str(self._folder)],
            env=plain_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            said = redact_error(made.stderr or made.stdout)
            raise InstallFailed("environment.not-made", said=said)

    def _install(self) -> None:
        """First what brings libraries of its own for this machine, then the rest exactly as locked."""
        lock = str(self._environment.lock)
        first = self._environment.of_packages(self._environment.declared.first)
        count = len(self._environment.requirements())
        if first:
            self._pip.install(self._python, ["-c", lock, *first], 10, self._part(MADE, FIRST))
        self._pip.install(self._python, ["--no-deps", "-r", lock], count, self._part(FIRST if first else MADE, INSTALLED))

    def _site_packages(self) -> Path:
        return next(self._folder.glob("lib/python3*/site-packages"))


def clear_folder(folder: Path) -> None:
    """Remove an environment: out of its place by a rename first, so that it is never there by half."""
    if not folder.exists():
        return
    aside = folder.with_name(f".{folder.name}-{os.getpid()}-{time.time_ns()}.old")
    folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _size_of(folder: Path) -> int:
    return sum(Path(place, name).stat(follow_symlinks=False).st_size for place, _, names in os.walk(folder) for name in names)
