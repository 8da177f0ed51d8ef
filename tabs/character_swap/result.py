"""The result of a swap beside the clip that drove it; while it is made, the server's preview; and what was measured."""

from __future__ import annotations

import base64
from html import escape

from capabilities.common.preview import PREVIEW
from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library.model import LibraryOutput
from studio.preprocessing import Assets
from studio.services import Services
from tabs.common.html import button, link, piece
from tabs.common.wiring import asset_url, output_url


def swap_result(studio: Services, assets: Assets, job: Job) -> str:
    """HTML of the job's preview while it runs, of its result when it is done, "" while there is neither."""
    if job.state is not JobState.DONE:
        return _preview(studio, job)
    made = next((one for one in job.outputs if one.kind in ("video", "image")), None)
    try:
        return _drawn(studio, assets, studio.library.get(made.id)) if made else ""
    except NotFound:
        return ""


def _preview(studio: Services, job: Job) -> str:
    if job.state.ended:
        return ""
    try:
        picture = (studio.paths.scratch / job.id / PREVIEW).read_bytes()
    except OSError:
        return ""
    shown = base64.b64encode(picture).decode("ascii")
    return piece(
        '<section class="panel faces" aria-label="Preview"><div class="beside"><figure>'
        f'<img src="data:image/jpeg;base64,{shown}" alt="How it looks so far"><figcaption>in the works</figcaption>'
        "</figure></div></section>"
    )


def _drawn(studio: Services, assets: Assets, output: LibraryOutput) -> str:
    facts = "".join(f"<span>{escape(str(fact))}</span>" for fact in output.facts)
    more = link(output_url(output.id, download=True), output.path.suffix[1:].upper())
    if output.kind == "video":
        more += button("upscale", "Upscale", "larger", show=True, style="", output=output.id)
        more += button("to-lip-sync", "Send to Lip-sync", "face", show=True, style="", output=output.id)
    return piece(
        f'<section class="panel faces" aria-label="Result"><h3 class="clip">{escape(output.title or output.id)}</h3>'
        f'<div class="beside">{_driving(studio, assets, output)}<figure>{_shown(output)}<figcaption>result</figcaption></figure>'
        f'</div><div class="facts">{facts}</div><div class="downloads">{more}</div></section>'
    )


def _shown(output: LibraryOutput) -> str:
    address = escape(output_url(output.id))
    if output.kind == "image":
        return f'<img src="{address}" alt="The result">'
    return f'<video controls loop playsinline preload="metadata" src="{address}"></video>'


def _driving(studio: Services, assets: Assets, output: LibraryOutput) -> str:
    """The clip as it was: from the library or the kept uploads, else its first picture."""
    given = str((output.recipe.get("spec") or {}).get("driving_video", ""))
    address = ""
    try:
        address = output_url(studio.library.get(given).id) if given else ""
    except NotFound:
        kept = assets.of(given)
        address = asset_url(kept.id) if kept else ""
    if address:
        shown = f'<video controls loop muted playsinline preload="metadata" src="{escape(address)}"></video>'
    elif any(path.suffix == ".jpg" for path in output.companions):
        shown = f'<img src="{escape(output_url(output.id, "jpg"))}" alt="The driving clip\'s first picture">'
    else:
        return ""
    return f"<figure>{shown}<figcaption>driving clip</figcaption></figure>"
