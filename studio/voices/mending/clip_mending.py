"""Repairs of a recording that do not change the voice: levels over full scale, an offset, and channels that cancel each other
or are empty."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from media.audio.audio import Audio
from media.audio.mixing.one_voice import CANCELLED_DB, channel_use
from media.messages.message import Message
from studio.voices.model import ClipFinding, Severity

OFFSET = 0.05  # of full scale: clicks at every cut; less comes of voices whose waves are steeper on one side
TURNED_DOWN_TO = 0.99
_LOSS_DB = 3.0


def turned_down(audio: Audio) -> Audio:
    """Return a sound whose peaks exceed full scale, as float and lossy files may, attenuated to just below it."""
    peak = float(np.abs(audio.samples).max(initial=0.0))
    return audio if peak <= 1.0 else Audio(audio.samples * np.float32(TURNED_DOWN_TO / peak), audio.rate)


def mended(audio: Audio) -> Audio:
    """Return the sound without offset, with reversed channels corrected, and as one channel if the others are empty."""
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
    """Return which of these faults a clip has.

    Args:
        audio: as it will be saved, attenuated. peak: the peak before that.
    """
    if peak > 1.0:
        over = 20 * math.log10(peak)
        yield ClipFinding("hot", Severity.NOTE, Message.of("recording.hot", decibels=over))
    offset = float(np.abs(_offsets(audio)).max(initial=0.0))
    if offset > OFFSET:
        yield ClipFinding("offset", Severity.WARNING, Message.of("recording.offset", offset=offset))
    if audio.channels > 1:
        yield from _channels(audio)


def _channels(audio: Audio) -> Iterator[ClipFinding]:
    use = channel_use(audio)
    if use.opposed:
        lost = use.loss_db >= CANCELLED_DB
        severity = Severity.REFUSE if lost else Severity.WARNING
        yield ClipFinding("polarity", severity, Message.of("recording.opposed", lost=lost))
    if 0 < len(use.active) < audio.channels and use.loss_db >= _LOSS_DB:
        message = Message.of("recording.one-sided", held=len(use.active), channels=audio.channels, decibels=use.loss_db)
        yield ClipFinding("one_sided", Severity.WARNING, message)


def _offsets(audio: Audio) -> np.ndarray:
    return (
        audio.samples.mean(axis=0, dtype=np.float64).astype(np.float32) if audio.frames else np.zeros(audio.channels, np.float32)
    )
