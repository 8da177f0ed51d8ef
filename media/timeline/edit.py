"""A finished film as an edit decision list: which file is shown when, with which sound.

All times are whole frames at the edit's own rate; seconds as decimal fractions would drift in long films.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EditClip:
    """A clip of the picture track.

    Args:
        id: preserved by editing programs.
        name: display name.
        file: path relative to the timeline's own file, with "/".
        start, frames: position in the edit.
        head, tail: frames of the file before and after the used ones, so that an editor can extend the clip.
        note: text of a marker on its first frame; "" for none.
        lead: seconds from its first frame to the first word.
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
    """One voice, or the music, as a file of the length of the whole edit.

    Args:
        spans: (start, frames) of its used parts, each within one clip, in order.
    """

    name: str
    file: str
    spans: tuple[tuple[int, int], ...]
    role: str = "dialogue"


@dataclass(frozen=True)
class Edit:
    """The whole edit: `clips` follow one another without gaps.

    Args:
        project, version: written for the import of an edited timeline.
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
