"""Read-only access to the library: lists, one output, its waveform, its licences, and the space that outputs use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from media.audio.waveform import peaks as waveform_peaks
from studio.errors import NotFound
from studio.files import write_json
from studio.library.index import OutputIndex
from studio.library.model import PEAK_COUNT, LibraryOutput, Removal, Usage, peaks_path
from studio.library.quota import GIB, RemovalLog, usage_of
from studio.licences import LicenceTerms, combined
from studio.settings import LibrarySettings

_Removals = list[Removal]  # inside the class `list` is its method


class LibraryReader:
    """The methods of the library that change no output.

    Args:
        folder: of the outputs.
        engine_terms: returns the licence of an engine by its id, for recipes of versions that stored no licences.
    """

    def __init__(self, folder: Path, settings: LibrarySettings, engine_terms: Callable[[str], LicenceTerms]) -> None:
        self.folder = folder
        self._settings = settings
        self._lock = threading.RLock()
        self._index = OutputIndex(folder, engine_terms)
        self._removed = RemovalLog(folder / ".removals.jsonl")

    def adopt(self, settings: LibrarySettings) -> None:
        """Go by these settings of quota and retention from now on."""
        self._settings = settings

    def list(self, limit: int | None = 50, kinds: Collection[str] = (), text: str = "") -> list[LibraryOutput]:
        """Return outputs, newest first: of these kinds, and with every word of `text` in title, name, engine or voice."""
        with self._lock:
            outputs = self._index.outputs()
        words = text.casefold().split()
        chosen = (output for output in outputs if (not kinds or output.kind in kinds) and output.mentions(words))
        return [output for output, _ in zip(chosen, range(len(outputs) if limit is None else limit), strict=False)]

    def get(self, output: str) -> LibraryOutput:
        """Return the output with that id. The path of a file in the folder, as jobs report it, is accepted as its id.

        Raises:
            NotFound: no such output.
        """
        path = Path(output)
        name = path.name if path.is_absolute() and path.parent in (self.folder, self.folder.resolve()) else output
        with self._lock:
            found = self._index.by_id().get(name)
        if found is None:
            shown = "".join(character if character.isprintable() else "�" for character in name[:120])
            raise NotFound("library.unknown", output=shown)
        return found

    def peaks(self, output: str, count: int = PEAK_COUNT) -> tuple[float, ...]:
        """Return the waveform's outline of an audio or video output, 0 to 1; computed once and stored beside the file.

        Raises:
            NotFound, MediaError: no such output, or it has no sound.
        """
        found = self.get(output)
        kept = found.peaks
        if len(kept) != count:
            kept = tuple(round(peak, 3) for peak in waveform_peaks(found.path, count))
            write_json(peaks_path(found.path), {"peaks": kept})
        return kept

    def terms(self, outputs: Iterable[str]) -> LicenceTerms:
        """Return the licences of everything that these outputs were made from, by their ids; unknown ids are ignored."""
        with self._lock:
            known = self._index.by_id()
        return combined(known[output].terms for output in outputs if output in known)

    def usage(self) -> Usage:
        """Return the bytes of each kind, with recipes and companions, the quota and the free space on the disk."""
        return usage_of(self.list(limit=None), self._quota, self.folder)

    @property
    def _quota(self) -> int:
        return round(self._settings.quota_gib * GIB)

    def recent_removals(self, limit: int = 50) -> _Removals:
        """Return the latest removals by quota and retention, newest first."""
        return self._removed.newest(limit)
