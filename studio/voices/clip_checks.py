"""Judging a clip: is this a sound from which a voice can be learned, and if not, what would be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from media.audio.audio import Audio, concatenate
from media.audio.decode import iterate_audio, probe
from media.audio.inspection import SoundFindings, inspect
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
    """A clip, listened to once: the sound that may become the master, and what is known of the whole."""

    audio: Audio
    judgement: ClipReport


def measure_clip(clip: Path, settings: VoiceSettings, window: Window | None = None, *, mend: bool = False) -> ClipMeasurements:
    """Decode `clip`, or the part of it between the two times of `window`, and judge it.

    Memory stays bounded whatever the length: a minute at most is held.

    Raises:
        MediaError: the file is missing, empty, corrupt, or has no sound in it.
        InvalidInput: the window is not one.
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
    """Judge sound that is in memory and not over the longest length by more than an encoder's padding.

    Args:
        peak: of the sound before it was turned down.
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
    """A clip that would be taken, with what would make it better: what a coach finds, and its best part."""
    part = best_part(audio, settings.shortest_seconds)
    advised = (*findings, *clip_advice(audio, found), *((best_part_finding(part),) if part else ()))
    return ClipReport(advised, audio.duration, audio.rate, audio.channels, part)


def judge_transcript(transcript: str, duration: float) -> tuple[ClipFinding, ...]:
    """Whether a text can be what is said in a clip of `duration` seconds; cloning models stumble when it is not."""
    if not transcript or duration <= 0:
        return ()
    per_second = len(transcript) / duration
    fewest, most = LIKELY_CHARACTERS
    if fewest <= per_second <= most:
        return ()
    what = "more" if per_second > most else "less"
    sentence = f"The transcript holds {what} text than is likely said in {duration:.1f} seconds."
    return (ClipFinding("transcript", Severity.WARNING, sentence, "Compare it with what is heard, word by word."),)


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
    return ClipFinding(
        "too_short",
        Severity.REFUSE,
        f"The clip is {duration:.1f} seconds long; {settings.shortest_seconds:g} seconds are the least that catch a voice.",
        "Record or choose a longer one; 8 to 15 seconds of even speech are best.",
    )


def _too_long(duration: float, settings: VoiceSettings, window: Window | None) -> ClipFinding:
    sentence = (
        f"The clip is {_length(duration)} long; {settings.longest_seconds:g} seconds are the most that a voice is made from."
    )
    if window is None:
        advice = "No part of it holds enough clear speech; choose another recording."
    else:
        advice = f"The best part is from {window[0]:.2f} to {window[1]:.2f} seconds: save the voice with that window."
    return ClipFinding("too_long", Severity.REFUSE, sentence, advice)


def _length(seconds: float) -> str:
    return f"{seconds:.1f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _sound_findings(audio: Audio, found: SoundFindings) -> Iterator[ClipFinding]:
    if found.is_empty and (softly := _speech_far_below(audio, found.peak)) is not None:
        yield from _quiet(min(softly, QUIET_REFUSE - 1))
        return
    if found.peak < SILENT_PEAK or found.is_empty:
        what = "it is silent" if found.peak < SILENT_PEAK else "it holds only a steady sound"
        advice = "Check the microphone, or choose another file."
        yield ClipFinding("silent", Severity.REFUSE, f"No voice can be heard in the clip: {what}.", advice)
        return
    share = found.speech_seconds / audio.duration
    yield from _clipping(found.clipped_fraction)
    yield from _speech_share(share, found.speech_seconds)
    if share < NO_PAUSES:
        yield from _noise(found.signal_to_noise_db)
    yield from _quiet(found.speech_dbfs)
    if audio.rate < LOW_RATE:
        sentence = f"The clip has {audio.rate:,} samples a second, as on a telephone; its consonants are dull."
        yield ClipFinding("low_rate", Severity.WARNING, sentence, "Choose a recording of 22,050 or more.")
    if audio.channels > 1:
        yield ClipFinding("channels", Severity.NOTE, f"The clip has {audio.channels} channels; engines hear their mean.")


def _speech_far_below(audio: Audio, peak: float) -> float | None:
    """The level of speech that is too soft to be found as it is; None when there is none even when it is turned up."""
    if not 0 < peak < LOUD_ENOUGH:
        return None
    gain = LOUD_ENOUGH / peak
    found = inspect(Audio(audio.samples * np.float32(gain), audio.rate))
    steps = np.unique(np.round(np.abs(audio.samples) / peak * 64)).size  # less than that is dither, not a voice
    return None if found.is_empty or steps < 16 else found.speech_dbfs - 20 * math.log10(gain)


def _clipping(fraction: float) -> Iterator[ClipFinding]:
    advice = "Record again with less gain, or a little further from the microphone."
    if fraction >= CLIPPED_REFUSE:
        sentence = f"The clip is heavily clipped: {fraction:.1%} of it is at full scale or beyond."
        yield ClipFinding("clipping", Severity.REFUSE, sentence, advice)
    elif fraction >= CLIPPED_WARNING:
        sentence = f"The clip is clipped in places: {fraction:.2%} of it is at full scale or beyond, and a clone will crackle."
        yield ClipFinding("clipping", Severity.WARNING, sentence, advice)


def _speech_share(share: float, seconds: float) -> Iterator[ClipFinding]:
    advice = "Cut the silence away, or choose a part with more speech."
    if share < SPEECH_REFUSE or seconds < LEAST_SPEECH_SECONDS:
        sentence = f"The clip is mostly silence: only {seconds:.1f} seconds of it can be heard."
        yield ClipFinding("silence", Severity.REFUSE, sentence, advice)
    elif share < SPEECH_WARNING:
        yield ClipFinding("silence", Severity.WARNING, f"More than half of the clip is silence ({1 - share:.0%}).", advice)


def _noise(ratio: float) -> Iterator[ClipFinding]:
    advice = "Record in a quieter room, nearer to the microphone, without music."
    if ratio < NOISE_REFUSE:
        sentence = f"The clip is too noisy: the voice is only {ratio:.0f} dB above the noise."
        yield ClipFinding("noise", Severity.REFUSE, sentence, advice)
    elif ratio < NOISE_WARNING:
        sentence = f"The clip is noisy: the voice is {ratio:.0f} dB above the noise, and a clone will copy that noise."
        yield ClipFinding("noise", Severity.WARNING, sentence, advice)


def _quiet(speech_dbfs: float) -> Iterator[ClipFinding]:
    advice = "Record again with more gain or nearer to the microphone."
    if speech_dbfs < QUIET_REFUSE:
        yield ClipFinding("quiet", Severity.REFUSE, f"The clip is too quiet: speech at {speech_dbfs:.0f} dBFS.", advice)
    elif speech_dbfs < QUIET_WARNING:
        sentence = f"The clip is quiet: speech at {speech_dbfs:.0f} dBFS. Its level is kept as it is."
        yield ClipFinding("quiet", Severity.WARNING, sentence, advice)


def accepted(heard: ClipMeasurements) -> ClipMeasurements:
    """The same clip, where it can be a voice.

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
