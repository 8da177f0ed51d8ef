"""The result of a swap beside its driving clip, the preview while it runs, and the measurements."""

from __future__ import annotations

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library.model import LibraryOutput
from studio.preprocessing import Assets
from studio.services import Services
from tabs.common.jobs.preview import preview
from tabs.common.templating import render
from tabs.common.wiring import asset_url, output_url, signed_url


def swap_result(studio: Services, assets: Assets, job: Job) -> str:
    """Return the HTML of the job's preview while it runs, or of its result; "" if there is neither."""
    if job.state is not JobState.DONE:
        return "" if job.state.ended else preview(studio, job, "How it looks so far")
    made = next((one for one in job.outputs if one.kind in ("video", "image")), None)
    try:
        return _drawn(studio, assets, studio.library.get(made.id)) if made else ""
    except NotFound:
        return ""


def _drawn(studio: Services, assets: Assets, output: LibraryOutput) -> str:
    pictured = any(path.suffix == ".jpg" for path in output.companions)
    return render(
        "character_swap/result.html",
        output=output.id,
        kind=output.kind,
        title=output.title or output.id,
        url=output_url(output.id),
        download=output_url(output.id, download=True),
        signed=signed_url(output.id),
        ending=output.path.suffix[1:].upper(),
        facts=output.facts,
        warnings=output.warnings,
        driving=_driving(studio, assets, output),
        first_picture=output_url(output.id, "jpg") if pictured else "",
    )


def _driving(studio: Services, assets: Assets, output: LibraryOutput) -> str:
    """Return the address of the driving clip in the library or the kept uploads; "" if it no longer exists."""
    given = str((output.recipe.get("spec") or {}).get("driving_video", ""))
    try:
        return output_url(studio.library.get(given).id) if given else ""
    except NotFound:
        kept = assets.of(given)
        return asset_url(kept.id) if kept else ""
