"""The catalogues: `<area>.toml` below `<layer>/messages/<language>/` holds the texts for the codes `<area>.<what>`.

Files are sorted in sub-folders by the package that they belong to; a code does not name the folder.

An entry is a table named by what is wrong, with the pattern `reason` and, where there is a next step, the pattern `hint`.
The reference of errors prints `when` in place of a reason that is one parameter.
Files are read when a code of their area is first needed, and kept. They are data: that a layer's words lie beside its code
gives no layer an import of another.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from media.messages.languages import SOURCE_LANGUAGE

ROOT = Path(__file__).resolve().parent.parent.parent
LAYERS = ("media", "engines", "studio", "capabilities", "api", "tabs")

_added: list[Path] = []
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Entry:
    """The patterns of one code; for the reference, `when` tells when it arises if the reason is a parameter."""

    reason: str
    hint: str = ""
    when: str = ""


def is_code(text: str) -> bool:
    """Return whether a text has the form of a code, `area.what-is-wrong`; the code need not exist."""
    return _CODE.fullmatch(text) is not None


def entry(code: str, language: str) -> Entry | None:
    """Return the entry of a code in the language, else in the language without its region, else in English; None without any."""
    area, _, what = code.partition(".")
    for tag in _tags(language):
        if (found := area_of(area, tag).get(what)) is not None:
            return found
    return None


@lru_cache(maxsize=1024)
def area_of(area: str, language: str) -> Mapping[str, Entry]:
    """Return the entries of one area; empty without such a file."""
    entries: dict[str, Entry] = {}
    for path in files_of(area, language):
        read = tomllib.loads(path.read_text("utf-8"))
        entries.update(
            {what: Entry(words["reason"], words.get("hint", ""), words.get("when", "")) for what, words in read.items()}
        )
    return entries


def files_of(area: str, language: str) -> Iterator[Path]:
    """Yield the files of an area; the studio has one each."""
    for folder in (*(ROOT / layer / "messages" for layer in LAYERS), *_added):
        if (path := _areas_in(folder / language).get(area)) is not None:
            yield path


@lru_cache(maxsize=256)
def _areas_in(folder: Path) -> Mapping[str, Path]:
    """The files below a folder by their area; empty where there is no such folder."""
    return {path.stem: path for path in sorted(folder.rglob("*.toml"))}


def add_folder(folder: Path) -> None:
    """Take a folder with `<language>/<area>.toml` too: what the module of an engine outside the studio's folder calls."""
    if folder not in _added:
        _added.append(folder)
        _areas_in.cache_clear()
        area_of.cache_clear()


def codes(language: str = SOURCE_LANGUAGE) -> list[str]:
    """Return every code of the catalogues, sorted."""
    areas = {area for layer in LAYERS for area in _areas_in(ROOT / layer / "messages" / language)}
    return sorted(f"{area}.{what}" for area in areas for what in area_of(area, language))


def _tags(language: str) -> Iterator[str]:
    safe = language if re.fullmatch(r"[A-Za-z0-9-]{2,35}", language) else SOURCE_LANGUAGE
    yield from dict.fromkeys((safe, safe.split("-")[0], SOURCE_LANGUAGE))
