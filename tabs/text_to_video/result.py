"""The clip of a job: its preview while it runs, the finished video in a loop, its shots, and actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library.model import LibraryOutput
from studio.services import Services
from tabs.common.formats import clock
from tabs.common.jobs.preview import preview
from tabs.common.templating import render
from tabs.common.wiring import output_url, signed_url


def video_result(studio: Services, job: Job) -> str:
    """Return the HTML of the job's preview or result; "" if there is neither."""
    if job.state is JobState.DONE:
        made = next((one for one in job.outputs if one.kind == "video"), None)
        try:
            return _drawn(studio.library.get(made.id)) if made else ""
        except NotFound:
            return ""
    return preview(studio, job, "How the shot in the works looks so far")


def _drawn(output: LibraryOutput) -> str:
    recipe, endings = output.recipe, {path.suffix for path in output.companions}
    parts = (("srt", "Subtitles SRT"), ("vtt", "Subtitles VTT"), ("png", "Last frame"), ("json", "Shot list"))
    downloads = [("MP4", output_url(output.id, download=True))]
    downloads += [(name, output_url(output.id, part, download=True)) for part, name in parts if f".{part}" in endings]
    downloads.append(("Signed copy", signed_url(output.id)))
    return render(
        "text_to_video/result.html",
        output=output.id,
        title=output.title or output.id,
        video=output_url(output.id),
        poster=output_url(output.id, "jpg") if ".jpg" in endings else "",
        captions=output_url(output.id, "vtt") if ".vtt" in endings else "",
        burned=recipe.get("spec", {}).get("captions") == "burned",
        facts=output.facts,
        downloads=downloads,
        seeded=recipe.get("seed") is not None,
        shots=[_shot(shot) for shot in recipe.get("shots", ())],
    )


def _shot(shot: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return start, length and text of a shot."""
    told = str(shot.get("say") or shot.get("prompt") or "")
    return clock(float(shot.get("start", 0))), f"{float(shot.get('seconds', 0)):.1f} s", told
