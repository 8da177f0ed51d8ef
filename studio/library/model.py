"""Outputs as values, the permitted types of files, and the library's own errors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import GreenroomError
from studio.library.recipe import licence_fields
from studio.licences import UNKNOWN, LicenceTerms

AUDIO, VIDEO, IMAGE, SUBTITLES, TEXT, ARCHIVE = "audio", "video", "image", "subtitles", "text", "archive"

KIND_OF_EXTENSION: dict[str, str] = {
    **dict.fromkeys((".wav", ".flac", ".mp3", ".m4a", ".m4b", ".opus", ".ogg"), AUDIO),
    **dict.fromkeys((".mp4", ".webm", ".mkv", ".mov"), VIDEO),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp"), IMAGE),
    **dict.fromkeys((".srt", ".vtt"), SUBTITLES),
    ".txt": TEXT,
    ".zip": ARCHIVE,
}
"""What an output may be. No format in which a browser would run anything: no HTML, no SVG, no PDF."""

KINDS: tuple[str, ...] = (AUDIO, VIDEO, IMAGE, SUBTITLES, TEXT, ARCHIVE)

SERVED_EXTENSIONS: frozenset[str] = frozenset(KIND_OF_EXTENSION)
"""The only endings of files in the outputs folder that may be answered over HTTP."""

COMPANION_EXTENSIONS: frozenset[str] = frozenset({".srt", ".vtt", ".txt", ".json", ".png", ".jpg", ".webp"})
"""What may lie beside an output under its stem; `.json` (word times, say) is for programs and not served."""

RECIPE_SUFFIX = ".recipe.json"
PEAKS_SUFFIX = ".peaks.json"
PEAK_COUNT = 800


@dataclass(frozen=True)
class LibraryOutput:
    """One result as it is on disk now.

    Args:
        id: the file's name in the outputs folder; does not change with the title.
        kind: one of KINDS.
        created: seconds since the epoch.
        size: bytes of the file itself; `total_size` counts everything that belongs to it.
        duration: seconds, None if unknown.
        companions: paths of files with the same stem: subtitles, word times.
        keep: excluded from quota and retention.
        found: has no recipe: it was added to the folder by hand.
        engine, voice, job, parents: from the recipe, for lists; empty if unknown.
        terms: licences of everything that it was made from, directly or indirectly.
        has_recipe: whether its own recipe is beside it.
        damage: a sentence if that recipe cannot be read; the file itself is intact.
    """

    id: str
    path: Path
    kind: str
    title: str
    created: float
    size: int
    total_size: int
    duration: float | None = None
    companions: tuple[Path, ...] = ()
    keep: bool = False
    found: bool = False
    engine: str = ""
    voice: str = ""
    job: str = ""
    parents: tuple[str, ...] = ()
    terms: LicenceTerms = UNKNOWN
    has_recipe: bool = True
    damage: str = ""

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe, read from its file now; empty if there is none. Not kept in memory, because scripts can be long.

        Its licences are those of `terms`: recipes of earlier versions name only the licence of their engine.
        """
        fields = read_json(recipe_path(self.path)) if self.has_recipe else None
        if not fields:
            return {}
        if (fields.get("licence", ""), fields.get("commercial_use")) != (self.licence, self.commercial_use):
            fields |= licence_fields(self.terms)
        return {key: value for key, value in fields.items() if key != "output"}

    @property
    def licence(self) -> str:
        return self.terms.licence

    @property
    def commercial_use(self) -> bool | None:
        return self.terms.commercial_use

    @property
    def facts(self) -> tuple[str, ...]:
        """Short sentences for the page: the recipe's, and the restriction if it may not be used commercially."""
        told = self.recipe.get("facts", ())
        facts = tuple(str(fact) for fact in told) if isinstance(told, list) else ()
        return (*facts, self.terms.restriction) if self.terms.restriction else facts

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what to check before it is used; () if there are none."""
        told = self.recipe.get("warnings", ())
        return tuple(str(one) for one in told) if isinstance(told, list) else ()

    @property
    def peaks(self) -> tuple[float, ...]:
        """The waveform's outline, 0 to 1, from left to right; empty if none was made (yet)."""
        fields = read_json(peaks_path(self.path)) or {}
        values = fields.get("peaks")
        return tuple(float(value) for value in values) if isinstance(values, list) else ()

    def mentions(self, words: Sequence[str]) -> bool:
        """Return whether every one of the casefolded `words` occurs in its title, file name, engine or voice."""
        text = f"{self.title} {self.id} {self.engine} {self.voice}".casefold()
        return all(word in text for word in words)

    def as_dict(self) -> dict[str, Any]:
        """Return the output for the public API: JSON values only."""
        return {
            "id": self.id,
            "path": str(self.path),
            "kind": self.kind,
            "title": self.title,
            "created": self.created,
            "size": self.size,
            "duration": self.duration,
            "companions": [str(path) for path in self.companions],
            "keep": self.keep,
            "engine": self.engine,
            "voice": self.voice,
            "licence": self.licence,
            "commercial_use": self.commercial_use,
            "job": self.job,
            "parents": list(self.parents),
        }


@dataclass(frozen=True)
class Usage:
    """The disk space that outputs use, in bytes."""

    by_kind: dict[str, int]
    counts: dict[str, int]
    quota: int
    free: int
    """Free on the disk that the outputs lie on."""

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())


@dataclass(frozen=True)
class Removal:
    """One output that quota or retention has removed, and the reason as a sentence."""

    id: str
    title: str
    size: int
    at: float
    reason: str


class NotEnoughSpace(GreenroomError):
    """The disk has too little space for the work; the reason contains the numbers."""

    retryable_by_default = True


def recipe_path(media: Path) -> Path:
    return media.with_name(media.stem + RECIPE_SUFFIX)


def peaks_path(media: Path) -> Path:
    return media.with_name(media.name + PEAKS_SUFFIX)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file; None if it is missing, damaged or not an object."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
