"""The sound of a conversation: a track for each side, raw 16-bit samples, written in pieces as they come.

A sample's place in its file is its time on the conversation's clock, so the two tracks need nothing to be held against each
other. Silence that nobody has sent takes no space on file systems that can leave it out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from capabilities.conversation.account.model import TurnSpeaker
from media.audio.audio import Audio, Samples
from media.audio.resample import StreamResampler

SAMPLE_BYTES = 2
JITTER_SECONDS = 0.25
"""Pieces that come this much early or late belong to one stretch of sound; a longer gap is silence."""
LONGEST_GAP_SECONDS = 6 * 3600.0
BLOCK_SECONDS = 10.0


def track_path(folder: Path, speaker: TurnSpeaker) -> Path:
    return folder / f"{speaker.value}.pcm"


class Track:
    """The writing side of one track, for one thread.

    Raises:
        OSError: the disk does not take it.
    """

    def __init__(self, path: Path, rate: int) -> None:
        self._rate = rate
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._written = os.fstat(self._handle).st_size

    @property
    def seconds(self) -> float:
        return self._written / SAMPLE_BYTES / self._rate

    def add(self, pcm: bytes, at: float) -> None:
        """Go on with sound that begins at `at`; joined to what there is unless a gap longer than jitter lies between.

        What begins before the end of the track by more than jitter replaces what lies there.
        """
        at = min(at, self.seconds + LONGEST_GAP_SECONDS)
        place = self._written
        if abs(at - self.seconds) > JITTER_SECONDS:
            place = max(0, round(at * self._rate)) * SAMPLE_BYTES
            self.cut(at)
        data = pcm[: len(pcm) - len(pcm) % SAMPLE_BYTES]
        while data:
            done = os.pwrite(self._handle, data, place)
            data, place = data[done:], place + done
        self._written = place

    def cut(self, at: float) -> None:
        """Nothing from `at` on was heard."""
        place = max(0, round(at * self._rate)) * SAMPLE_BYTES
        if place < self._written:
            os.ftruncate(self._handle, place)
            self._written = place

    def sync(self) -> None:
        os.fdatasync(self._handle)

    def close(self) -> None:
        os.close(self._handle)


def track_seconds(path: Path, rate: int) -> float:
    """How long a track is; 0 where there is none."""
    try:
        return path.stat().st_size // SAMPLE_BYTES / rate
    except OSError:
        return 0.0


def read_track(path: Path, rate: int, start: float = 0.0, end: float | None = None) -> Audio:
    """A stretch of a track; what lies outside of it is silence where `end` asks for it."""
    first = max(0, round(start * rate))
    wanted = None if end is None else max(0, round(end * rate) - first)
    try:
        with path.open("rb") as file:
            file.seek(first * SAMPLE_BYTES)
            data = file.read(-1 if wanted is None else wanted * SAMPLE_BYTES)
    except OSError:
        data = b""
    found = np.frombuffer(data[: len(data) - len(data) % SAMPLE_BYTES], "<i2")
    samples: Samples = np.zeros(found.size if wanted is None else wanted, np.float32)
    samples[: found.size] = found.astype(np.float32) / np.float32(32_768)
    return Audio(samples, rate)


def stereo_blocks(folder: Path, rates: tuple[int, int], seconds: float, rate: int) -> Iterator[Audio]:
    """Both tracks as one sound, the person left and the studio right, in blocks; memory does not grow with its length."""
    streams = [StreamResampler(one, rate, 1) for one in rates]
    paths = [track_path(folder, one) for one in (TurnSpeaker.PERSON, TurnSpeaker.STUDIO)]
    waiting: list[Samples] = [np.zeros((0, 1), np.float32)] * 2
    at = 0.0
    while at < seconds:
        until = min(seconds, at + BLOCK_SECONDS)
        for side in (0, 1):
            block = read_track(paths[side], rates[side], at, until)
            ready = streams[side].process(block.samples, last=until >= seconds)
            waiting[side] = np.concatenate([waiting[side], ready])
        count = min(len(one) for one in waiting)
        if count:
            yield Audio(np.concatenate([one[:count] for one in waiting], axis=1), rate)
        waiting = [one[count:] for one in waiting]
        at = until
