"""Snapshots: states of a project that the user has named, each a YAML file under the hash of its content."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from capabilities.director.document.model import Project
from capabilities.director.projects.yaml_file import as_yaml, read_project
from studio.errors import InvalidInput, NotFound
from studio.files import slug, write_atomic

_FOLDER = "snapshots"
MOST = 200


@dataclass(frozen=True)
class Snapshot:
    """A snapshot: its id, name, version, and time (epoch seconds)."""

    id: str
    name: str
    version: int
    at: float


class Snapshots:
    """The snapshots of one project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def list(self) -> list[Snapshot]:
        """Return all, newest first."""
        found = []
        for path in self._folder.glob("*.yaml") if self._folder.is_dir() else ():
            version, _, rest = path.stem.partition("-")
            name, _, _ = rest.rpartition("-")
            if version.isdigit():
                found.append(Snapshot(path.stem, name.replace("-", " "), int(version), path.stat().st_mtime))
        return sorted(found, key=lambda one: (one.version, one.at), reverse=True)

    def keep(self, project: Project, name: str) -> Snapshot:
        """Store a state under a name.

        Raises:
            InvalidInput: there are too many.
        """
        if len(self.list()) >= MOST:
            raise InvalidInput("project.too-many-snapshots", most=MOST)
        raw = as_yaml(project)
        told = slug(name, fallback="snapshot", longest_bytes=80)
        path = self._folder / f"{project.version}-{told}-{sha256(raw).hexdigest()[:8]}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, raw)
        return next(one for one in self.list() if one.id == path.stem)

    def read(self, snapshot_id: str) -> Project:
        """Return the document of a snapshot.

        Raises:
            NotFound: there is none.
        """
        if snapshot_id not in {one.id for one in self.list()}:
            raise NotFound("project.snapshot-unknown", snapshot=snapshot_id[:80])
        return read_project((self._folder / f"{snapshot_id}.yaml").read_bytes())
