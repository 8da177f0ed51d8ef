"""Cuts a long sound at pauses, as a stream: at most one part is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from media.audio.audio import Audio, concatenate

_WINDOW_SECONDS = 0.3
"""How long the quiet must be that a cut is looked for in: a breath, not the closure of a stop consonant."""

_HOP_SECONDS = 0.02
_SEARCHED_SHARE = 0.4
"""The last part of the longest part in which the quietest place is looked for, so that parts do not become short."""


@dataclass(frozen=True)
class AudioChunk:
    """A part of a sound, and its start in the whole in seconds."""

    start: float
    audio: Audio


def cut_at_pauses(blocks: Iterable[Audio], longest_seconds: float) -> Iterator[AudioChunk]:
    """Yield parts of at most `longest_seconds`, without gaps, each cut at the quietest place in its last part.

    The places do not depend on how the sound is divided into blocks. An empty sound gives no part.

    Raises:
        MediaError: blocks of different rates or channel counts.
    """
    waiting: list[Audio] = []
    frames, given = 0, 0
    for block in blocks:
        waiting.append(block)
        frames += block.frames
        longest = round(longest_seconds * block.rate)
        while frames > longest:
            joined = concatenate(waiting)
            cut = _quietest(joined, longest)
            yield AudioChunk(given / joined.rate, Audio(joined.samples[:cut], joined.rate))
            given += cut
            waiting, frames = [Audio(joined.samples[cut:].copy(), joined.rate)], frames - cut
    if frames:
        joined = concatenate(waiting)
        yield AudioChunk(given / joined.rate, joined)


def _quietest(audio: Audio, longest: int) -> int:
    """Return the frame, at most `longest`, in the middle of the quietest stretch of the searched part."""
    first = round(longest * (1 - _SEARCHED_SHARE))
    energy = np.square(audio.samples[first:longest], dtype=np.float64).mean(axis=1)
    window = max(1, min(round(_WINDOW_SECONDS * audio.rate), energy.size // 2))
    sums = np.concatenate([[0.0], np.cumsum(energy)])
    starts = np.arange(0, energy.size - window + 1, max(1, round(_HOP_SECONDS * audio.rate)))
    levels = sums[starts + window] - sums[starts]
    # The latest of equally quiet places: parts of a silent or steady sound are as long as permitted.
    best = starts[levels.size - 1 - int(np.argmin(np.round(levels[::-1], 9)))]
    return max(1, first + int(best) + window // 2)
