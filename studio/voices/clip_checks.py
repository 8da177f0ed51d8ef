"""Checks whether a clip can become a voice, and if not, what would help."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from media.audio.audio import Audio, concatenate
from media.audio.decode import iterate_audio, probe
from media.audio.inspection import SoundFindings, inspect
from media.messages.message import Message
from studio.errors import InvalidInput, MediaError
from studio.settings import VoiceSettings
from studio.voices.best_window import WindowSearch
from studio.voices.clip_advice import best_part, best_part_finding, clip_advice
from studio.voices.mending.clip_mending import mendable_faults, mended, turned_down
from studio.voices.model import ClipFinding, ClipReport, Severity, VoiceRefused, VoiceTooLong, VoiceTooShort, Window

LONGEST_SEARCH = 600.0  # of a longer recording the first ten minutes are searched for the best window
SLACK = 0.1  # seconds by which encoders pad a clip that was cut to the limit
BLOCK_SECONDS = 5.0

# Limits below which cloning models audibly suffer, and beyond which a clone is not worth making.
CLIPPED_WARNING, CLIPPED_REFUSE = 0.0005, 0.01  # share of samples at full scale
SPEECH_WARNING, SPEECH_REFUSE = 0.5, 0.2  # share of the clip that is speech
LEAST_SPEECH_SECONDS = 1.5
NO_PAUSES = 0.95  # with a greater share of speech the noise under it cannot be measured
NOISE_WARNING, NOISE_REFUSE = 18.0, 10.0  # dB between speech and the noise in its pauses; a quiet room has 28 and more
QUIET_WARNING, QUIET_REFUSE = -40.0, -60.0  # dBFS of the speech
LOW_RATE = 16_000  # hertz; a telephone line's 8,000 loses the consonants
SILENT_PEAK = 10 ** (-70 / 20)
LOUD_ENOUGH = 0.5
LIKELY_CHARACTERS = (1.0, 35.0)  # a second, over all languages from Chinese to fast Spanish


@dataclass(frozen=True)
class ClipMeasurements:
    """A clip, decoded once: the sound that may become the master, and measurements of the whole."""

    audio: Audio
    judgement: ClipReport


def measure_clip(clip: Path, settings: VoiceSettings, window: Window | None = None, *, mend: bool = False) -> ClipMeasurements:
    """Decode `clip`, or the part of it between the two times of `window`, and check it.

    Memory is bounded whatever the length: at most a minute is held.

    Raises:
        MediaError: the file is missing, empty, corrupt, or has no sound in it.
        InvalidInput: the window is not valid.
    """
    info = probe(clip)
    if not info.has_audio:
        raise MediaError("voice.clip-silent-picture")
    if window is not None:
        return _measured(_part(clip, _checked(window)), settings, mend)
    kept: list[Audio] = []
    search = WindowSearch(settings.shortest_seconds, settings.longest_seconds)
    seconds = 0.0
    for block in iterate_audio(clip, block_seconds=BLOCK_SECONDS):
        if seconds <= settings.longest_seconds:
            kept.append(block)
        search.listen(block)
        seconds += block.duration
        if seconds >= LONGEST_SEARCH:
            break
    audio = concatenate(kept)
    if seconds <= settings.longest_seconds + SLACK:
        return _measured(audio, settings, mend)
    best = search.window(broken_off=seconds >= LONGEST_SEARCH)
    duration = max(seconds, info.duration)
    return ClipMeasurements(audio, ClipReport((_too_long(duration, settings, best),), duration, audio.rate, audio.channels, best))


def _measured(audio: Audio, settings: VoiceSettings, mend: bool) -> ClipMeasurements:
    peak = float(np.abs(audio.samples).max(initial=0.0))
    kept = mended(audio) if mend else turned_down(audio)
    return ClipMeasurements(kept, check_clip(kept, settings, peak))


def check_clip(audio: Audio, settings: VoiceSettings, peak: float = 0.0) -> ClipReport:
    """Check sound that is in memory and exceeds the longest length by at most an encoder's padding.

    Args:
        peak: of the sound before it was attenuated.
    """
    duration = audio.duration
    findings: tuple[ClipFinding, ...]
    if duration > settings.longest_seconds + SLACK:
        findings = (_too_long(duration, settings, None),)
    elif duration < settings.shortest_seconds:
        findings = (_too_short(duration, settings),)
    else:
        found = inspect(audio)
        findings = (*_sound_findings(audio, found), *mendable_faults(audio, peak))
        if not any(finding.severity is Severity.REFUSE for finding in findings):
            return _coached(audio, found, findings, settings)
    return ClipReport(findings, duration, audio.rate, audio.channels)


def _coached(audio: Audio, found: SoundFindings, findings: tuple[ClipFinding, ...], settings: VoiceSettings) -> ClipReport:
    """Add to an acceptable clip the advice that would make it better, and its best part."""
    part = best_part(audio, settings.shortest_seconds)
    advised = (*findings, *clip_advice(audio, found), *((best_part_finding(part),) if part else ()))
    return ClipReport(advised, audio.duration, audio.rate, audio.channels, part)


def judge_transcript(transcript: str, duration: float) -> tuple[ClipFinding, ...]:
    """Check whether a text can be the words of a clip of `duration` seconds; cloning models make mistakes if it is not."""
    if not transcript or duration <= 0:
        return ()
    per_second = len(transcript) / duration
    fewest, most = LIKELY_CHARACTERS
    if fewest <= per_second <= most:
        return ()
    code = "recording.transcript-long" if per_second > most else "recording.transcript-short"
    return (ClipFinding("transcript", Severity.WARNING, Message.of(code, seconds=duration)),)


def _part(clip: Path, window: Window) -> Audio:
    start, end = window
    parts: list[Audio] = []
    at = 0.0
    for block in iterate_audio(clip, block_seconds=BLOCK_SECONDS):
        if at + block.duration > start and at < end:
            parts.append(block.slice(start - at, end - at))
        at += block.duration
        if at >= end:
            break
    audio = concatenate(parts) if parts else None
    if audio is None or audio.frames == 0 or at < end - 0.5:
        raise InvalidInput("voice.window-outside-clip", start=start, end=end, length=at)
    return audio


def _checked(window: Window) -> Window:
    start, end = float(window[0]), float(window[1])
    if not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end):
        raise InvalidInput("voice.window-not-one", start=start, end=end)
    return start, end


def _too_short(duration: float, settings: VoiceSettings) -> ClipFinding:
    message = Message.of("recording.too-short", seconds=duration, least=settings.shortest_seconds)
    return ClipFinding("too_short", Severity.REFUSE, message)


def _too_long(duration: float, settings: VoiceSettings, window: Window | None) -> ClipFinding:
    start, end = window or (0.0, 0.0)
    message = Message.of(
        "recording.too-long", seconds=duration, minutes=round(duration / 60) if duration >= 120 else 0,
        most=settings.longest_seconds, found=window is not None, start=start, end=end,
    )  # fmt: skip
    return ClipFinding("too_long", Severity.REFUSE, message)


def _sound_findings(audio: Audio, found: SoundFindings) -> Iterator[ClipFinding]:
    if found.is_empty and (softly := _speech_far_below(audio, found.peak)) is not None:
        yield from _quiet(min(softly, QUIET_REFUSE - 1))
        return
    if found.peak < SILENT_PEAK or found.is_empty:
        yield ClipFinding("silent", Severity.REFUSE, Message.of("recording.silent", steady=found.peak >= SILENT_PEAK))
        return
    share = found.speech_seconds / audio.duration
    yield from _clipping(found.clipped_fraction)
    yield from _speech_share(share, found.speech_seconds)
    if share < NO_PAUSES:
        yield from _noise(found.signal_to_noise_db)
    yield from _quiet(found.speech_dbfs)
    if audio.rate < LOW_RATE:
        yield ClipFinding("low_rate", Severity.WARNING, Message.of("recording.low-rate", rate=audio.rate))
    if audio.channels > 1:
        yield ClipFinding("channels", Severity.NOTE, Message.of("recording.many-channels", channels=audio.channels))


def _speech_far_below(audio: Audio, peak: float) -> float | None:
    """Return the level of speech that is too quiet to be detected as it is; None if there is none even after amplification."""
    if not 0 < peak < LOUD_ENOUGH:
        return None
    gain = LOUD_ENOUGH / peak
    found = inspect(Audio(audio.samples * np.float32(gain), audio.rate))
    steps = np.unique(np.round(np.abs(audio.samples) / peak * 64)).size  # anything quieter is dither, not a voice
    return None if found.is_empty or steps < 16 else found.speech_dbfs - 20 * math.log10(gain)


def _clipping(fraction: float) -> Iterator[ClipFinding]:
    if fraction >= CLIPPED_REFUSE:
        yield ClipFinding("clipping", Severity.REFUSE, Message.of("recording.heavily-clipped", percent=100 * fraction))
    elif fraction >= CLIPPED_WARNING:
        yield ClipFinding("clipping", Severity.WARNING, Message.of("recording.clipped", percent=100 * fraction))


def _speech_share(share: float, seconds: float) -> Iterator[ClipFinding]:
    if share < SPEECH_REFUSE or seconds < LEAST_SPEECH_SECONDS:
        yield ClipFinding("silence", Severity.REFUSE, Message.of("recording.mostly-silent", seconds=seconds))
    elif share < SPEECH_WARNING:
        yield ClipFinding("silence", Severity.WARNING, Message.of("recording.half-silent", percent=100 * (1 - share)))


def _noise(ratio: float) -> Iterator[ClipFinding]:
    if ratio < NOISE_REFUSE:
        yield ClipFinding("noise", Severity.REFUSE, Message.of("recording.too-noisy", decibels=ratio))
    elif ratio < NOISE_WARNING:
        yield ClipFinding("noise", Severity.WARNING, Message.of("recording.noisy", decibels=ratio))


def _quiet(speech_dbfs: float) -> Iterator[ClipFinding]:
    if speech_dbfs < QUIET_REFUSE:
        yield ClipFinding("quiet", Severity.REFUSE, Message.of("recording.too-quiet", decibels=speech_dbfs))
    elif speech_dbfs < QUIET_WARNING:
        yield ClipFinding("quiet", Severity.WARNING, Message.of("recording.quiet", decibels=speech_dbfs))


def accepted(heard: ClipMeasurements) -> ClipMeasurements:
    """Return the same clip, if it can become a voice.

    Raises:
        VoiceTooShort, VoiceTooLong (with the best window), VoiceRefused: it cannot.
    """
    codes = {finding.code for finding in heard.judgement.refusals}
    if "too_long" in codes:
        raise VoiceTooLong(heard.judgement)
    if "too_short" in codes:
        raise VoiceTooShort(heard.judgement)
    if codes:
        raise VoiceRefused(heard.judgement)
    return heard
