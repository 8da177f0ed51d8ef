"""The recipe of a clip."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from capabilities.video.engines import ClipSettings
from capabilities.video.spec import VideoSpec
from studio.artifacts.clips import StoredShot
from studio.library import Recipe


def recipe_of(
    job: Recipe,
    spec: VideoSpec,
    form: ClipSettings,
    shots: list[dict[str, Any]],
    clips: Sequence[StoredShot],
    seconds: float,
) -> Recipe:
    """Return the recipe with the spec, the engine with its licence, and the facts of each shot's clip.

    Args:
        job: what is known before the clip is made: kind, job, inputs, parents and all licences.
    """
    card = form.engine.card
    made = [{**shot, "key": clip.key, "facts": clip.facts} for shot, clip in zip(shots, clips, strict=True)]
    facts = [card.title, f"{len(shots)} shots" if len(shots) > 1 else "1 shot", f"{form.width} × {form.height}"]
    facts += [f"{float(form.fps):g} pictures a second", f"seed {spec.seed}"]
    return replace(
        job,
        engine=card.id,
        engine_version=card.version,
        voice=spec.voice.split("/")[-1] if spec.narration else "",
        options=form.options.model_dump(mode="json"),
        seed=spec.seed,
        duration=seconds,
        facts=tuple(facts),
        spec=spec.model_dump(mode="json"),
        details={"shots": made},
    )


def as_csv(shots: Sequence[dict[str, Any]]) -> str:
    """Return a shot list as a table for spreadsheets."""
    written = io.StringIO()
    table = csv.DictWriter(written, ["shot", "start", "seconds", "frames", "prompt", "say", "camera"], extrasaction="ignore")
    table.writeheader()
    table.writerows({name: _inert(value) for name, value in shot.items()} for shot in shots)
    return written.getvalue()


def _inert(value: Any) -> Any:
    """Return text that a spreadsheet does not interpret as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
