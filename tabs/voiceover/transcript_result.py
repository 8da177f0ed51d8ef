"""A finished transcript as HTML: the text to copy, what is doubtful in it, and its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library import Library
from tabs.common.html import button, clock, icon, link, piece
from tabs.common.wiring import output_url

_ROWS_OF_TEXT = (4, 16)
_CHARACTERS_A_ROW = 70
_MOST_DOUBTS = 20


def transcript_view(job: Job, library: Library) -> str:
    """HTML of what a transcription came to; "" while it is not done or its files are gone."""
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
    copy = f'<button type="button" class="act" data-copy="#transcript-text">{icon("text")}<span>Copy</span></button>'
    script = button("script", "Use as script", "edit", show=True, style="", job=job.id)
    return piece(
        '<section class="panel transcript" aria-label="Transcript">'
        f'<div class="row spread"><h3>Transcript</h3><span class="row">{copy}{script}</span></div>'
        f'<textarea id="transcript-text" readonly rows="{rows}" aria-label="What was said">{escape(said)}</textarea>'
        f'<div class="facts">{_facts(job, written, restriction)}</div>{_doubts(written)}'
        f'<div class="downloads">{_downloads(text.id)}</div></section>'
    )


def _facts(job: Job, written: Mapping[str, Any], restriction: str) -> str:
    words = len(str(written["text"]).split())
    facts = [f"{words:,} words", clock(written["duration"]), written["language"], written["engine"], job.spec.get("chosen", "")]
    facts.append(restriction)
    return "".join(f"<span>{escape(str(fact))}</span>" for fact in facts if fact)


def _doubts(written: Mapping[str, Any]) -> str:
    doubtful = [one for one in written["segments"] if one["doubt"]]
    if not doubtful:
        return ""
    lines = "".join(
        f'<li class="warning"><span><b>{clock(one["start"])}</b> {escape(one["text"][:120])} '
        f"<i>{escape(one['doubt'])}</i></span></li>"
        for one in doubtful[:_MOST_DOUBTS]
    )
    more = f"<li><span>and {len(doubtful) - _MOST_DOUBTS} more</span></li>" if len(doubtful) > _MOST_DOUBTS else ""
    return f'<ul class="findings" aria-label="Doubtful places">{lines}{more}</ul>'


def _downloads(output: str) -> str:
    files = [("TXT", output_url(output, download=True))]
    files += [(part.upper(), output_url(output, part, download=True)) for part in ("srt", "vtt", "json")]
    return "".join(link(url, label) for label, url in files)
