"""The result of a face job: the video beside its source, the opening of the mouth over time, and the measurements."""

from __future__ import annotations

from collections.abc import Sequence

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library.model import LibraryOutput
from studio.services import Services
from tabs.common.templating import render
from tabs.common.wiring import output_url, signed_url


def face_result(studio: Services, job: Job) -> str:
    """Return the HTML of a finished job's video, or ""."""
    if job.state is not JobState.DONE:
        return ""
    made = next((one for one in job.outputs if one.kind == "video"), None)
    try:
        output = studio.library.get(made.id) if made else None
    except NotFound:
        output = None
    return "" if output is None else _drawn(output)


def _drawn(output: LibraryOutput) -> str:
    pictured = any(path.suffix == ".jpg" for path in output.companions)
    return render(
        "lip_sync/result.html",
        output=output.id,
        title=output.title or output.id,
        picture=output_url(output.id, "jpg") if pictured else "",
        video=output_url(output.id),
        download=output_url(output.id, download=True),
        signed=signed_url(output.id),
        facts=output.facts,
        warnings=output.warnings,
        mouth=mouth_course(output.recipe.get("mouth", ())),
    )


def mouth_course(openings: Sequence[float]) -> list[tuple[str, str]]:
    """Return the opening of the mouth over time as bars: position and height of each."""
    values = [min(1.0, max(0.0, float(value) / 0.32)) for value in openings if isinstance(value, int | float)]
    return [(f"{13 - 12 * value:.1f}", f"{max(0.6, 24 * value):.1f}") for value in values]
