"""A finished film as an edit: which file is seen when, and whose sound lies under it.

All times are whole pictures at the edit's own rate; seconds as decimal fractions would drift in long films.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EditClip:
    """A piece of picture.

    Args:
        id: stays with it in an editing program. name: for people. file: relative to the timeline's own file, with "/".
        start, frames: its place in the edit.
        head, tail: pictures that the file holds before and after those that are used, so that an editor can draw the clip out.
        note: set as a marker on its first picture; "" sets none. lead: seconds from its first picture to the first word.
    """

    id: str
    name: str
    file: str
    start: int
    frames: int
    head: int = 0
    tail: int = 0
    note: str = ""
    lead: float = 0.0


@dataclass(frozen=True)
class EditSound:
    """One voice, or the music, as a file that lasts as long as the whole edit.

    Args:
        spans: (start, frames) of the pieces of it that are used, each within one clip, in order.
    """

    name: str
    file: str
    spans: tuple[tuple[int, int], ...]
    role: str = "dialogue"


@dataclass(frozen=True)
class Edit:
    """The whole: `clips` follow one another without gaps.

    Args:
        project, version: told to whoever reads the edit back.
    """

    name: str
    rate: int
    width: int
    height: int
    clips: tuple[EditClip, ...]
    sounds: tuple[EditSound, ...] = ()
    project: str = ""
    version: int = 0

    @property
    def frames(self) -> int:
        return sum(clip.frames for clip in self.clips)
