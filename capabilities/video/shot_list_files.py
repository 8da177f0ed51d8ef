"""Export of a shot list as files before its clip is rendered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

from capabilities.video.recipe import as_csv
from capabilities.video.shots import lay_out_shots, shot_list
from capabilities.video.spec import ShotSpec
from studio.verification.audio_check import LETTERS_PER_SECOND

NAMES = ("shots.csv", "shots.json")


def write_shot_lists(uploads: Path, shots: Sequence[ShotSpec], fps: Fraction) -> tuple[Path | None, Path | None]:
    """Write the shots as CSV and as JSON, with times estimated from the length of their texts.

    Args:
        uploads: folder of the page's files; an existing list is not written again.

    Returns:
        The CSV and the JSON file, None twice for an empty list.
    """
    if not shots:
        return None, None
    spoken = [len(shot.say) / LETTERS_PER_SECOND if shot.say else 0.0 for shot in shots]
    listed = shot_list(lay_out_shots(shots, spoken, fps, False, None), fps)
    texts = (as_csv(listed), json.dumps(listed, ensure_ascii=False, indent=2))
    folder = uploads / "shot-lists" / sha256(texts[1].encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip(NAMES, texts, strict=True):
        if not (folder / name).is_file():
            (folder / name).write_text(text, "utf-8")
    return folder / NAMES[0], folder / NAMES[1]
