"""Exports of a project: bundle, timeline for an editing program, subtitles, stems, or all of these."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from capabilities.director.document.model import Project
from capabilities.director.film.desk import FilmDesk
from capabilities.director.film.plan import FPS
from capabilities.director.projects.yaml_file import as_yaml
from capabilities.director.timeline.adopting import Adoption, adopt
from capabilities.director.timeline.archive import FilmArchive
from capabilities.director.timeline.spoken_film import SUBTITLES, TIMELINES, SpokenFilm
from media.timeline.otio import LARGEST, read_otio
from studio.callbacks import no_op
from studio.errors import InvalidInput, MediaError
from studio.files import slug, staging_path, write_atomic
from studio.services import Services

FORMATS = ("project", "yaml", *TIMELINES, *SUBTITLES, "stems", "everything")
ZIPPED = ("stems", "everything")
"""Formats that take as long as a part of the film did; the job "export_project" writes them too."""


@dataclass(frozen=True)
class TakenBack:
    """The project's version after an import, and its result."""

    version: int
    adoption: Adoption


class ProjectExports:
    """Writes projects as files. Has no state of a project; any thread may call any method.

    Args:
        desk: reads projects as films.

    Attributes:
        archive: writes the ZIPs.
    """

    def __init__(self, services: Services, desk: FilmDesk) -> None:
        self._desk, self.archive = desk, FilmArchive(services, desk)

    def write(self, project_id: str, format: str, folder: Path) -> Path:
        """Write one export into `folder`, named by the project's title, replacing an older one.

        Args:
            format: one of `FORMATS`.

        Raises:
            InvalidInput: no such format; or a part of the film is missing, which the error names.
            NotFound: no such project, or a file of it no longer exists.
            NotEnoughSpace, MediaError, StorageError.
        """
        found = self._desk.projects.get(project_id)
        if format not in FORMATS:
            raise InvalidInput("project.format-unknown", format=format[:20], known=list(FORMATS))
        folder.mkdir(parents=True, exist_ok=True)
        name = slug(found.document.title)
        ending = {"project": ".zip", "stems": "-stems.zip", "everything": "-everything.zip"}.get(format, f".{format}")
        target = folder / f"{name}{ending}"
        if format == "project":
            self._desk.projects.export(project_id, target)
        elif format == "yaml":
            write_atomic(target, as_yaml(found.document))
        elif format in ZIPPED:
            work = staging_path(folder)
            try:
                self.archive.write(self.spoken(project_id), format, name, target, work, no_op)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        else:
            film = self.spoken(project_id)
            text = film.subtitles(format) if format in SUBTITLES else TIMELINES[format](film.edit)
            write_atomic(target, text.encode("utf-8"))
        return target

    def spoken(self, project_id: str) -> SpokenFilm:
        """Return a project's film with its sound.

        Raises:
            InvalidInput: a sentence was not spoken yet.
            NotFound: there is no such project.
        """
        found = self._desk.projects.get(project_id)
        return self.spoken_of(found.document, found.folder)

    def spoken_of(self, project: Project, folder: Path) -> SpokenFilm:
        """Return the film of a document whose files are in `folder`; raises as `spoken`."""
        read = self._desk.read(project)
        silent = sum(1 for name, plan in read.plans.items() if plan.segments and read.timelines[name] is None)
        if silent:
            raise InvalidInput("project.not-spoken", rows=silent)
        seconds = {name: one.duration if one else 0.0 for name, one in read.timelines.items()}
        plan = self._desk.plan(project, folder, read.timelines, seconds)
        return SpokenFilm(project, folder, plan, read.lines)

    def take_back(self, project_id: str, path: Path, base: int | None = None, who: str = "") -> TakenBack:
        """Apply the order and lengths of an edited OpenTimelineIO file to the board, in one change.

        Args:
            base: the version that the editor read; None overwrites later changes.

        Raises:
            InvalidInput, MediaError: it is no timeline of this project, the film is not spoken, or a shot of it is locked.
            ProjectConflict: the same shots have changed since `base`.
            NotFound: there is no such project.
        """
        if path.stat().st_size > LARGEST:
            raise MediaError("timeline.too-large", most=LARGEST // 1024**2)
        edit = read_otio(path.read_text("utf-8", "replace"), int(FPS))
        film = self.spoken(project_id)
        spoken = {shot.board.id: shot.timeline.duration if shot.timeline else 0.0 for shot in film.plan.shots}
        adoption = adopt(film.project, edit, spoken)
        version = film.project.version
        if adoption.changes:
            version = self._desk.projects.update(project_id, adoption.changes, base, who, "timeline").version
        return TakenBack(version, adoption)
