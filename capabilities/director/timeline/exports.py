"""Exports of a project: bundle, timeline for an editing program, subtitles, stems, or all of these."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from capabilities.director.document.model import Project
from capabilities.director.film.desk import FilmDesk, stamp_of
from capabilities.director.film.plan import FPS, QUALITY, FilmPlan
from capabilities.director.projects.yaml_file import as_yaml
from capabilities.director.timeline.adopting import Adoption, adopt
from capabilities.director.timeline.film_edit import HANDLE, Lines, edit_of
from capabilities.director.timeline.stems import StemWriter
from capabilities.video.checks import bytes_of_clip
from media.text.formats import to_srt, to_vtt
from media.text.substation import to_ass
from media.timeline.edit import Edit
from media.timeline.fcpxml import to_fcpxml
from media.timeline.otio import LARGEST, read_otio, to_edl, to_otio
from media.video.read import read_frames
from media.video.write import VideoWriter, join_video
from studio.artifacts.clips import StoredShot
from studio.errors import InvalidInput, MediaError
from studio.files import slug, staging_path, write_atomic, write_json
from studio.library import LibraryOutput
from studio.services import Services

TIMELINES: Mapping[str, Callable[[Edit], str]] = {"otio": to_otio, "edl": to_edl, "fcpxml": to_fcpxml}
SUBTITLES = ("srt", "vtt", "ass")
FORMATS = ("project", "yaml", *TIMELINES, *SUBTITLES, "stems", "everything")
_ZIPPED = ("project", "stems", "everything")
_STEM_BYTES = 48_000 * 2
_READ_ME = """\
{title}

{name}.otio, {name}.edl and {name}.fcpxml are the film for editing programs; keep them beside the folders "media" and "sound".
Each clip has {handle} pictures before and after it in which it stands still, at {fps} pictures a second.
An edited .otio goes back into the studio: its order and lengths are taken, and only what changed is made again.
film.mp4 is the film as it was made, recipe.json tells from what, and project.zip is the project itself, for another studio.
"""


@dataclass(frozen=True)
class SpokenFilm:
    """A film with complete sound."""

    project: Project
    folder: Path
    plan: FilmPlan
    lines: Lines

    @property
    def edit(self) -> Edit:
        return edit_of(self.project, self.plan, self.lines)

    def subtitles(self, format: str) -> str:
        cues = self.plan.cues
        if format == "ass":
            return to_ass(cues, *self.plan.size)
        return to_srt(cues) if format == "srt" else to_vtt(cues)


@dataclass(frozen=True)
class TakenBack:
    """The project's version after an import, and its result."""

    version: int
    adoption: Adoption


class ProjectExports:
    """Writes projects as files. Has no state of a project; any thread may call any method.

    Args:
        desk: reads projects as films.
    """

    def __init__(self, services: Services, desk: FilmDesk) -> None:
        self._desk, self._library, self._segments = desk, services.library, services.segments
        self._settings = services.settings.voiceover

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
        elif format in _ZIPPED:
            self._zipped(self.spoken(project_id), format, name, target)
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
        project = found.document
        read = self._desk.read(project)
        silent = sum(1 for name, plan in read.plans.items() if plan.segments and read.timelines[name] is None)
        if silent:
            raise InvalidInput("project.not-spoken", rows=silent)
        seconds = {name: one.duration if one else 0.0 for name, one in read.timelines.items()}
        plan = self._desk.plan(project, found.folder, read.timelines, seconds)
        return SpokenFilm(project, found.folder, plan, read.lines)

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

    def _zipped(self, film: SpokenFilm, format: str, name: str, target: Path) -> None:
        sounds = len(film.edit.sounds)
        if not sounds and format == "stems":
            raise InvalidInput("project.no-sound")
        needed = round(2.2 * sounds * film.plan.seconds * _STEM_BYTES)
        output = self._film_of(film) if format == "everything" else None
        if output is not None:
            needed += 3 * bytes_of_clip(film.plan.frames, *film.plan.size) + output.path.stat().st_size
        self._library.ensure_space(needed, "this export")
        work = staging_path(target.parent)
        work.mkdir()
        try:
            content = work / "content"
            content.mkdir()
            self._stems(film, content, work / "sound")
            if output is not None:
                self._everything(film, output, name, content)
            staged = work / "export.zip"
            with zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as made:
                for path in sorted(one for one in content.rglob("*") if one.is_file()):
                    made.write(path, path.relative_to(content).as_posix())
            staged.replace(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _stems(self, film: SpokenFilm, content: Path, work: Path) -> None:
        work.mkdir()
        name = film.project.music.file
        music = self._desk.files.find(film.folder, name, "music")[0] if name else None
        loudness, peak = self._settings.loudness, self._settings.true_peak
        StemWriter(film.project, film.plan, film.lines, self._segments, work, music, loudness, peak).write(content)
        shutil.rmtree(work)

    def _everything(self, film: SpokenFilm, output: LibraryOutput, name: str, content: Path) -> None:
        edit = film.edit
        for clip, stored in zip(edit.clips, self._made(film), strict=True):
            _with_handles(content / clip.file, stored, film.plan.size)
        for ending, write in TIMELINES.items():
            (content / f"{name}.{ending}").write_text(write(edit), encoding="utf-8")
        for ending in SUBTITLES:
            (content / f"{name}.{ending}").write_text(film.subtitles(ending), encoding="utf-8")
        shutil.copyfile(output.path, content / "film.mp4")
        write_json(content / "recipe.json", dict(output.recipe))
        self._desk.projects.export(film.project.id, content / "project.zip")
        told = _READ_ME.format(title=film.project.title, name=name, handle=HANDLE, fps=int(FPS))
        (content / "README.txt").write_text(told, encoding="utf-8")

    def _film_of(self, film: SpokenFilm) -> LibraryOutput:
        """Return the film that was rendered from this board.

        Raises:
            InvalidInput: there is none, or a part of it was removed since.
        """
        told = {("project", film.project.id), ("board", stamp_of(film.project))}
        for output in self._library.list(None, ("video",)):
            if output.engine == "director" and told <= output.recipe.items() and self._made(film):
                return output
        raise InvalidInput("project.film-not-made")

    def _made(self, film: SpokenFilm) -> list[StoredShot]:
        """Return the pictures of every shot; [] if one is missing."""
        found = [self._desk.clips.get(shot.result.key) for shot in film.plan.shots]
        return [one for one in found if one is not None] if all(found) else []


def _with_handles(target: Path, clip: StoredShot, size: tuple[int, int]) -> None:
    """Write the clip with its first and last frame repeated around it; its own frames are copied, not encoded again."""
    target.parent.mkdir(parents=True, exist_ok=True)
    still = {}
    for name, at in (("before", 0), ("after", clip.frames - 1)):
        still[name] = target.with_name(f".{name}-{target.name}")
        picture = next(read_frames(clip.path, FPS, first=at, count=1)).picture
        with VideoWriter(still[name], size, FPS, QUALITY, threads=1) as writer:
            for _ in range(HANDLE):
                writer.write(picture)
    join_video(target, [still["before"], clip.path, still["after"]], FPS)
    for path in still.values():
        path.unlink()
