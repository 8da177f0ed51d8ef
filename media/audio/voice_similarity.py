"""Whether a take sounds like its reference, by classical measures: pitch and timbre. Pure functions.

This is no speaker recognition: it detects a man in place of a woman and most other speakers of another pitch or timbre, and its
messages say what was measured. An embedding model (engines.contract.SpeakerEmbedding) is more reliable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Audio
from media.audio.resample import resample
from media.messages.message import Message

RATE = 16_000
_FRAME, _HOP = 640, 320
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 420.0
_VOICED = 0.55
_QUIET_DB = 30.0
_FEWEST_FRAMES = 25
_BANDS = 30
_COEFFICIENTS = 12
_LOWEST_BAND_HZ, _HIGHEST_BAND_HZ = 150.0, 3_800.0

MOST_PITCH_SEMITONES = 7.0
MOST_COLOUR = 8.0
"""From these distances on a voice is called unlike; measured in bench/engines/take_checks.py."""

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class VoiceFeatures:
    """A voice in numbers.

    Args:
        pitch: median of the voiced frames, in hertz.
        colour: timbre: mean cepstral coefficients 1 to 12 of the voiced frames, without the level.
        frames: number of voiced frames, 20 ms apart.
    """

    pitch: float
    colour: Vector
    frames: int


def measure_voice(audio: Audio) -> VoiceFeatures | None:
    """Measure the voice in a sound; None if less than half a second of it is voiced."""
    pitches, colours = voiced_frames(audio)
    if pitches.size < _FEWEST_FRAMES:
        return None
    return VoiceFeatures(float(np.median(pitches)), colours.mean(axis=0), int(pitches.size))


def pitch_distance(one: VoiceFeatures, other: VoiceFeatures) -> float:
    """Return the distance of two medians, in semitones."""
    return abs(12 * float(np.log2(one.pitch / other.pitch)))


def colour_distance(one: VoiceFeatures, other: VoiceFeatures) -> float:
    """Return the distance between the timbres of two voices; 0 for the same."""
    return float(np.linalg.norm(one.colour - other.colour))


def is_dissimilar(take: Audio, reference: Audio) -> Message | None:
    """Return what is wrong if a take sounds unlike its reference, None if nothing is or if there is too little sound."""
    heard, known = measure_voice(take), measure_voice(reference)
    return None if heard is None or known is None else unlike_measures(heard, known)


def unlike_measures(heard: VoiceFeatures, known: VoiceFeatures) -> Message | None:
    """Return the same for voices that are measured already."""
    if pitch_distance(heard, known) > MOST_PITCH_SEMITONES:
        return Message.of("sound.other-pitch", heard=heard.pitch, known=known.pitch)
    if colour_distance(heard, known) > MOST_COLOUR:
        return Message.of("sound.other-colour")
    return None


def voiced_frames(audio: Audio) -> tuple[Vector, NDArray[np.float64]]:
    """Return pitch in hertz, and cepstral coefficients, of every clearly voiced frame of 40 ms, one each 20 ms."""
    samples = resample(audio.mono(), RATE).samples[:, 0].astype(np.float64)
    if samples.size < _FRAME:
        return np.zeros(0), np.zeros((0, _COEFFICIENTS))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = np.square(frames).mean(axis=1)
    loud = power > max(float(power.max()) * 10 ** (-_QUIET_DB / 10), 1e-9)
    frames = frames[loud]
    if not len(frames):
        return np.zeros(0), np.zeros((0, _COEFFICIENTS))
    spectra = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), 2 * _FRAME, axis=1)) ** 2
    pitches, clear = _pitches(spectra)
    voiced = clear > _VOICED
    return pitches[voiced], _cepstra(spectra[voiced])


def _pitches(spectra: NDArray[np.float64]) -> tuple[Vector, Vector]:
    """Return the most likely pitch of each frame and its periodicity, 0 to 1, by autocorrelation divided by that of the
    window."""
    window = np.hanning(_FRAME)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * _FRAME)) ** 2)[:_FRAME]
    correlation = np.fft.irfft(spectra, axis=1)[:, :_FRAME] / np.maximum(own / own[0], 1e-3)
    shortest, longest = int(RATE / _HIGHEST_HZ), int(RATE / _LOWEST_HZ)
    near = correlation[:, shortest:longest] / np.maximum(correlation[:, :1], 1e-12)
    best = near.max(axis=1)
    first = np.argmax(
        near >= 0.9 * best[:, None], axis=1
    )  # the shortest period that fits nearly as well, so that the pitch is not an octave too low
    for index, start in enumerate(first):
        row = near[index]
        while start + 1 < row.size and row[start + 1] > row[start]:
            start += 1
        first[index] = start
    return RATE / (first + shortest), best


def _cepstra(spectra: NDArray[np.float64]) -> NDArray[np.float64]:
    energies = np.log(np.maximum(spectra @ _mel_bands().T, 1e-10))
    from scipy.fft import dct  # a quarter of a second of import that opening the page need not pay

    return np.asarray(dct(energies, type=2, axis=1, norm="ortho")[:, 1 : _COEFFICIENTS + 1])


def _mel_bands() -> NDArray[np.float64]:
    def mel(hertz: float) -> float:
        return 2595 * float(np.log10(1 + hertz / 700))

    edges = 700 * (10 ** (np.linspace(mel(_LOWEST_BAND_HZ), mel(_HIGHEST_BAND_HZ), _BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(2 * _FRAME, 1 / RATE)
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling))
