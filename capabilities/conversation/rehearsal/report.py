"""The report of a rehearsal: stored after each line, and added to the library as a text at the end of the run."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from capabilities.conversation.rehearsal.actions import LineResult
from capabilities.conversation.rehearsal.following import WordState
from capabilities.conversation.rehearsal.scene import NARRATOR, RehearsalScene
from studio.errors import GreenroomError, NotFound
from studio.files import write_json
from studio.library import Library, LibraryOutput, Recipe
from studio.library.model import TEXT

log = logging.getLogger(__name__)

FOLDER = "rehearsals"
"""In the data folder: runs that are going on, or that a killed server has left."""

KIND = "rehearsal"
"""Of the recipe."""


class _KeptRun(BaseModel):
    """A run as it lies on the disk."""

    model_config = ConfigDict(extra="ignore")

    narration: str
    title: str
    part: str
    began: float
    lines: list[dict[str, Any]]


class RehearsalRecord:
    """One run, written to the disk after each line, so that a kill loses none of them. For one thread."""

    def __init__(self, folder: Path, scene: RehearsalScene, part: str) -> None:
        self._scene, self._part, self._began = scene, part, time.time()
        self._path = folder / f"{uuid4().hex}.json"

    def note(self, results: Sequence[LineResult]) -> None:
        """Keep what there is now.

        Raises:
            OSError: the disk does not take it.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._path, self._run(results).model_dump())

    def finish(self, results: Sequence[LineResult], library: Library) -> LibraryOutput | None:
        """Put the report into the library; None where nothing of the person's was said.

        Raises:
            GreenroomError: the disk does not take it; what was noted stays and is taken up at the next start.
        """
        done = None
        if any(one.heard or one.by_hand for one in results):
            done = _into_library(self._run(results), library, self._path.with_suffix(""))
        self._path.unlink(missing_ok=True)
        return done

    def _run(self, results: Sequence[LineResult]) -> _KeptRun:
        lines = [as_fields(one) for one in results]
        return _KeptRun(narration=self._scene.narration, title=self._scene.title, part=self._part, began=self._began, lines=lines)


def finish_left(folder: Path, library: Library) -> list[LibraryOutput]:
    """Reports of the runs that a killed server has left, put into the library now; what cannot be read is left where it is."""
    done: list[LibraryOutput] = []
    for path in sorted(folder.glob("*.json")):
        try:
            run = _KeptRun.model_validate_json(path.read_bytes())
            if any(line.get("heard") for line in run.lines):
                done.append(_into_library(run, library, path.with_suffix("")))
            path.unlink()
        except (OSError, ValidationError, GreenroomError):
            log.warning("A rehearsal that was left could not be put into the library.", exc_info=True)
    return done


def as_fields(result: LineResult) -> dict[str, Any]:
    """A result as the page, the report and its JSON have it."""
    followed = result.followed
    return {
        "index": result.index,
        "text": result.text,
        "words": [[mark.text, mark.state.value, mark.heard] for mark in followed.marks],
        "added": list(followed.added),
        "pickup": None if result.pickup is None else round(result.pickup, 2),
        "prompts": result.prompts,
        "perfect": result.perfect,
        "heard": result.heard or result.by_hand,
        "by_hand": result.by_hand,
        "passed_over": result.passed_over,
    }


def report_text(title: str, part: str, lines: Sequence[Mapping[str, Any]]) -> str:
    """The report in words: first what is to be worked on, line by line, in the order of the scene."""
    perfect = sum(bool(line["perfect"]) for line in lines)
    head = [f"Rehearsal of “{title}”, {part or 'the narrator'}", f"{perfect} of {len(lines)} lines word-perfect.", ""]
    return "\n".join([*head, *(_line_text(line) for line in lines)]) + "\n"


def _line_text(line: Mapping[str, Any]) -> str:
    found = list(_remarks(line)) or ["word-perfect"]
    return f"{line['index'] + 1}. {line['text']}\n   {'; '.join(found)}.\n"


def _remarks(line: Mapping[str, Any]) -> list[str]:
    words: list[list[str]] = line["words"]
    if line["passed_over"] and not line["heard"]:
        return ["passed over"]
    prompted = [f"prompted {line['prompts']} times" if line["prompts"] > 1 else "prompted once"] if line["prompts"] else []
    if line["by_hand"] and all(state != WordState.SAID for _, state, _ in words):
        return ["ended by hand, not listened to", *prompted]
    missed = _runs(words, WordState.LEFT_OUT)
    found = [f"left out: {', '.join(f'“{run}”' for run in missed)}"] if missed else []
    found += [f"“{text}” was said as “{heard}”" for text, state, heard in words if state == WordState.CHANGED]
    found += [f"added: “{' '.join(line['added'])}”"] if line["added"] else []
    return found + prompted


def _runs(words: Sequence[Sequence[str]], state: WordState) -> list[str]:
    """Words of one state that stand beside each other, together."""
    runs: list[list[str]] = []
    inside = False
    for text, found, _ in words:
        if found == state:
            if not inside:
                runs.append([])
            runs[-1].append(text)
        inside = found == state
    return [" ".join(run) for run in runs]


def _into_library(run: _KeptRun, library: Library, folder: Path) -> LibraryOutput:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        text, fields = folder / "report.txt", folder / "report.json"
        text.write_text(report_text(run.title, run.part, run.lines), "utf-8")
        write_json(fields, run.model_dump())
        title = f"Rehearsal of {run.title}: {run.part or 'the narrator'}"
        return library.add(text, TEXT, title, _recipe(run, library), (fields,))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _recipe(run: _KeptRun, library: Library) -> Recipe:
    perfect = sum(bool(line["perfect"]) for line in run.lines)
    try:
        parents: tuple[str, ...] = (library.get(run.narration).id,)
    except NotFound:
        parents = ()
    return Recipe(
        kind=KIND,
        job="",
        parents=parents,
        facts=(f"{perfect} of {len(run.lines)} lines word-perfect",),
        details={"part": run.part or NARRATOR},
    )
