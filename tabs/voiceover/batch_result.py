"""The result of a batch of lines: the archive, and the lines that failed, with the reason."""

from __future__ import annotations

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library import Library
from tabs.common.formats import many
from tabs.common.templating import render
from tabs.common.wiring import output_url

_MOST_SHOWN = 50


def batch_view(job: Job, library: Library) -> str:
    """Return the HTML of a batch; "" while it runs, or if its archive was deleted."""
    made = next((output for output in job.outputs if output.kind == "archive"), None)
    if job.state is not JobState.DONE or made is None:
        return ""
    try:
        output = library.get(made.id)
        recipe = output.recipe
    except NotFound:
        return ""
    failed = list(recipe.get("failed", ()))
    spoken = len(recipe.get("parents", ()))
    return render(
        "voiceover/batch.html",
        said=f"{spoken:,} of {many(spoken + len(failed), 'line')} spoken",
        archive=output_url(made.id, download=True),
        failed=failed[:_MOST_SHOWN],
        more=max(0, len(failed) - _MOST_SHOWN),
        restriction=output.terms.restriction,
    )
