"""Weights as values: the state of an engine's files on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from engines.contract import Card, HubFile
from studio.errors import GreenroomError


class WeightsError(GreenroomError):
    """Weights cannot be downloaded, are damaged, or cannot be moved; the hint is the next step."""


class WeightsState(StrEnum):
    MISSING = "missing"
    PARTIAL = "partial"
    PRESENT = "present"


@dataclass(frozen=True)
class FileStatus:
    """One file of a card.

    Args:
        path: of the complete file, None if it is not here. size_bytes: of what is here, also of an incomplete file.
    """

    file: HubFile
    path: Path | None
    size_bytes: int


@dataclass(frozen=True)
class EngineWeights:
    """All files of one engine. `own` says whether they lie as the studio stores them, so that it may delete and move them."""

    card: Card
    files: tuple[FileStatus, ...]
    own: bool

    @property
    def state(self) -> WeightsState:
        if all(file.path for file in self.files):
            return WeightsState.PRESENT
        return WeightsState.PARTIAL if any(file.size_bytes for file in self.files) else WeightsState.MISSING

    @property
    def here_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def whole_bytes(self) -> int:
        """Of all files together; for those that are not here, what the card says."""
        return sum(file.size_bytes if file.path else max(file.file.size_bytes, file.size_bytes) for file in self.files)

    @property
    def gated(self) -> bool:
        """Whether their makers ask to accept a licence before a download."""
        return any(file.file.gated for file in self.files)

    @property
    def repos(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(file.file.repo for file in self.files))

    def of_repo(self, repo: str) -> EngineWeights:
        """Return the files of one repository, for example one size of a model."""
        return replace(self, files=tuple(file for file in self.files if file.file.repo == repo))
