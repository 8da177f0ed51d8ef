"""The line under the form: the expected result, its memory, and the estimated time."""

from __future__ import annotations

from collections.abc import Mapping
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
from tabs.common.counts import Figure, counts_line
from tabs.common.fit import time_in_words
from tabs.common.wiring import Values


def fit_line(studio: Services, form: CharacterSwapForm, values: Values) -> str:
    """Return the HTML of the line, or of the error if the form is wrong."""
    chosen = form.choice(values[form.template])
    parts: list[Figure | str] = [Figure(chosen.title)]
    key, video = form.file(values, InputKind.VIDEO)
    try:
        if video is not None:
            parts += _estimated(studio, chosen, key, video, form.options(values), form.trim(values))
        else:
            parts += _still_missing(chosen, form.files(values))
        parts.append(_memory(chosen))
    except GreenroomError as error:
        return counts_line([], str(error))
    return counts_line([part for part in parts if part])


def _still_missing(chosen: WorkflowChoice, files: Mapping[str, str]) -> list[str]:
    wanted = [place.title.lower() for place in chosen.inputs if place.kind.is_file and place.required and not files[place.key]]
    return [f"still needs: {', '.join(wanted)}"] if wanted else []


def _estimated(
    studio: Services, chosen: WorkflowChoice, key: str, video: Any, options: Mapping[str, Any], trim: tuple[float, float]
) -> list[Figure | str]:
    stats = studio.capability(CharacterSwap).runtime_stats
    found = estimate_swap(stats, chosen.template, key, video, options, trim)
    return [*_clip(chosen, found.cost, video, trim), Figure(time_in_words(found.time), before="to make: ")]


def _clip(chosen: WorkflowChoice, cost: PreparationCost, video: Any, trim: tuple[float, float]) -> list[Figure | str]:
    if chosen.template is None:
        pictures = Figure(f"{cost.frames:,}", f" pictures of {cost.width} × {cost.height}")
        return [pictures, Figure(f"{cost.seconds:.1f} s", " long"), "on the CPU, as long a clip as you like"]
    info = probe_video(video)
    shorter = cost.seconds + 0.5 < (trim[1] or info.duration) - trim[0]
    return [cost.sentence(), *([f"of the clip's {info.duration:.1f} s"] if shorter else [])]


def _memory(chosen: WorkflowChoice) -> Figure | str:
    if chosen.template is None:
        return ""
    if not chosen.memory_gib:
        return "memory: not known, takes what is free on the ComfyUI server"
    return Figure(f"{chosen.memory_gib:g} GiB", " on the ComfyUI server", "needs about ")
