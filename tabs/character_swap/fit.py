"""The line under the form: what will be made, what it costs, and about how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from capabilities.character_swap.capability import CharacterSwap
from capabilities.character_swap.estimate import estimate_swap
from media.video.read import probe_video
from studio.errors import GreenroomError
from studio.preprocessing import PreparationCost
from studio.services import Services
from studio.workflows.manifest import InputKind
from tabs.character_swap.form import CharacterSwapForm
from tabs.character_swap.gallery import WorkflowChoice
from tabs.common.fit import time_in_words
from tabs.common.html import piece
from tabs.common.wiring import Values


def fit_line(studio: Services, form: CharacterSwapForm, values: Values) -> str:
    """HTML of the line, with what is wrong in place of figures where something is."""
    chosen = form.choice(values[form.template])
    parts = [f"<b>{escape(chosen.title)}</b>"]
    key, video = form.file(values, InputKind.VIDEO)
    try:
        if video is not None:
            parts += _foretold(studio, chosen, key, video, form.options(values), form.trim(values))
        else:
            parts += _still_missing(chosen, form.files(values))
        parts.append(_memory(chosen))
    except GreenroomError as error:
        return piece(f'<div class="counts"><span class="problem">{escape(str(error))}</span></div>')
    return piece(f'<div class="counts">{"".join(f"<span>{part}</span>" for part in parts if part)}</div>')


def _still_missing(chosen: WorkflowChoice, files: Mapping[str, str]) -> list[str]:
    wanted = [place.title.lower() for place in chosen.inputs if place.kind.is_file and place.required and not files[place.key]]
    return [escape(f"still needs: {', '.join(wanted)}")] if wanted else []


def _foretold(
    studio: Services, chosen: WorkflowChoice, key: str, video: Any, options: Mapping[str, Any], trim: tuple[float, float]
) -> list[str]:
    stats = studio.capability(CharacterSwap).runtime_stats
    found = estimate_swap(stats, chosen.template, key, video, options, trim)
    return [*_clip(chosen, found.cost, video, trim), f"to make: <b>{escape(time_in_words(found.time))}</b>"]


def _clip(chosen: WorkflowChoice, cost: PreparationCost, video: Any, trim: tuple[float, float]) -> list[str]:
    if chosen.template is None:
        return [
            f"<b>{cost.frames:,}</b> pictures of {cost.width} × {cost.height}", f"<b>{cost.seconds:.1f} s</b> long",
            "on the CPU, as long a clip as you like",
        ]  # fmt: skip
    info = probe_video(video)
    shorter = cost.seconds + 0.5 < (trim[1] or info.duration) - trim[0]
    return [escape(cost.sentence()), *([f"of the clip's {info.duration:.1f} s"] if shorter else [])]


def _memory(chosen: WorkflowChoice) -> str:
    if chosen.template is None:
        return ""
    if not chosen.memory_gib:
        return "memory: not known, takes what is free on the ComfyUI server"
    return f"needs about <b>{chosen.memory_gib:g} GiB</b> on the ComfyUI server"
