"""What became of a batch of lines: the archive, and each line that could not be spoken, with the reason."""

from __future__ import annotations

from html import escape

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library import Library
from tabs.common.html import link, many, piece, prose
from tabs.common.wiring import output_url

_MOST_SHOWN = 50


def batch_view(job: Job, library: Library) -> str:
    """HTML; "" while the batch is at work, or when its archive was deleted."""
    made = next((output for output in job.outputs if output.kind == "archive"), None)
    if job.state is not JobState.DONE or made is None:
        return ""
    try:
        output = library.get(made.id)
        recipe = output.recipe
    except NotFound:
        return ""
    failed = list(recipe.get("failed", ()))
    lines = "".join(
        f'<li class="warning"><span><b>Line {one["line"]}</b> {prose(str(one["reason"]))}</span></li>'
        for one in failed[:_MOST_SHOWN]
    )
    more = f"<li><span>and {len(failed) - _MOST_SHOWN} more</span></li>" if len(failed) > _MOST_SHOWN else ""
    lost = f'<ul class="findings" aria-label="Lines that were not spoken">{lines}{more}</ul>' if failed else ""
    spoken = len(recipe.get("parents", ()))
    said = f"{spoken:,} of {many(spoken + len(failed), 'line')} spoken"
    restriction = f'<div class="facts"><span>{escape(output.terms.restriction)}</span></div>' if output.terms.restriction else ""
    return piece(
        '<section class="panel" aria-label="Lines">'
        f'<div class="row spread"><h3>{said}</h3>{link(output_url(made.id, download=True), "All files (ZIP)")}</div>'
        f"{restriction}{lost}</section>"
    )
