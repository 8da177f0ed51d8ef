"""The line under the script or the list of lines: counts, estimates and errors."""

from __future__ import annotations

from capabilities.voiceover.estimate import ScriptEstimate
from tabs.common.counts import Figure, counts_line
from tabs.common.fit import spread_in_words
from tabs.common.formats import about, many
from tabs.common.templating import render
from tabs.voiceover.form import EXAMPLE


def counts(found: ScriptEstimate | None, fit: str = "") -> str:
    """Return the HTML of the line under the script: counts, estimated time, and whether the engine fits into memory."""
    if found is None or not found.words:
        return render("voiceover/no_script.html", example=EXAMPLE)
    held = [many(found.characters, "character"), many(found.words, "word"), many(found.chunks, "sentence")]
    held += [many(len(found.speakers), "speaker")] if found.speakers else []
    held += [many(found.chapters, "chapter")] if found.chapters else []
    ready = "not measured yet"
    if found.seconds_to_render is not None:
        ready = spread_in_words(found.seconds_to_render, found.low, found.high, found.runs)
    parts: list[Figure | str] = [Figure(number, after=f" {word}") for number, word in (part.split(" ", 1) for part in held)]
    parts += [Figure(about(found.seconds_of_speech), " of speech", "about "), Figure(ready, before="to render: ")]
    return counts_line([*parts, fit] if fit else parts, found.problem or _said_otherwise(found))


def _said_otherwise(found: ScriptEstimate) -> str:
    """Return a note on text that is replaced or needs another engine, or ""."""
    if not found.unsayable:
        return ""
    first = found.unsayable[0]
    many_more = f" and {len(found.unsayable) - 1} more" if len(found.unsayable) > 1 else ""
    if found.replaced:
        said = f"is said as “{first.instead}”" if first.instead else "is left out"
        return f"{first}{many_more}: {first.engine} cannot say it, so it {said}."
    return f"{first.engine} cannot say {first}{many_more}, so another engine speaks this script."


def lines_counted(lines: str) -> str:
    """Return the HTML of the line under a batch: the number of files and of empty rows."""
    rows = (lines or "").splitlines()
    filled = sum(bool(row.strip()) for row in rows)
    if not filled:
        return counts_line(["One line is one file."])
    number, word = many(filled, "file").split(" ", 1)
    empty = len(rows) - filled
    return counts_line([Figure(number, f" {word}"), *([f"{many(empty, 'empty row')} left out"] if empty else [])])
