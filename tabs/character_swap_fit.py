"""The line under the form: what will be made, what it costs, and about how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from media.video import probe_video
from studio.errors import GreenroomError
from studio.input_care import estimate_cost
from studio.jobs.model import JobState
from studio.productions.character_swap import CharacterSwap, work_of
from studio.productions.character_swap_builtin import BUILTIN
from studio.studio import Studio
from studio.templates.manifest import InputKind
from tabs.character_swap_form import CharacterSwapForm
from tabs.character_swap_gallery import Choice
from tabs.fit import time_in_words
from tabs.html import about, piece

_USUAL_RATE = 20.0
"""Pictures a second of the built-in, until this machine has measured its own."""
_LOOKED_AT = 8


def fit_line(studio: Studio, form: CharacterSwapForm, values: Sequence[Any]) -> str:
    """HTML of the line, with what is wrong in place of figures where something is."""
    chosen = form.choice(values[0])
    parts = [f"<b>{escape(chosen.title)}</b>"]
    key, video = form.file(values, InputKind.VIDEO)
    try:
        if video is not None:
            parts += _builtin(studio, video, form.options(values), form.trim(values)) if chosen.template is None else _template(
                studio, chosen, key, video, form.options(values), form.trim(values)
            )  # fmt: skip
        else:
            parts += _still_missing(chosen, form.files(values))
        parts.append(_memory(chosen))
    except GreenroomError as error:
        return piece(f'<div class="counts"><span class="problem">{escape(str(error))}</span></div>')
    return piece(f'<div class="counts">{"".join(f"<span>{part}</span>" for part in parts if part)}</div>')


def _still_missing(chosen: Choice, files: Mapping[str, str]) -> list[str]:
    wanted = [place.title.lower() for place in chosen.inputs if place.kind.is_file and place.required and not files[place.key]]
    return [escape(f"still needs: {', '.join(wanted)}")] if wanted else []


def _builtin(studio: Studio, video: Any, options: Mapping[str, Any], trim: tuple[float, float]) -> list[str]:
    cost = estimate_cost(video, None, trim)
    first = float(options.get("seconds") or 0)
    frames = min(cost.frames, round(first * cost.fps)) if first else cost.frames
    seconds = frames / _measured_rate(studio)
    return [
        f"<b>{frames:,}</b> pictures of {cost.width} × {cost.height}", f"<b>{float(frames / cost.fps):.1f} s</b> long",
        f"to make: <b>about {about(seconds)}</b>", "on the CPU, as long a clip as you like",
    ]  # fmt: skip


def _template(
    studio: Studio, chosen: Choice, key: str, video: Any, options: Mapping[str, Any], trim: tuple[float, float]
) -> list[str]:
    template = chosen.template
    assert template is not None
    completed = template.complete(options)
    cost = estimate_cost(video, template.constraints(key, completed), trim)
    info = probe_video(video)
    parts = [escape(cost.sentence())]
    if cost.seconds + 0.5 < (trim[1] or info.duration) - trim[0]:
        parts.append(f"of the clip's {info.duration:.1f} s")
    production = studio.productions["character_swap"]
    assert isinstance(production, CharacterSwap)
    work = work_of(template.id, completed, cost.width, cost.height, cost.frames)
    return [*parts, f"to make: <b>{escape(time_in_words(production.book.seconds(work)))}</b>"]


def _memory(chosen: Choice) -> str:
    if chosen.template is None:
        return ""
    if not chosen.memory_gib:
        return "memory: not known, takes what is free on the ComfyUI server"
    return f"needs about <b>{chosen.memory_gib:g} GiB</b> on the ComfyUI server"


def _measured_rate(studio: Studio) -> float:
    """Pictures a second of the last built-in swaps on this machine."""
    rates = []
    for job in studio.jobs.list(states=(JobState.DONE,), kinds=("character_swap",), limit=_LOOKED_AT):
        if job.started is None or job.ended is None or job.spec.get("template") != BUILTIN:
            continue
        for made in job.outputs:
            try:
                frames = studio.library.get(made.id).recipe.get("report", {}).get("frames", 0)
            except GreenroomError:
                continue
            if frames >= 50:
                rates.append(frames / max(0.5, job.ended - job.started))
    return sum(rates) / len(rates) if rates else _USUAL_RATE
