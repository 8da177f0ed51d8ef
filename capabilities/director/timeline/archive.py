"""ZIPs of a film: its stems, or everything that belongs to it."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from capabilities.director.film.desk import FilmDesk, stamp_of
from capabilities.director.film.plan import FPS, QUALITY
from capabilities.director.projects.bundle import write_bundle
from capabilities.director.timeline.film_edit import HANDLE
from capabilities.director.timeline.spoken_film import SUBTITLES, TIMELINES, SpokenFilm
from capabilities.director.timeline.stems import StemWriter
from capabilities.video.checks import bytes_of_clip
from media.video.read import read_frames
from media.video.write import VideoWriter, join_video
from studio.artifacts.clips import StoredShot
from studio.errors import InvalidInput
from studio.files import write_json
from studio.library import LibraryOutput
from studio.services import Services

_STEM_BYTES = 48_000 * 2
_STEMS, _CLIPS = 0.3, 0.85
"""Shares of the work after which the stems and the clips are there; the rest is packing."""
_READ_ME = """\
{title}

{name}.otio, {name}.edl and {name}.fcpxml are the film for editing programs; keep them beside the folders "media" and "sound".
Each clip has {handle} pictures before and after it in which it stands still, at {fps} pictures a second.
An edited .otio goes back into the studio: its order and lengths are taken, and only what changed is made again.
film.mp4 is the film as it was made, recipe.json tells from what, and project.zip is the project itself, for another studio.
"""

OnShare = Callable[[float, str], None]
"""Called with the finished share and a description; may raise, to stop."""


class FilmArchive:
    """Writes ZIPs. Has no state of a film; any thread may call any method.

    Args:
        desk: reads projects as films.
    """

    def __init__(self, services: Services, desk: FilmDesk) -> None:
        self._desk, self._library, self._segments = desk, services.library, services.segments
        self._services = services

    def film_for(self, film: SpokenFilm, format: str) -> LibraryOutput | None:
        """Return the rendered film that "everything" contains, None for stems, after checks of sound and space.

        Raises:
            InvalidInput: nobody speaks, or the film was not rendered from this board.
            NotEnoughSpace.
        """
        sounds = len(film.edit.sounds)
        if not sounds and format == "stems":
            raise InvalidInput("project.no-sound")
        needed = round(2.2 * sounds * film.plan.seconds * _STEM_BYTES)
        output = self._film_of(film) if format == "everything" else None
        if output is not None:
            needed += 3 * bytes_of_clip(film.plan.frames, *film.plan.size) + output.path.stat().st_size
        self._library.ensure_space(needed, "this export")
        return output

    def write(self, film: SpokenFilm, format: str, name: str, target: Path, work: Path, tell: OnShare) -> None:
        """Write the ZIP `target`.

        Args:
            name: of the timelines and subtitles in it, without extension.
            work: a folder for parts; clips that an earlier attempt completed in it are used. The caller removes it.

        Raises:
            InvalidInput, NotEnoughSpace: as `film_for`.
            MediaError, SegmentMissing: a clip or sound cannot be read, or no longer exists.
        """
        output = self.film_for(film, format)
        content = work / "content"
        content.mkdir(parents=True, exist_ok=True)
        tell(0.0, "Writing the stems")
        self._stems(film, content, work / "sound", lambda: tell(0.0, "Writing the stems"))
        if output is not None:
            self._everything(film, output, name, content, tell)
        staged = work / "export.zip"
        paths = sorted(one for one in content.rglob("*") if one.is_file() and not one.name.startswith("."))
        with zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as made:
            for number, path in enumerate(paths):
                tell(_CLIPS + (1 - _CLIPS) * number / len(paths), "Packing")
                made.write(path, path.relative_to(content).as_posix())
        staged.replace(target)

    def _stems(self, film: SpokenFilm, content: Path, work: Path, check: Callable[[], None]) -> None:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        name = film.project.music.file
        music = self._desk.files.find(film.folder, name, "music")[0] if name else None
        settings = self._services.settings.voiceover
        loudness, peak = settings.loudness, settings.true_peak
        StemWriter(film.project, film.plan, film.lines, self._segments, work, music, loudness, peak, check).write(content)
        shutil.rmtree(work)

    def _everything(self, film: SpokenFilm, output: LibraryOutput, name: str, content: Path, tell: OnShare) -> None:
        edit, made = film.edit, self._made(film)
        for number, (clip, stored) in enumerate(zip(edit.clips, made, strict=True)):
            tell(_STEMS + (_CLIPS - _STEMS) * number / len(made), f"Clip {number + 1} of {len(made)}")
            if not (content / clip.file).is_file():
                _with_handles(content / clip.file, stored, film.plan.size)
        for ending, write in TIMELINES.items():
            (content / f"{name}.{ending}").write_text(write(edit), encoding="utf-8")
        for ending in SUBTITLES:
            (content / f"{name}.{ending}").write_text(film.subtitles(ending), encoding="utf-8")
        shutil.copyfile(output.path, content / "film.mp4")
        write_json(content / "recipe.json", dict(output.recipe))
        write_bundle(content / "project.zip", film.project, film.folder, self._desk.files)
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
    staged = target.with_name(f".whole-{target.name}")
    join_video(staged, [still["before"], clip.path, still["after"]], FPS)
    staged.replace(target)
    for path in still.values():
        path.unlink()
