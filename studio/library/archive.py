"""Several outputs as one ZIP."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from studio.errors import NotFound
from studio.library.model import SERVED_EXTENSIONS, LibraryOutput

LONGEST_ENTRY = 120


def write_archive(target: Path, outputs: Sequence[LibraryOutput], names: Sequence[str], with_companions: bool) -> None:
    """Write the files of `outputs` uncompressed, because sound and pictures hardly become smaller.

    Args:
        with_companions: subtitles too; files for programs are left out.
        names: stems of the entries, one for each output; made valid and unique. The outputs' own if empty.

    Raises:
        NotFound: an output was deleted in the meantime.
    """
    stems = unique_stems([entry_stem(name) for name in names] or [output.path.stem for output in outputs])
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as file:
            for stem, output in zip(stems, outputs, strict=True):
                beside = [path for path in output.companions if path.suffix in SERVED_EXTENSIONS] if with_companions else []
                for path in (output.path, *beside):
                    file.write(path, stem + path.suffix)
    except FileNotFoundError:
        raise NotFound("library.deleted-meanwhile") from None


def entry_stem(name: str) -> str:
    """Return a name that is valid for people and every system's unpacker: no path, no control characters, no dot at either
    end."""
    kept = "".join(one if one.isprintable() and one not in '/\\:*?"<>|' else "-" for one in name)
    return kept.strip(". -")[:LONGEST_ENTRY].rstrip(". ") or "output"


def unique_stems(stems: Sequence[str]) -> list[str]:
    """Return the same stems, with numbers added to later ones of equal spelling; case is ignored, as on many file systems."""
    taken: set[str] = set()
    result = []
    for stem in stems:
        candidate, number = stem, 2
        while candidate.casefold() in taken:
            candidate, number = f"{stem}-{number}", number + 1
        taken.add(candidate.casefold())
        result.append(candidate)
    return result
