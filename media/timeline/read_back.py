"""An imported edit: clips in order, in frames of the requested rate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadClip:
    """One clip of an edit.

    Args:
        id: from the studio; "" if the program lost it.
        name, file: identify the clip then; without folders.
        first, frames: the used part of the file.
        speed: other than 1 if the program changes the speed.
        head, whole, lead: as the studio wrote them: the file's first used frame, the number of used frames, and the seconds to
            the first word.
    """

    id: str
    name: str
    file: str
    first: int
    frames: int
    speed: float = 1.0
    head: int | None = None
    whole: int | None = None
    lead: float | None = None


@dataclass(frozen=True)
class ReadEdit:
    """An imported edit.

    Args:
        gaps: frames of gaps between the clips.
        others: items that are no clips.
        above: items on further picture tracks.
        project: its project; "" if unknown.
    """

    clips: tuple[ReadClip, ...]
    gaps: int = 0
    others: int = 0
    above: int = 0
    project: str = ""
