"""Audio features for each frame: ten states of the speech encoder, from 80 ms before it to 120 ms after.

Upstream: musetalk/utils/audio_processor.py, whose window is two frames to either side and was trained at 25 frames a second. At
other rates the window is defined by time here, not by frames: at 50 it would begin 40 ms late, and the lips would be early.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engines.faces.musetalk.networks.load import SEGMENT_SECONDS, SOUND_RATE, STATES_A_SECOND, MuseTalkNetworks
from media.audio.decode import decode_audio
from media.audio.resample import resample

_BEFORE, _TAKEN = 4, 10
"""States before the present one that count: two pictures of the 25 a second that it was trained at; and states of each."""
_KEPT = 2


class AudioFeatures:
    """The features of one clip's speech, computed on demand in chunks of 30 s.

    Args:
        samples: mono, 16 kHz.
    """

    def __init__(self, samples: np.ndarray, networks: MuseTalkNetworks) -> None:
        self._samples, self._networks = samples, networks
        self._segments: dict[int, Tensor] = {}
        self._steps = math.floor(len(samples) / SOUND_RATE * STATES_A_SECOND)

    @classmethod
    def of(cls, sound: Path, networks: MuseTalkNetworks) -> AudioFeatures:
        return cls(resample(decode_audio(sound).mono(), SOUND_RATE).samples[:, 0].copy(), networks)

    def tokens(self, pictures: Iterable[int], fps: Fraction) -> Tensor:
        """Return [n, 10 states of each layer, width]; silence before the sound's start and after its end."""
        each = STATES_A_SECOND / fps
        rows = [self._states(math.floor(number * each) - _BEFORE) for number in pictures]
        return torch.stack(rows).flatten(1, 2)

    def _states(self, start: int) -> Tensor:
        wanted = [self._state(step) for step in range(start, start + _TAKEN)]
        shape = next((one for one in wanted if one is not None), None)
        silent = torch.zeros_like(self._segment(0)[0] if shape is None else shape)
        return torch.stack([silent if one is None else one for one in wanted])

    def _state(self, step: int) -> Tensor | None:
        if not 0 <= step < self._steps:
            return None
        length = SEGMENT_SECONDS * STATES_A_SECOND
        segment = self._segment(step // length)
        return segment[step % length] if step % length < len(segment) else None

    def _segment(self, number: int) -> Tensor:
        if number not in self._segments:
            length = SEGMENT_SECONDS * SOUND_RATE
            part = self._samples[number * length : (number + 1) * length]
            least = SOUND_RATE // STATES_A_SECOND  # a sound shorter than one state still tells the shape of silence
            self._segments[number] = self._networks.heard(np.pad(part, (0, max(0, least - len(part)))))
            while len(self._segments) > _KEPT:
                del self._segments[min(one for one in self._segments if one != number)]
        return self._segments[number]
