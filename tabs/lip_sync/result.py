"""The result of a face job: the video beside what it was made from, the mouth's course, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library.model import LibraryOutput
from studio.services import Services
from tabs.common.html import button, link, piece
from tabs.common.wiring import output_url


def face_result(studio: Services, job: Job) -> str:
    """HTML of a finished job's video, "" while there is none."""
    if job.state is not JobState.DONE:
        return ""
    made = next((one for one in job.outputs if one.kind == "video"), None)
    try:
        output = studio.library.get(made.id) if made else None
    except NotFound:
        output = None
    return "" if output is None else _drawn(output)


def _drawn(output: LibraryOutput) -> str:
    title = escape(output.title or output.id)
    recipe = output.recipe
    before = poster = ""
    if any(path.suffix == ".jpg" for path in output.companions):
        picture = escape(output_url(output.id, "jpg"))
        poster = f' poster="{picture}"'  # until the video is played or has come
        before = f'<figure><img src="{picture}" alt="The picture it was made from"><figcaption>before</figcaption></figure>'
    facts = "".join(f"<span>{escape(str(fact))}</span>" for fact in output.facts)
    downloads = link(output_url(output.id, download=True), "MP4")
    downloads += button("upscale", "Upscale", "larger", show=True, style="", output=output.id)
    downloads += button("to-swap", "Send to Character Swap", "swap", show=True, style="", output=output.id)
    return piece(
        f'<section class="panel faces" aria-label="Result"><h3 class="clip">{title}</h3><div class="beside">{before}'
        f'<figure><video controls playsinline preload="metadata"{poster} src="{escape(output_url(output.id))}"></video>'
        f"<figcaption>after</figcaption></figure></div>{mouth_course(recipe.get('mouth', ()))}"
        f'<div class="facts">{facts}</div><div class="downloads">{downloads}</div></section>'
    )


def mouth_course(openings: Sequence[float]) -> str:
    """A small drawing of how far the mouth opens over time."""
    values = [min(1.0, max(0.0, float(value) / 0.32)) for value in openings if isinstance(value, int | float)]
    if not values:
        return ""
    bars = "".join(
        f'<rect x="{at}" y="{13 - 12 * value:.1f}" width=".7" height="{max(0.6, 24 * value):.1f}"/>'
        for at, value in enumerate(values)
    )
    return (
        f'<svg class="mini" viewBox="0 0 {len(values)} 26" preserveAspectRatio="none" role="img" '
        f'aria-label="How far the mouth opens over time">{bars}</svg>'
    )
