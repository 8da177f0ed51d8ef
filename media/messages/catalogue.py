"""The catalogues: `<layer>/messages/<language>/<area>.toml` holds the words for the codes `<area>.<what>`.

An entry is a table named by what is wrong, with the pattern `reason` and, where there is a next step, the pattern `hint`.
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

_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Entry:
    """The words of one code, as patterns."""

    reason: str
    hint: str = ""


def is_code(text: str) -> bool:
    """Whether this has the form of a code, `area.what-is-wrong`; whether there is one is another question."""
    return _CODE.fullmatch(text) is not None


def entry(code: str, language: str) -> Entry | None:
    """The words of a code in the language, else in the language without its region, else in English; None without any."""
    area, _, what = code.partition(".")
    for tag in _tags(language):
        if (found := area_of(area, tag).get(what)) is not None:
            return found
    return None


@lru_cache(maxsize=1024)
def area_of(area: str, language: str) -> Mapping[str, Entry]:
    """The entries of one area by what is wrong; empty where there is no such file."""
    entries: dict[str, Entry] = {}
    for path in files_of(area, language):
        read = tomllib.loads(path.read_text("utf-8"))
        entries.update({what: Entry(words["reason"], words.get("hint", "")) for what, words in read.items()})
    return entries


def files_of(area: str, language: str) -> Iterator[Path]:
    for layer in LAYERS:
        if (path := ROOT / layer / "messages" / language / f"{area}.toml").is_file():
            yield path


def codes(language: str = SOURCE_LANGUAGE) -> list[str]:
    """Every code of the catalogues, sorted."""
    areas = {path.stem for layer in LAYERS for path in (ROOT / layer / "messages" / language).glob("*.toml")}
    return sorted(f"{area}.{what}" for area in areas for what in area_of(area, language))


def _tags(language: str) -> Iterator[str]:
    safe = language if re.fullmatch(r"[A-Za-z0-9-]{2,35}", language) else SOURCE_LANGUAGE
    yield from dict.fromkeys((safe, safe.split("-")[0], SOURCE_LANGUAGE))
