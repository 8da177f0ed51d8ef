"""How large a piece of work is, and what smaller ones would save: for engines whose memory hangs on the size."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProblemSize:
    """How large a job's largest piece of work is: `frames` pictures of `width` by `height` pixels that are made at once."""

    width: int
    height: int
    frames: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}x{self.frames}"

    @property
    def units(self) -> int:
        """Pixels in all."""
        return self.width * self.height * self.frames

    def within(self, other: ProblemSize) -> bool:
        """Whether it is no larger in picture and no longer than the other."""
        return self.width * self.height <= other.width * other.height and self.frames <= other.frames


@dataclass(frozen=True)
class Reduction:
    """Smaller work in words ("with 33 frames"), and by how much less memory it needs."""

    words: str
    gib: float
