"""All projects of a data folder: one folder each, named by its title."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capabilities.director.document.change import Change, Replace
from capabilities.director.document.model import Project
from capabilities.director.projects.bundle import read_bundle, write_bundle
from capabilities.director.projects.files import ProjectFiles
from capabilities.director.projects.journal import JournalEntry
from capabilities.director.projects.open_project import JOURNAL, YAML, OpenProject
from capabilities.director.projects.snapshots import Snapshot, Snapshots
from capabilities.director.projects.yaml_file import write_project
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.files import KEPT_SECONDS, empty_trash, file_within, set_aside, slug, staging_path, sync_folder, take_back
from studio.validation import validated

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProjectRow:
    """A project in a list: title, contents, and time of the last change (epoch seconds).

    Args:
        damage: why it cannot be opened, a sentence; "" if it can.
    """

    id: str
    title: str
    kind: str
    version: int
    scenes: int
    shots: int
    lines: int
    archived: bool
    changed: float
    damage: str = ""


class Projects:
    """Opens, creates, lists and removes projects. Any thread may call any method.

    Args:
        folder: of all projects; created with the first one.
        files: finds and stores the files that they use.
    """

    def __init__(self, folder: Path, files: ProjectFiles) -> None:
        self.folder, self.files = folder, files
        self._lock = threading.RLock()
        self._open: dict[str, OpenProject] = {}
        self._rows: dict[str, tuple[float, ProjectRow]] = {}
        if folder.is_dir():
            empty_trash(folder, time.time() - KEPT_SECONDS)

    def get(self, project_id: str) -> OpenProject:
        """Return a project.

        Raises:
            NotFound: there is none.
            InvalidInput: its file is damaged.
        """
        with self._lock:
            found = self._open.get(project_id)
            if found is None or not found.folder.is_dir():
                self._open.pop(project_id, None)
                found = self._open[project_id] = OpenProject(self.get_folder(project_id))
            return found

    def make(self, project: Project) -> OpenProject:
        """Create a project with this document; its id and folder come from its title.

        Raises:
            NotFound, InvalidInput: it names a file that does not exist.
            StorageError: the disk failed.
        """
        return self._made(project.as_stored(), None)

    def update(
        self, project_id: str, changes: tuple[Change, ...], base: int | None = None, who: str = "", note: str = ""
    ) -> JournalEntry:
        """Change a project as `OpenProject.update`; uploads in the changes are copied into it first."""
        found = self.get(project_id)
        return found.update(self.files.in_changes(found.folder, changes), base, who, note)

    def duplicate(self, project_id: str, title: str = "") -> OpenProject:
        """Return a copy with its files and without its history."""
        found = self.get(project_id)
        told = title or f"{found.document.title[:190]} (copy)"
        return self._made({**found.document.as_stored(), "title": told, "archived": False}, found.folder / "files")

    def delete(self, project_id: str) -> str:
        """Remove a project; return the key with which `take_back` restores it for half an hour."""
        with self._lock:
            self.get_folder(project_id)
            opened = self._open.pop(project_id, None)
            if opened is not None:
                opened.write()
            empty_trash(self.folder, time.time() - KEPT_SECONDS)
            return set_aside(self.folder, self.folder / project_id)

    def take_back(self, key: str) -> None:
        """Restore a deleted project.

        Raises:
            NotFound: it is no longer stored.
            InvalidInput: another project has its name.
        """
        with self._lock:
            take_back(self.folder, key)

    def get_folder(self, project_id: str) -> Path:
        """Return the folder of a project, damaged or not.

        Raises:
            NotFound: there is none.
        """
        path = self.folder / project_id
        if not project_id or path.parent != self.folder or not _is_project(path):
            raise NotFound("project.unknown", project=project_id[:80])
        return path

    def snapshots(self, project_id: str) -> list[Snapshot]:
        return Snapshots(self.get_folder(project_id)).list()

    def snapshot(self, project_id: str, name: str) -> Snapshot:
        """Store the present project under a name."""
        return Snapshots(self.get_folder(project_id)).keep(self.get(project_id).document, name)

    def restore(self, project_id: str, snapshot_id: str, who: str = "") -> JournalEntry:
        """Return the project to a snapshot, as a change that can be undone."""
        then = Snapshots(self.get_folder(project_id)).read(snapshot_id)
        return self.get(project_id).update((Replace(item=then.as_stored()),), None, who, "snapshot")

    def export(self, project_id: str, target: Path) -> None:
        """Write the project as one file with everything that it names.

        Raises:
            NotFound, InvalidInput: a file no longer exists.
        """
        found = self.get(project_id)
        write_bundle(target, found.document, found.folder, self.files)

    def take_in(self, path: Path) -> OpenProject:
        """Create a project from an exported file, or from a YAML file.

        Raises:
            InvalidInput: it is neither.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = staging_path(self.folder)
        staged.mkdir()
        try:
            project = read_bundle(path, staged)
            return self._made(project.as_stored(), staged / "files")
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def list(self, *, archived: bool = False) -> list[ProjectRow]:
        """Return active projects, or archived ones; the last changed first."""
        names = [path.name for path in self.folder.iterdir() if _is_project(path)] if self.folder.is_dir() else []
        rows = [self._row(name) for name in names]
        return sorted((row for row in rows if row.archived == archived), key=lambda row: row.changed, reverse=True)

    def close(self) -> None:
        """Update all YAML files; the journals contain every change in any case."""
        with self._lock:
            for one in self._open.values():
                one.write()

    def _made(self, stored: dict[str, Any], files: Path | None) -> OpenProject:
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = staging_path(self.folder)
        staged.mkdir()
        try:
            if files is not None and files.is_dir():
                shutil.copytree(files, staged / "files")
            project = validated(Project, {**stored, "id": "", "version": 0})
            change = self.files.in_changes(staged, (Replace(item=project.as_stored()),))[0]
            assert isinstance(change, Replace)
            with self._lock:
                name = self._free_name(project.title)
                write_project(staged / YAML, validated(Project, {**change.item, "id": name, "version": 0}))
                staged.rename(self.folder / name)
                sync_folder(self.folder)
                return self.get(name)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def _free_name(self, title: str) -> str:
        base = slug(title, fallback="project", longest_bytes=60)
        name, number = base, 1
        while (self.folder / name).exists():
            number += 1
            name = f"{base}-{number}"
        return name

    def _row(self, name: str) -> ProjectRow:
        folder = self.folder / name
        changed = max(_changed(folder / YAML), _changed(folder / JOURNAL))
        known = self._rows.get(name)
        if known is not None and known[0] == changed:
            return known[1]
        try:
            row = _row_of(self.get(name).document, changed)
        except (GreenroomError, OSError) as error:
            why = str(error) if isinstance(error, GreenroomError) else str(InvalidInput("project.unreadable"))
            row = ProjectRow(name, name, "film", 0, 0, 0, 0, archived=False, changed=changed, damage=why)
        self._rows[name] = (changed, row)
        return row


def _row_of(project: Project, changed: float) -> ProjectRow:
    shots, lines = sum(1 for _ in project.shots()), sum(1 for _ in project.lines())
    return ProjectRow(
        project.id, project.title, project.kind, project.version, len(project.scenes), shots, lines, project.archived, changed
    )


def _is_project(path: Path) -> bool:
    return not path.name.startswith(".") and file_within(path / YAML, (path.parent,)) is not None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
