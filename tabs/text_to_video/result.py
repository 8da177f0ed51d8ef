"""A clip on the page: the preview while it is made, the finished video in a loop, its shots, and what comes next."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Any

from capabilities.common.preview import PREVIEW
from studio.errors import NotFound
from studio.jobs.model import Job, JobState
from studio.library.model import LibraryOutput
from studio.services import Services
from tabs.common.html import button, clock, link, piece
from tabs.common.wiring import output_url


def video_result(studio: Services, job: Job) -> str:
    """HTML of the job's clip: its preview while it runs, the result when it is there, "" while there is neither."""
    if job.state is JobState.DONE:
        made = next((one for one in job.outputs if one.kind == "video"), None)
        try:
            return _drawn(studio.library.get(made.id)) if made else ""
        except NotFound:
            return ""
    try:
        picture = (studio.paths.scratch / job.id / PREVIEW).read_bytes()
    except OSError:
        return ""
    shown = base64.b64encode(picture).decode("ascii")
    return piece(
        '<section class="panel faces" aria-label="Preview"><div class="beside"><figure>'
        f'<img src="data:image/jpeg;base64,{shown}" alt="How the shot in the works looks so far">'
        "<figcaption>in the works</figcaption></figure></div></section>"
    )


def _drawn(output: LibraryOutput) -> str:
    recipe, endings = output.recipe, {path.suffix for path in output.companions}
    track = ""
    burned = recipe.get("spec", {}).get("captions") == "burned"
    if ".vtt" in endings:
        default = "" if burned else " default"
        track = f'<track kind="subtitles" label="Subtitles" src="{escape(output_url(output.id, "vtt"))}"{default}>'
    poster = f' poster="{escape(output_url(output.id, "jpg"))}"' if ".jpg" in endings else ""
    facts = "".join(f"<span>{escape(str(fact))}</span>" for fact in output.facts)
    downloads = link(output_url(output.id, download=True), "MP4")
    downloads += "".join(
        link(output_url(output.id, part, download=True), name)
        for part, name in (("srt", "Subtitles SRT"), ("vtt", "Subtitles VTT"), ("png", "Last frame"), ("json", "Shot list"))
        if f".{part}" in endings
    )
    more = button("last-frame", "Go on from the last frame", "again", show=True, style="", output=output.id)
    if recipe.get("seed") is not None:
        more += button("same-seed", "Keep this seed", "keep", show=True, style="", output=output.id)
    more += button("upscale", "Upscale", "larger", show=True, style="", output=output.id)
    more += button("to-lip-sync", "Send to Lip-sync", "face", show=True, style="", output=output.id)
    more += button("to-swap", "Send to Character Swap", "swap", show=True, style="", output=output.id)
    return piece(
        f'<section class="panel faces" aria-label="Result"><h3 class="clip">{escape(output.title or output.id)}</h3>'
        f'<div class="beside"><figure><video controls loop playsinline preload="metadata"{poster} '
        f'src="{escape(output_url(output.id))}">{track}</video></figure></div>'
        f'<div class="facts">{facts}</div><div class="downloads">{downloads}{more}</div>'
        f"{shots_table(recipe.get('shots', ()))}</section>"
    )


def shots_table(shots: Sequence[dict[str, Any]]) -> str:
    """The shots of a clip with their times."""
    if len(shots) < 2:
        return ""
    rows = "".join(
        f'<tr><td class="num">{clock(float(shot.get("start", 0)))}</td><td class="num">{float(shot.get("seconds", 0)):.1f} s</td>'
        f"<td>{escape(str(shot.get('say') or shot.get('prompt') or ''))}</td></tr>"
        for shot in shots
    )
    return (
        f'<details class="takes"><summary>{len(shots)} shots</summary><div class="scroll"><table><tr><th>At</th><th>Lasts</th>'
        f"<th>Shot</th></tr>{rows}</table></div></details>"
    )
