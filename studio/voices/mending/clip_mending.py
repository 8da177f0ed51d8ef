"""Faults of a recording that can be mended without touching the voice: levels over full scale, an offset, and channels that
cancel each other or hold nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from media.audio.audio import Audio
from media.audio.mixing.one_voice import CANCELLED_DB, channel_use
from studio.voices.model import ClipFinding, Severity

OFFSET = 0.05  # of full scale: clicks at every cut; less comes of voices whose waves are steeper on one side
TURNED_DOWN_TO = 0.99
_LOSS_DB = 3.0
_MEND = "Mend it when saving: the studio"


def turned_down(audio: Audio) -> Audio:
    """A sound whose peaks lie beyond full scale, as float and lossy files may hold, with its highest just below."""
    peak = float(np.abs(audio.samples).max(initial=0.0))
    return audio if peak <= 1.0 else Audio(audio.samples * np.float32(TURNED_DOWN_TO / peak), audio.rate)


def mended(audio: Audio) -> Audio:
    """The sound without offset, its reversed channels turned back, and as one channel where the others hold nothing."""
    samples = audio.samples
    if float(np.abs(_offsets(audio)).max(initial=0.0)) > OFFSET:
        samples = samples - _offsets(audio)[np.newaxis, :]
    use = channel_use(audio)
    if use.opposed:
        samples = samples.copy()
        samples[:, list(use.opposed)] *= -1
    if 0 < len(use.active) < audio.channels:
        samples = samples[:, list(use.active)].mean(axis=1, keepdims=True)
    return turned_down(Audio(np.ascontiguousarray(samples, dtype=np.float32), audio.rate))


def mendable_faults(audio: Audio, peak: float) -> Iterator[ClipFinding]:
    """What of this can be found in a clip.

    Args:
        audio: as it will be saved, turned down. peak: what it was before.
    """
    if peak > 1.0:
        over = 20 * math.log10(peak)
        yield ClipFinding(
            "hot", Severity.NOTE, f"The clip's peaks lie {over:.1f} dB over full scale; it is turned down by as much."
        )
    offset = float(np.abs(_offsets(audio)).max(initial=0.0))
    if offset > OFFSET:
        sentence = f"The clip has an offset of {offset:.2f} of full scale, which clicks at every cut."
        yield ClipFinding("offset", Severity.WARNING, sentence, f"{_MEND} takes the offset out.")
    if audio.channels > 1:
        yield from _channels(audio)


def _channels(audio: Audio) -> Iterator[ClipFinding]:
    use = channel_use(audio)
    if use.opposed:
        lost = use.loss_db >= CANCELLED_DB
        what = "and cancel each other: engines would hear next to nothing" if lost else "and weaken each other"
        severity = Severity.REFUSE if lost else Severity.WARNING
        sentence = f"The channels are of opposed polarity, as with one plug reversed, {what}."
        yield ClipFinding("polarity", severity, sentence, f"{_MEND} turns one of them back.")
    if 0 < len(use.active) < audio.channels and use.loss_db >= _LOSS_DB:
        held = "one channel" if len(use.active) == 1 else f"{len(use.active)} channels"
        sentence = (
            f"The voice is in {held} of {audio.channels} only; the mean, which engines hear, is {use.loss_db:.0f} dB softer."
        )
        yield ClipFinding("one_sided", Severity.WARNING, sentence, f"{_MEND} keeps the channel that holds the voice.")


def _offsets(audio: Audio) -> np.ndarray:
    return (
        audio.samples.mean(axis=0, dtype=np.float64).astype(np.float32) if audio.frames else np.zeros(audio.channels, np.float32)
    )
