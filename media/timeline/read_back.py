"""What an editing program gave back: clips in order, in pictures of the rate that was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadClip:
    """One clip of an edit.

    Args:
        id: that the studio gave it; "" where the program lost it. name, file: by which it is known then; without folders.
        first, frames: the part of the file that is used. speed: other than 1 where the program plays it faster or slower.
        head, whole, lead: as the studio wrote them: which picture of the file was the first one, how many were used, and the
            seconds to the first word.
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
    """An edit.

    Args:
        gaps: pictures of nothing between the clips. others: items that are no clip. above: items on further tracks of pictures.
        project: that it was written from; "" where that is not known.
    """

    clips: tuple[ReadClip, ...]
    gaps: int = 0
    others: int = 0
    above: int = 0
    project: str = ""
