"""Advice about a clip before it becomes a voice: cut words, music, a second speaker, and the best part.

Heuristics on pitch, timbre and pauses, without a model. Each reports only in cases in which it was measured to be right
(docs/guides/voices.md); a second speaker is never more than a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from media.audio.audio import Audio
from media.audio.inspection import SoundFindings, best_window
from media.audio.voice_similarity import measure_voice, pitch_distance
from media.messages.message import Message
from studio.voices.best_window import without_steady_sound
from studio.voices.model import ClipFinding, Severity, Window

BEST_SECONDS = 10.0
"""Cloning models are trained on references of about this length."""

_EDGE_SECONDS, _EDGE_SILENCE = 0.01, 0.02
_EDGE_LOUD_DB = 15.0  # an edge within this of the speech is a word; whole clips that begin with one lie 21 dB and more below

_MUSIC_LEVEL_DB = 45.0  # what lies further below the speech than this is not heard
_MUSIC_FLATNESS = 0.02  # tones; a room's noise has 0.1 and more, white noise 0.56
_MUSIC_FRAME = 0.064
_LEAST_PAUSES = 6

_PART_SECONDS = 1.5
_TWO_PITCHES = 6.5  # semitones between two groups of parts; lively reading by one voice stays under 5.5
_FEWEST_PARTS = 2


def clip_advice(audio: Audio, found: SoundFindings) -> Iterator[ClipFinding]:
    """Return the findings about a clip other than level and noise; `found` is the inspection of the same sound."""
    yield from _cut_words(audio, found)
    yield from _music(audio, found)
    yield from _two_speakers(audio)


def best_part(audio: Audio, shortest: float) -> Window | None:
    """Return the best ten seconds or so of a longer clip, None if it is not longer, or if no part is better than another."""
    if audio.duration <= BEST_SECONDS + 0.5:
        return None
    mono = without_steady_sound(audio.mono())
    found = best_window(mono, shortest, BEST_SECONDS)
    return (round(found.start, 2), round(found.end, 2)) if found.score > 0 else None


def best_part_finding(window: Window) -> ClipFinding:
    start, end = window
    return ClipFinding("best_part", Severity.NOTE, Message.of("recording.best-part", seconds=end - start, start=start, end=end))


def _cut_words(audio: Audio, found: SoundFindings) -> Iterator[ClipFinding]:
    """Check the first and the last hundredth of a second: a word that begins after it is complete."""
    places = (
        ("starts", found.leading_silence, audio.slice(0, _EDGE_SECONDS)),
        ("ends", found.trailing_silence, audio.slice(audio.duration - _EDGE_SECONDS, audio.duration)),
    )
    tight = [(word, edge) for word, quiet, edge in places if quiet <= _EDGE_SILENCE]
    cut = [word for word, edge in tight if _level(edge.samples) > found.speech_dbfs - _EDGE_LOUD_DB]
    if cut:
        edges = "both" if len(cut) == 2 else cut[0]
        yield ClipFinding("cut_word", Severity.WARNING, Message.of("recording.cut-word", edges=edges))


def _music(audio: Audio, found: SoundFindings) -> Iterator[ClipFinding]:
    """Detect tones that continue in the pauses of the speech."""
    size = round(_MUSIC_FRAME * audio.rate)
    pauses = [audio.slice(run.start + 0.05, run.end - 0.05) for run in found.silence_runs if run.duration > 0.1 + _MUSIC_FRAME]
    last = audio.duration - found.trailing_silence
    edges = [audio.slice(0, found.leading_silence - 0.05), audio.slice(last + 0.05, audio.duration)]
    frames = [
        part.mono().samples[first : first + size, 0]
        for part in (*pauses, *edges)
        for first in range(0, part.frames - size + 1, size)
    ]
    heard = [frame for frame in frames if _level(frame) > found.speech_dbfs - _MUSIC_LEVEL_DB]
    if len(heard) < _LEAST_PAUSES:
        return
    flatness = float(np.median([_flatness(frame, audio.rate) for frame in heard]))
    if flatness < _MUSIC_FLATNESS:
        yield ClipFinding("music", Severity.WARNING, Message.of("recording.music"))


def _two_speakers(audio: Audio) -> Iterator[ClipFinding]:
    """Detect two groups of parts that differ in pitch by more than one voice does."""
    starts = np.arange(0, max(0.0, audio.duration - _PART_SECONDS / 2), _PART_SECONDS)
    measured = [measure_voice(audio.slice(start, start + _PART_SECONDS)) for start in starts]
    parts = sorted((one for one in measured if one is not None), key=lambda one: one.pitch)
    if len(parts) < 2 * _FEWEST_PARTS:
        return
    gaps = [pitch_distance(one, other) for one, other in pairwise(parts)]
    widest = int(np.argmax(gaps)) + 1
    low, high = parts[:widest], parts[widest:]
    if min(len(low), len(high)) < _FEWEST_PARTS:
        return
    middle_low, middle_high = low[len(low) // 2], high[len(high) // 2]
    if pitch_distance(middle_low, middle_high) < _TWO_PITCHES:
        return
    message = Message.of("recording.two-speakers", low=middle_low.pitch, high=middle_high.pitch)
    yield ClipFinding("two_speakers", Severity.NOTE, message)


def _level(samples: NDArray[np.float32]) -> float:
    power = float(np.square(samples, dtype=np.float64).mean()) if samples.size else 0.0
    return 10 * float(np.log10(max(power, 1e-12)))


def _flatness(frame: NDArray[np.float32], rate: int) -> float:
    """Return the geometric over the arithmetic mean of the spectrum from 80 Hz to 5 kHz: near 0 for tones, 0.56 for white
    noise."""
    spectrum = np.abs(np.fft.rfft(frame * np.hanning(frame.size))) ** 2
    hertz = np.fft.rfftfreq(frame.size, 1 / rate)
    band = spectrum[(hertz >= 80) & (hertz <= min(5_000, rate / 2 * 0.9))] + 1e-14
    return float(np.exp(np.log(band).mean()) / band.mean())
