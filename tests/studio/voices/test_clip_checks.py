"""Clips are judged by what is heard in them: real speech, and the same speech spoilt in one known way each."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.audio.audio import Audio, concatenate, silence
from media.audio.decode import decode_audio
from media.audio.inspection import inspect
from media.audio.resample import resample
from studio.errors import GreenroomError, InvalidInput, MediaError
from studio.settings import VoiceSettings
from studio.voices import Severity, Voices, VoiceTooLong
from studio.voices.clip_checks import check_clip, judge_transcript
from tests.media.samples import noise, sentence, sine, speech
from tests.studio.voices.clips import CLIP, SAID, SAMPLES, SHORT_CLIP, changed, clip_of, noisy, open_voices, silent_video


@pytest.fixture
def voices(tmp_path: Path) -> Voices:
    return open_voices(tmp_path)


def severities(voices: Voices, clip: Path) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in voices.judge(clip).findings}


@pytest.mark.parametrize("number", ["0001", "0003", "0005"])
def test_good_speech_has_no_findings(voices: Voices, number: str) -> None:
    judgement = voices.judge(SAMPLES / f"LJ001-{number}.wav")
    assert judgement.ok and judgement.findings == ()
    assert (judgement.rate, judgement.channels) == (22_050, 1)


def test_a_short_clip_is_refused_with_the_lengths(voices: Voices) -> None:
    judgement = voices.judge(SHORT_CLIP)
    assert not judgement.ok
    assert "1.9 seconds" in judgement.refusals[0].sentence and "3 seconds" in judgement.refusals[0].sentence


@pytest.mark.parametrize(("gain", "severity"), [(2, Severity.WARNING), (8, Severity.REFUSE)])
def test_clipping(voices: Voices, tmp_path: Path, gain: float, severity: Severity) -> None:
    assert severities(voices, changed(tmp_path, sentence().samples * gain))["clipping"] is severity


def test_a_hot_float_clip_is_turned_down_and_not_refused(voices: Voices, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hot.wav", sentence().samples * 8, 22_050, subtype="FLOAT")
    assert severities(voices, tmp_path / "hot.wav") == {"hot": Severity.NOTE}
    master = voices.add("Hot", tmp_path / "hot.wav").master
    samples = soundfile.read(master)[0]
    assert np.abs(samples).max() == pytest.approx(0.99, abs=0.001)
    assert np.corrcoef(samples, sentence().samples[:, 0])[0, 1] > 0.99999
    soundfile.write(tmp_path / "flat.wav", np.clip(sentence().samples * 40, -1, 1) * 3, 22_050, subtype="FLOAT")
    assert severities(voices, tmp_path / "flat.wav")["clipping"] is Severity.REFUSE


MENDABLE = {
    "polarity": lambda mono: np.hstack([mono, -mono]),
    "one_sided": lambda mono: np.hstack([mono, mono * 1e-4]),
    "offset": lambda mono: mono * 0.6 + 0.3,
}


@pytest.mark.parametrize(
    ("fault", "code", "severity"),
    [
        ("polarity", "polarity", Severity.REFUSE), ("one_sided", "one_sided", Severity.WARNING),
        ("offset", "offset", Severity.WARNING),
    ],
)  # fmt: skip
def test_what_can_be_mended_is_found_and_mended_on_request(
    voices: Voices, tmp_path: Path, fault: str, code: str, severity: Severity
) -> None:
    clip = tmp_path / "odd.wav"
    soundfile.write(clip, MENDABLE[fault](sentence().samples), 22_050, subtype="PCM_24")
    assert severities(voices, clip)[code] is severity
    report = voices.judge(clip, mend=True)
    assert report.ok and code not in {finding.code for finding in report.findings}
    heard = soundfile.read(voices.add("Mended", clip, mend=True).master, always_2d=True)[0].mean(axis=1)
    assert abs(heard.mean()) < 1e-3
    assert np.corrcoef(heard, sentence().samples[:, 0])[0, 1] > 0.999


def test_a_voice_in_the_centre_of_a_surround_clip_is_not_lost(voices: Voices, tmp_path: Path) -> None:
    mono = sentence().samples
    soundfile.write(tmp_path / "film.wav", np.hstack([mono * 0, mono * 0, mono, *[mono * 0] * 5]), 22_050, subtype="PCM_24")
    heard = soundfile.read(voices.add("Centre", tmp_path / "film.wav").master, always_2d=True)[0].mean(axis=1)
    assert 20 * np.log10(heard.std() / mono.std()) > -3.1


def test_a_far_too_soft_voice_is_called_soft_and_not_a_steady_sound(voices: Voices, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "soft.wav", sentence().samples * 10 ** (-52 / 20), 22_050, subtype="PCM_24")
    (found,) = voices.judge(tmp_path / "soft.wav").refusals
    assert (found.code, "dBFS" in found.sentence) == ("quiet", True)


def tight_clips() -> list[Audio]:
    """Stretches of real reading that begin and end within hundredths of a second of whole words, as published corpora are cut."""
    clips = []
    for number in ("0001", "0003", "0005", "0008", "0002"):
        whole = decode_audio(SAMPLES / f"LJ001-{number}.wav")
        found = inspect(whole)
        starts = [found.leading_silence, *(run.end for run in found.silence_runs)]
        ends = [*(run.start for run in found.silence_runs), whole.duration - found.trailing_silence]
        for start in starts:
            clips += [whole.slice(start - 0.015, end + 0.015) for end in ends if end - start >= 3.0]
    return clips


def test_whole_words_right_at_the_ends_are_not_called_cut_and_cut_ones_are(voices: Voices) -> None:
    clips = tight_clips()
    accused = [clip for clip in clips if _cut(clip)]
    assert len(clips) >= 10
    assert len(accused) * 29 <= len(clips), f"{len(accused)} of {len(clips)}"
    whole = decode_audio(SAMPLES / "LJ001-0005.wav")
    loud = [at for at in np.arange(0.5, 4.0, 0.1) if _loud(whole, at)]
    assert len(loud) > 10
    assert all(_cut(whole.slice(float(at), float(at) + 3.5)) for at in loud)


def _cut(clip: Audio) -> bool:
    return any(finding.code == "cut_word" for finding in check_clip(clip, VoiceSettings()).findings)


def _loud(audio: Audio, at: float) -> bool:
    """Whether a vowel sounds there: a word is cut for certain."""
    near = audio.slice(at, at + 0.03).samples
    return bool(np.sqrt(np.square(near).mean()) > np.sqrt(np.square(audio.samples).mean()))


def test_the_best_part_has_the_wished_length_where_one_pause_stands_alone(voices: Voices, tmp_path: Path) -> None:
    reading = concatenate([decode_audio(SAMPLES / f"LJ001-{number}.wav") for number in ("0001", "0003")])
    found = inspect(reading)
    gaps = [(run.start, run.end) for run in found.silence_runs]
    parts = [reading.slice(found.leading_silence, gaps[0][0])]
    parts += [reading.slice(end, start) for (_, end), (start, _) in pairwise([*gaps, (reading.duration, 0.0)])]
    unbroken = concatenate(parts)
    clip = clip_of(concatenate([unbroken.slice(0, 3.3), silence(0.3, 22_050), unbroken.slice(3.3, 14.0)]), tmp_path)
    window = voices.judge(clip).best_window
    assert window is not None
    assert 8.0 <= window[1] - window[0] <= 10.5


@pytest.mark.parametrize(("ratio", "severity"), [(30, None), (12, Severity.WARNING), (3, Severity.REFUSE)])
def test_noise(voices: Voices, tmp_path: Path, ratio: float, severity: Severity | None) -> None:
    assert severities(voices, changed(tmp_path, noisy(ratio))).get("noise") is severity


@pytest.mark.parametrize(("gain_db", "severity"), [(-10, None), (-28, Severity.WARNING)])
def test_quietness(voices: Voices, tmp_path: Path, gain_db: float, severity: Severity | None) -> None:
    assert severities(voices, changed(tmp_path, sentence().samples * 10 ** (gain_db / 20))).get("quiet") is severity


@pytest.mark.parametrize(("pause", "severity"), [(0, None), (12, Severity.WARNING)])
def test_silence_between_the_words(voices: Voices, tmp_path: Path, pause: float, severity: Severity | None) -> None:
    parts = [sentence(), silence(pause, 22_050)] if pause else [sentence()]
    assert severities(voices, clip_of(concatenate(parts), tmp_path)).get("silence") is severity


def test_mostly_silence_is_refused(voices: Voices, tmp_path: Path) -> None:
    clip = clip_of(concatenate([silence(10, 22_050), sentence().slice(0.8, 2.8), silence(10, 22_050)]), tmp_path)
    assert severities(voices, clip)["silence"] is Severity.REFUSE


@pytest.mark.parametrize(
    "sound", [silence(5, 22_050), noise(5, amplitude=0.1), sine(100, 5, 22_050)], ids=["none", "hiss", "hum"]
)
def test_a_clip_without_a_voice_is_refused(voices: Voices, tmp_path: Path, sound: Audio) -> None:
    clip = clip_of(sound, tmp_path)
    assert severities(voices, clip) == {"silent": Severity.REFUSE}


def test_a_telephone_and_two_channels_are_told(voices: Voices, tmp_path: Path) -> None:
    low = resample(sentence(), 8_000)
    both = Audio(np.repeat(low.samples, 2, axis=1), 8_000)
    found = severities(voices, clip_of(both, tmp_path))
    assert found["low_rate"] is Severity.WARNING and found["channels"] is Severity.NOTE


# Long recordings


def test_a_long_clip_is_refused_with_its_best_window_as_data_and_in_words(voices: Voices, tmp_path: Path) -> None:
    """Noise, then clean speech, then overdriven speech: the window has to lie in the clean part."""
    clean = concatenate([sentence(), silence(0.4, 22_050), sentence()])
    driven = Audio(np.clip(concatenate([sentence(), sentence()]).samples * 6, -1, 1), 22_050)
    clip = clip_of(concatenate([noise(12), clean, driven]), tmp_path)
    with pytest.raises(VoiceTooLong) as refused:
        voices.add("Long", clip)
    window = refused.value.window
    assert window is not None
    start, end = window
    assert 3 <= end - start <= 30
    assert start >= 11.5 and end <= 12 + clean.duration + 0.3
    assert f"{start:.2f}" in refused.value.hint and f"{end:.2f}" in refused.value.hint
    assert isinstance(refused.value, InvalidInput)
    saved = voices.add("Long", clip, window=window)
    assert saved.duration == pytest.approx(end - start, abs=0.02)
    assert not [finding for finding in saved.findings if finding.severity is not Severity.NOTE]


def test_the_window_starts_and_ends_in_pauses(voices: Voices, tmp_path: Path) -> None:
    """Also where the search goes from one of its sections to the next."""
    whole = concatenate([speech(), silence(0.5, 22_050)] * 5)
    window = voices.judge(clip_of(whole, tmp_path)).best_window
    assert window is not None
    for at in window:
        edge = whole.slice(at - 0.03, at + 0.03).samples
        assert 20 * np.log10(np.sqrt(np.square(edge).mean()) + 1e-9) < -35


def test_a_long_silence_offers_nothing(voices: Voices, tmp_path: Path) -> None:
    judgement = voices.judge(clip_of(silence(40, 22_050), tmp_path))
    assert not judgement.ok and judgement.best_window is None
    assert "another recording" in judgement.refusals[0].advice


def test_an_hour_is_searched_only_at_its_start(voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.voices.clip_checks.LONGEST_SEARCH", 40.0)
    clip = clip_of(concatenate([speech()] * 4), tmp_path)
    judgement = voices.judge(clip)
    assert judgement.duration == pytest.approx(4 * speech().duration, abs=0.1)
    assert judgement.best_window is not None and judgement.best_window[1] <= 45


def test_the_limits_are_settings_and_padding_is_forgiven(tmp_path: Path) -> None:
    thirty = clip_of(concatenate([speech(), speech()]).slice(0, 30.05), tmp_path)
    assert open_voices(tmp_path).judge(thirty).ok
    strict = open_voices(tmp_path, shortest_seconds=10, longest_seconds=20)
    assert {finding.code for finding in strict.judge(thirty).refusals} == {"too_long"}
    assert {finding.code for finding in strict.judge(CLIP).refusals} == {"too_short"}


@pytest.mark.parametrize("window", [(-1, 5), (5, 5), (5, 4), (float("nan"), 5), (0, float("inf")), (200, 210), (5, 40)])
def test_windows_that_are_none_are_refused(voices: Voices, window: tuple[float, float]) -> None:
    with pytest.raises(InvalidInput, match="window"):
        voices.judge(CLIP, window)


def test_a_window_is_judged_like_a_clip(voices: Voices) -> None:
    assert voices.judge(CLIP, (1.0, 5.5)).ok
    assert {finding.code for finding in voices.judge(CLIP, (1.0, 2.0)).refusals} == {"too_short"}


# Files that cannot be heard


def unhearable(folder: Path) -> dict[str, Path]:
    (folder / "empty.wav").write_bytes(b"")
    (folder / "noise.mp3").write_bytes(np.random.default_rng(3).bytes(20_000))
    (folder / "text.wav").write_text("This is not a sound.")
    soundfile.write(folder / "zero.wav", np.zeros(0), 22_050)
    (folder / "cut.flac").write_bytes(b"fLaC" + bytes(100))
    whole = CLIP.read_bytes()
    (folder / "head.wav").write_bytes(whole[:44])
    video = silent_video(folder / "video.mp4")
    files = {name: folder / f"{name}.wav" for name in ("empty", "text", "zero", "head", "missing")}
    return {**files, "noise": folder / "noise.mp3", "cut": folder / "cut.flac", "video": video, "folder": folder}


@pytest.mark.parametrize("what", ["empty", "text", "zero", "head", "missing", "noise", "cut", "video", "folder"])
def test_files_that_cannot_be_heard_are_refused_in_words(voices: Voices, tmp_path: Path, what: str) -> None:
    clip = unhearable(tmp_path)[what]
    with pytest.raises(MediaError) as refused:
        voices.add("Nobody", clip)
    reason = refused.value.reason
    assert reason and reason.endswith(".") and str(tmp_path) not in str(refused.value)
    assert isinstance(refused.value, GreenroomError)
    assert not any(voice.name == "Nobody" for voice in voices.list())
    assert sorted(path.name for path in (tmp_path / "voices").iterdir()) == [".exports"]


def test_video_only_is_called_so(voices: Voices, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="picture but no sound"):
        voices.judge(silent_video(tmp_path / "video.mp4"))


def test_a_transcript_that_cannot_be_is_doubted() -> None:
    assert judge_transcript(SAID, 9.6) == ()
    assert judge_transcript("", 9.6) == ()
    assert "more text" in judge_transcript(SAID * 4, 9.6)[0].sentence
    assert "less text" in judge_transcript("Hm.", 9.6)[0].sentence
