"""The result of a transcription: the text, doubtful segments, and its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library import Library
from tabs.common.formats import clock
from tabs.common.templating import render
from tabs.common.wiring import output_url

_ROWS_OF_TEXT = (4, 16)
_CHARACTERS_A_ROW = 70
_MOST_DOUBTS = 20


def transcript_view(job: Job, library: Library) -> str:
    """Return the HTML of a transcript; "" if it is not finished or its files no longer exist."""
    text = next((output for output in job.outputs if output.kind == "text"), None)
    if job.state is not JobState.DONE or text is None:
        return ""
    path = Path(text.path)
    try:
        written = json.loads(path.with_suffix(".json").read_bytes())
        said = path.read_text("utf-8").strip()
        restriction = library.get(text.id).terms.restriction
    except (OSError, ValueError, NotFound):
        return ""
    fewest, most = _ROWS_OF_TEXT
    rows = min(most, max(fewest, len(said) // _CHARACTERS_A_ROW + said.count("\n") + 2))
    doubts = [(one["start"], one["text"][:120], one["doubt"]) for one in written["segments"] if one["doubt"]]
    return render(
        "voiceover/transcript.html",
        job=job.id,
        said=said,
        rows=rows,
        facts=_facts(job, written, restriction),
        doubts=doubts[:_MOST_DOUBTS],
        more_doubts=max(0, len(doubts) - _MOST_DOUBTS),
        downloads=_downloads(text.id),
    )


def _facts(job: Job, written: Mapping[str, Any], restriction: str) -> list[Any]:
    words = len(str(written["text"]).split())
    facts = [
        f"{words:,} words",
        clock(written["duration"]),
        written["language"],
        written["engine"],
        job.spec.get("chosen", ""),
        restriction,
    ]
    return [fact for fact in facts if fact]


def _downloads(output: str) -> list[tuple[str, str]]:
    files = [("TXT", output_url(output, download=True))]
    return files + [(part.upper(), output_url(output, part, download=True)) for part in ("srt", "vtt", "json")]
