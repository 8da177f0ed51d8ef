"""Conversion of cues to Advanced SubStation Alpha, which stores position and style and is supported by editors and players."""

from __future__ import annotations

from collections.abc import Iterable

import pysubs2

from media.text.cues import Cue
from media.text.markup import without_marks

_HEIGHT_OF_LETTERS = 0.055
_MARGIN = 0.05


def to_ass(cues: Iterable[Cue], width: int, height: int) -> str:
    """Return the cues for pictures of this size: white, outlined, at the bottom, with the speaker in the name field."""
    file = pysubs2.SSAFile()
    file.info.update({"PlayResX": str(width), "PlayResY": str(height), "WrapStyle": "0", "ScaledBorderAndShadow": "yes"})
    side = min(width, height)
    file.styles["Default"] = pysubs2.SSAStyle(
        fontname="Noto Sans", fontsize=round(side * _HEIGHT_OF_LETTERS), outline=max(1.0, round(side / 360, 1)), shadow=0.0,
        marginv=round(height * _MARGIN), marginl=round(width * _MARGIN), marginr=round(width * _MARGIN),
    )  # fmt: skip
    for cue in cues:
        lines = [line.strip() for line in without_marks(cue.text).splitlines() if line.strip()]
        text = r"\N".join(_literal(line) for line in lines)
        name = " ".join(cue.speaker.replace(",", " ").split())
        start, end = round(cue.start * 1000), round(cue.end * 1000)
        file.append(pysubs2.SSAEvent(start=start, end=end, text=text, name=name))
    return file.to_string("ass")


def _literal(text: str) -> str:
    """Escape braces and backslashes, which would begin a command."""
    return text.replace("\\", "⧵").replace("{", "｛").replace("}", "｝")
