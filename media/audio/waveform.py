"""The outline of a sound, for drawing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from media.audio.audio import Audio, Samples
from media.audio.decode import iterate_audio

_CELLS_PER_SECOND = 200


def peaks(source: Audio | Path | str, count: int) -> list[float]:
    """Return `count` peaks in 0..1, evenly spread over the sound's length, each the largest sample of any channel there.

    A path is read as a stream, so memory does not depend on the length. Values above full scale are 1.

    Raises:
        MediaError: as media.audio.decode does, for a path.
    """
    if count < 1:
        return []
    blocks = _seconds(source) if isinstance(source, Audio) else iterate_audio(source, 1.0)
    cells = np.concatenate([_cell_peaks(block) for block in blocks])
    if not cells.size:
        return [0.0] * count
    edges = np.linspace(0, cells.size, count + 1)
    first = np.minimum(np.floor(edges[:-1]).astype(int), cells.size - 1)
    last = np.maximum(np.ceil(edges[1:]).astype(int), first + 1)
    return [float(min(1.0, cells[start:end].max())) for start, end in zip(first, last, strict=True)]


def _seconds(audio: Audio) -> Iterator[Audio]:
    """Yield the same blocks as those of a file, so that both are drawn alike."""
    for first in range(0, max(1, audio.frames), audio.rate):
        yield Audio(audio.samples[first : first + audio.rate], audio.rate)


def _cell_peaks(block: Audio) -> Samples:
    """Return peaks of cells of five milliseconds (or one frame), so that the sound itself need not be kept."""
    if not block.frames:
        return np.zeros(0, np.float32)
    starts = np.arange(0, block.frames, max(1, block.rate // _CELLS_PER_SECOND))
    return np.maximum.reduceat(np.abs(block.samples).max(axis=1), starts)
