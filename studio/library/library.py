"""The library: every output as a file with a readable name, and the recipe that made it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from media.audio.waveform import peaks as waveform_peaks
from studio.errors import InvalidInput, NotFound
from studio.files import (
    KEPT_SECONDS,
    as_json,
    discard,
    empty_trash,
    remove_staging_files,
    set_aside,
    staging_path,
    take_back,
    write_json,
)
from studio.library.archive import write_archive
from studio.library.licence_chain import recipe_fields
from studio.library.model import (
    ARCHIVE,
    AUDIO,
    PEAK_COUNT,
    LibraryOutput,
    NotEnoughSpace,
    Removal,
    peaks_path,
    read_json,
    recipe_path,
)
from studio.library.quota import check_free_space, removals
from studio.library.reader import LibraryReader
from studio.library.recipe import Recipe
from studio.library.write import OutputWriter, file_stem
from studio.licences import LicenceTerms, no_terms
from studio.settings import LibrarySettings
from studio.version import studio_version

log = logging.getLogger(__name__)

LONGEST_TITLE = 200
_STALE_SECONDS = 3600.0


class Library(LibraryReader):
    """The outputs in one folder. The files are authoritative: a file that was deleted by hand is gone, one that was added by
    hand is listed as found, and a damaged recipe does not damage its output.

    Any thread may call any method; other processes may add to and delete from the same folder. One lock guards the index and
    changes to recipes; nothing else is locked while it is held. Moving a finished file in needs no lock: creating its recipe
    under a free name reserves that name.

    Args:
        folder: of the outputs; made if it is missing. Only files with SERVED_EXTENSIONS may be served from it.
        clock: returns the time in seconds since the epoch.
        engine_terms: returns the licence of an engine by its id, for recipes of versions that stored no licences.
    """

    def __init__(
        self,
        folder: Path,
        settings: LibrarySettings,
        clock: Callable[[], float] = time.time,
        engine_terms: Callable[[str], LicenceTerms] = no_terms,
    ) -> None:
        super().__init__(folder, settings, engine_terms)
        self._clock = clock
        self._deleted: dict[str, str] = {}
        self._engine_terms = engine_terms
        folder.mkdir(parents=True, exist_ok=True)
        remove_staging_files(folder, time.time() - _STALE_SECONDS)

    # Adding

    def add(
        self,
        staged: Path,
        kind: str,
        title: str,
        recipe: Recipe | Mapping[str, Any],
        companions: Iterable[Path] = (),
        *,
        name: str = "",
        peaks: Sequence[float] | None = None,
        keep: bool = False,
    ) -> LibraryOutput:
        """Move a finished file, and the files that belong to it, into the library.

        The recipe is written before the file appears, with the licences of all parents and the studio's version as
        `studio_version`. The name is made of the recipe's engine and voice and the time, or of `name`; a number is added if it is
        taken.

        Args:
            staged: the finished file, which is moved.
            kind: one of KINDS, fitting the file's extension.
            companions: subtitles, word times and the like, each with its own extension.
            peaks: the waveform's outline if it is known; otherwise an audio file is read for it.

        Raises:
            InvalidInput, MediaError: a file is missing, empty, of another kind, or cannot be decoded.
            NotEnoughSpace, GreenroomError: the disk is full or cannot be written.
        """
        delivery = OutputWriter(Path(staged), kind, tuple(Path(path) for path in companions))
        fields = self._fields_of(recipe)
        created = self._clock()
        if peaks is None and kind == AUDIO:
            peaks = waveform_peaks(delivery.staged, PEAK_COUNT)
        shown, seconds = _title(title) or delivery.staged.stem, delivery.duration(fields)
        head = {"title": shown, "created": created, "keep": keep, "found": False, "duration": seconds}
        outline = as_json({"peaks": [round(peak, 3) for peak in peaks]}) if peaks else b""
        shelved = delivery.shelve(self.folder, file_stem(fields, kind, created, name), head, fields, outline)
        with self._lock:
            self._index.forget()
        return self.get(shelved)

    def _fields_of(self, recipe: Recipe | Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            known = recipe_fields(recipe, self._index.by_id(), self._engine_terms)
        return {**known, "studio_version": studio_version()}

    def archive(
        self,
        outputs: Sequence[str],
        title: str,
        recipe: Mapping[str, Any],
        *,
        names: Sequence[str] = (),
        with_companions: bool = True,
    ) -> LibraryOutput:
        """Make one ZIP of several outputs, which is itself an output.

        Args:
            outputs: ids, in the order of the entries.
            names: stems of the entries, one for each output; the outputs' own file names otherwise.

        Raises:
            NotFound, InvalidInput, NotEnoughSpace: an id is unknown, there is none, or the disk is too full.
        """
        members = [self.get(output) for output in outputs]
        if not members or (names and len(names) != len(members)):
            raise InvalidInput("library.archive-wrong")
        self.ensure_space(sum(member.total_size for member in members), "the archive")
        staged = staging_path(self.folder, ".zip")
        try:
            write_archive(staged, members, names, with_companions)
            return self.add(staged, ARCHIVE, title, {"parents": [member.id for member in members], **recipe})
        finally:
            staged.unlink(missing_ok=True)

    # Changing

    def rename(self, output: str, title: str) -> LibraryOutput:
        """Set the title of an output. The file keeps its name, and so its id, so that links to it remain valid.

        Raises:
            NotFound, InvalidInput: no such output, an empty title, or a recipe that cannot be written.
        """
        title = _title(title)
        if not title:
            raise InvalidInput("library.title-missing")
        return self._edit(output, title=title)

    def protect(self, output: str, keep: bool = True) -> LibraryOutput:
        """Exclude an output from quota and retention, or include it again.

        Raises:
            NotFound, InvalidInput: as `rename`.
        """
        return self._edit(output, keep=keep)

    def delete(self, output: str, *, for_good: bool = False) -> LibraryOutput:
        """Remove an output with its recipe and companions; return what was removed.

        For half an hour, while the studio is open, `put_back` undoes it; `for_good` frees the disk space at once.

        Raises:
            NotFound: no such output.
        """
        with self._lock:
            found = self.get(output)
            own_recipe = [recipe_path(found.path)] if found.has_recipe else []
            files = (found.path, *found.companions, peaks_path(found.path), *own_recipe)
            if for_good:
                discard(self.folder, *files)
            else:
                self._deleted[found.id] = set_aside(self.folder, *files)
                empty_trash(self.folder, time.time() - KEPT_SECONDS)
            self._index.forget()
        return found

    def put_back(self, output: str) -> LibraryOutput:
        """Undo `delete`.

        Raises:
            NotFound, InvalidInput: it is no longer kept, or another file has its name.
        """
        with self._lock:
            take_back(self.folder, self._deleted.get(output, ""))
            del self._deleted[output]
            self._index.forget()
            return self.get(output)

    def _edit(self, output: str, **changes: Any) -> LibraryOutput:
        with self._lock:
            found = self.get(output)
            path = recipe_path(found.path)
            fields = read_json(path) if found.has_recipe else {}
            if fields is None or found.damage:
                raise InvalidInput("library.recipe-unreadable", title=found.title)
            if not found.has_recipe and path.exists():
                raise InvalidInput("library.name-shared", output=found.id)
            head = {"file": found.id, "kind": found.kind, "title": found.title, "created": found.created, "found": found.found}
            write_json(path, {**fields, "output": {**head, **fields.get("output", {}), **changes}})
            self._index.forget()
            return self.get(found.id)

    # The disk

    def enforce_quota(self, in_use: Collection[str] = ()) -> tuple[Removal, ...]:
        """Remove the outputs that exceed retention and quota, oldest first. Protected outputs and those `in_use` are kept.

        Each removal is logged and listed in `recent_removals`.
        """
        done = []
        outputs = self.list(limit=None)
        for output, removal in removals(outputs, self._quota, self._settings.retention_days, self._clock(), in_use):
            try:
                self.delete(output.id, for_good=True)
            except (NotFound, OSError):
                continue
            log.info("Removed the output %s (%d bytes). %s", removal.id, removal.size, removal.reason)
            done.append(removal)
        if done:
            with self._lock:
                self._removed.add(done)
        return tuple(done)

    def ensure_space(self, needed: int, what: str = "the result") -> None:
        """Check before some work that the disk has room for `needed` more bytes.

        Raises:
            NotEnoughSpace: with the numbers.
        """
        try:
            check_free_space(self.folder, needed, what)
        except NotEnoughSpace:
            empty_trash(self.folder)
            check_free_space(self.folder, needed, what)


def _title(title: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in title).split())[:LONGEST_TITLE]
