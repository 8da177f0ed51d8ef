"""A narration as a scene: the speaker of each line, and the place of each line and each of its words in the sound."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from studio.errors import InvalidInput
from studio.library import Library, LibraryOutput

MARKS = ".json"
"""The companion of a narration that holds its segments with their times (capabilities/voiceover/join.py)."""

NARRATOR = ""
"""The speaker of lines that nobody is named for: the narrator, stage directions."""


@dataclass(frozen=True)
class SpokenWord:
    """A word as it is written, and when it is said, in seconds of the narration."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class SceneLine:
    """What one speaker says before another one does; [start, end) in seconds of the narration.

    `words` is () where the engine that spoke it gave no times.
    """

    index: int
    speaker: str
    text: str
    start: float
    end: float
    words: tuple[SpokenWord, ...] = ()

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class RehearsalScene:
    """The lines of a narration in order. `narration` is the id of its output."""

    narration: str
    title: str
    language: str
    lines: tuple[SceneLine, ...]
    parts: tuple[str, ...]
    """The speakers in the order of their first line, the narrator among them where there is one."""

    def own(self, part: str) -> list[SceneLine]:
        """The lines of a part."""
        return [line for line in self.lines if line.speaker == part]


def scene_of(library: Library, narration: str) -> RehearsalScene:
    """The scene that a narration of the library holds.

    Raises:
        NotFound: no such output. InvalidInput: it is no narration, or its times are gone.
    """
    output = library.get(narration)
    marks = marks_file(output)
    if marks is None:
        raise InvalidInput("rehearsal.no-narration", output=output.title or output.id)
    try:
        segments = json.loads(marks.read_text("utf-8"))["segments"]
        lines = tuple(_lines(segments))
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidInput("rehearsal.no-narration", output=output.title or output.id) from None
    spec = output.recipe.get("spec")
    language = str(spec.get("language", "")) if isinstance(spec, Mapping) else ""
    parts = tuple(dict.fromkeys(line.speaker for line in lines))
    return RehearsalScene(output.id, output.title or output.id, language or "en", lines, parts)


def marks_file(output: LibraryOutput) -> Path | None:
    """The file with a narration's times; None for every other output."""
    if output.kind != "audio" or output.recipe.get("kind") != "voiceover":
        return None
    return next((path for path in output.companions if path.suffix == MARKS), None)


def _lines(segments: Sequence[Mapping[str, Any]]) -> list[SceneLine]:
    lines: list[SceneLine] = []
    for speaker, group in groupby(segments, key=lambda one: str(one["speaker"])):
        spoken = list(group)
        timed = [[SpokenWord(str(word), float(start), float(end)) for word, start, end in one["words"]] for one in spoken]
        words = tuple(word for one in timed for word in one) if all(timed) else ()
        text = " ".join(str(one["text"]).strip() for one in spoken)
        lines.append(SceneLine(len(lines), speaker, text, float(spoken[0]["start"]), float(spoken[-1]["end"]), words))
    return lines
