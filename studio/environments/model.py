"""Environments as values: the declaration beside a lock file, and the state on this machine."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from media.messages.message import Message
from studio.errors import GreenroomError, NotFound

GB = 1_000_000_000


class Trouble(StrEnum):
    """Why an environment could not be installed, for programs; the sentence beside it is for people."""

    DISK_FULL = "disk_full"
    NETWORK = "network"
    OTHER_PACKAGE = "other_package"
    NOT_WRITABLE = "not_writable"
    NO_BUILD = "no_build"
    PIP_CONFIGURATION = "pip_configuration"
    ENDED = "ended"
    FAILED = "failed"


class InstallFailed(GreenroomError):
    """An environment cannot be installed, or is damaged; the hint is the next step."""

    def __init__(
        self,
        code: str,
        hint: str = "",
        /,
        *,
        retryable: bool | None = None,
        trouble: Trouble = Trouble.FAILED,
        **parameters: Any,
    ) -> None:
        super().__init__(code, hint, retryable=retryable, **parameters)
        self.trouble = trouble


class EnvironmentState(StrEnum):
    ABSENT = "absent"
    INSTALLING = "installing"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True)
class EnvironmentStatus:
    """The present state of one environment.

    Args:
        why: reason of the state.
        step: the next step if it is not ready, else "".
        fraction: 0 to 1 of a running installation, else 0.
        size_bytes: of the installed files, counted at the end of the installation, 0 before.
    """

    name: str
    state: EnvironmentState
    why: Message
    step: Message | str = ""
    fraction: float = 0.0
    size_bytes: int = 0

    @property
    def sentence(self) -> str:
        return str(self.why)

    @property
    def next_step(self) -> str:
        return str(self.step)

    @property
    def ready(self) -> bool:
        return self.state is EnvironmentState.READY


class Gigabytes(BaseModel):
    """A size with a CPU build of torch and with CUDA (10^9 bytes)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu: float = Field(ge=0)
    cuda: float = Field(ge=0)


class Declaration(BaseModel):
    """The content of NAME.toml, beside NAME.lock.

    Args:
        python: the versions that the lock was made for.
        first: packages that are installed with what they require on this machine (a CUDA build of torch brings its own
            libraries, a CPU build none); everything else is installed exactly as locked.
        touch: empty files to make in site-packages.
        imports: what its engines import; an environment is ready when all of these can be imported in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    summary: str
    python: tuple[str, ...]
    installed_gb: Gigabytes
    download_gb: Gigabytes
    first: tuple[str, ...] = ()
    touch: tuple[str, ...] = ()
    imports: tuple[str, ...]


@dataclass(frozen=True)
class LockedEnvironment:
    """One environment as declared: its lock, and the facts beside it."""

    name: str
    lock: Path
    declared: Declaration

    @property
    def lock_hash(self) -> str:
        """Hash of the requirements, without comments and blank lines."""
        return hashlib.sha256("\n".join(self.requirements()).encode()).hexdigest()

    def requirements(self) -> list[str]:
        lines = (line.strip() for line in self.lock.read_text("utf-8").splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    def of_packages(self, names: tuple[str, ...]) -> list[str]:
        """Return the locked lines of these packages."""
        return [line for line in self.requirements() if re.split(r"[=<>!~\[; ]", line, maxsplit=1)[0] in names]

    def needed_bytes(self, *, cuda: bool) -> int:
        """Disk space for the packages and for what is downloaded to make them."""
        installed, download = self.declared.installed_gb, self.declared.download_gb
        return int(GB * (installed.cuda + download.cuda if cuda else installed.cpu + download.cpu))


def declared_names(locks: Path) -> list[str]:
    """Return every environment with a lock file and a declaration, the shared one first."""
    found = sorted(path.stem for path in locks.glob("*.lock") if path.with_suffix(".toml").is_file())
    return sorted(found, key=lambda name: name != "models")


def read_declared(locks: Path, name: str) -> LockedEnvironment:
    """
    Raises:
        NotFound: no environment has this name; the hint names those that exist.
        InstallFailed: its declaration cannot be read.
    """
    names = declared_names(locks)
    if name not in names:
        raise NotFound("environment.unknown", name=name, known=names)
    try:
        facts = tomllib.loads((locks / f"{name}.toml").read_text("utf-8"))
        return LockedEnvironment(name, locks / f"{name}.lock", Declaration.model_validate(facts))
    except (OSError, ValueError, ValidationError) as error:
        raise InstallFailed("environment.declaration-unreadable", name=name) from error
