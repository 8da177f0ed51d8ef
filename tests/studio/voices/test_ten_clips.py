"""Ten real clips and more through ingest: each ends as a voice with true findings or as a written refusal (guides/voices.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from engines.contract import EnginePaths, SpeakingVoice, SpeechRequest
from media.audio.audio import Audio, concatenate
from media.audio.decode import decode_audio
from media.audio.resample import resample
from studio.errors import GreenroomError
from studio.settings import VoiceSettings
from studio.voices.voices import Voices
from tests.engines.contract_suite import loaded
from tests.engines.hearts import Hearts

ASSETS = Path(__file__).resolve().parents[3] / "assets"


def clip(number: int) -> Audio:
    return decode_audio(ASSETS / "voices" / f"LJ001-000{number}.wav")


def wav(path: Path, audio: Audio) -> Path:
    soundfile.write(path, audio.samples, audio.rate, subtype="PCM_16")
    return path


def encoded(path: Path, audio: Audio, codec: str, rate: int) -> Path:
    sound = resample(audio, rate)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        size = stream.frame_size or 960
        for first in range(0, sound.frames, size):
            part = np.ascontiguousarray(sound.samples[first : first + size].T)
            frame = av.AudioFrame.from_ndarray(part, format="flt" if codec == "libopus" else "fltp", layout="mono")
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def stereo(audio: Audio) -> Audio:
    return Audio(np.repeat(resample(audio, 96_000).samples, 2, axis=1), 96_000)


def clipped(audio: Audio) -> Audio:
    return Audio(np.clip(audio.samples * 12, -1, 1), audio.rate)


def two_speakers(folder: Path) -> Audio:
    hearts = loaded(Hearts, EnginePaths(ASSETS, folder / "cache"))
    assert isinstance(hearts, Hearts)
    text = "My brother bought a small house near the river, and the train to the north leaves in twenty minutes."
    man = hearts.synthesize(SpeechRequest(text, SpeakingVoice(preset="giant"))).audio
    return concatenate([clip(5), resample(man, 22_050)])


def broken(path: Path) -> Path:
    path.write_bytes((ASSETS / "voices" / "LJ001-0001.wav").read_bytes()[:30] + bytes(range(256)) * 40)
    return path


Make = Callable[[Path], Path]
CLIPS: dict[str, tuple[Make, bool, set[str]]] = {
    "plain WAV": (lambda at: ASSETS / "voices" / "LJ001-0005.wav", True, set()),
    "MP3": (lambda at: encoded(at / "a.mp3", clip(1), "libmp3lame", 44_100), True, set()),
    "M4A": (lambda at: encoded(at / "a.m4a", clip(1), "aac", 44_100), True, set()),
    "Opus": (lambda at: encoded(at / "a.opus", clip(3), "libopus", 48_000), True, set()),
    "8 kHz": (lambda at: wav(at / "a.wav", resample(clip(1), 8_000)), True, {"low_rate"}),
    "96 kHz stereo": (lambda at: wav(at / "a.wav", stereo(clip(1))), True, {"channels"}),
    "clipped": (lambda at: wav(at / "a.wav", clipped(clip(1))), False, {"clipping"}),
    "silent": (lambda at: wav(at / "a.wav", Audio(np.zeros(8 * 22_050, np.float32), 22_050)), False, {"silent"}),
    "40 s": (lambda at: wav(at / "a.wav", concatenate([clip(1), clip(3), clip(5), clip(1), clip(2)])), False, {"too_long"}),
    "two speakers": (lambda at: wav(at / "a.wav", two_speakers(at)), True, {"two_speakers", "best_part"}),
    "corrupt": (lambda at: broken(at / "a.wav"), False, set()),
    "cut in a word": (lambda at: wav(at / "a.wav", clip(5).slice(1.37, 7.0)), True, {"cut_word"}),
}


@pytest.mark.parametrize("name", CLIPS)
def test_each_clip_ends_as_a_voice_with_true_findings_or_as_a_refusal(name: str, tmp_path: Path) -> None:
    make, taken, codes = CLIPS[name]
    voices = Voices(tmp_path / "voices", ASSETS / "voices", VoiceSettings())
    path = make(tmp_path)
    if not taken:
        with pytest.raises(GreenroomError) as refused:
            voices.add("Clip", path)
        assert refused.value.reason.endswith(".") and refused.value.hint
        assert str(tmp_path) not in str(refused.value)
        judgement = getattr(refused.value, "judgement", None)
        assert {finding.code for finding in judgement.findings} == codes if judgement else not codes
        assert [voice.name for voice in voices.list() if not voice.built_in] == []
        return
    voice = voices.add("Clip", path)
    assert {finding.code for finding in voice.findings} == codes
    assert decode_audio(voice.master).duration == pytest.approx(decode_audio(path).duration, abs=0.1)


def test_the_best_ten_seconds_of_a_longer_clip_are_offered_and_can_be_saved(tmp_path: Path) -> None:
    noisy = clip(1)
    hiss = np.random.default_rng(0).normal(0, 0.02, (noisy.frames, 1)).astype(np.float32)
    path = wav(tmp_path / "a.wav", concatenate([Audio(noisy.samples + hiss, noisy.rate), clip(5), clip(2)]))
    voices = Voices(tmp_path / "voices", ASSETS / "voices", VoiceSettings())
    judgement = voices.judge(path)
    assert judgement.best_window is not None
    start, end = judgement.best_window
    assert start > 9 and 4 <= end - start <= 10, "the hiss is in the first part"
    assert voices.add("Best", path, window=judgement.best_window).duration == pytest.approx(end - start, abs=0.05)


def test_music_and_hiss_are_told_apart(tmp_path: Path) -> None:
    speech = clip(1)
    times = np.arange(speech.frames) / speech.rate
    tones = np.sin(2 * np.pi * np.outer(times, (220, 277, 330, 440)))
    chord = tones.sum(axis=1, keepdims=True).astype(np.float32)
    hiss = np.random.default_rng(0).normal(0, 1, (speech.frames, 1)).astype(np.float32)
    voices = Voices(tmp_path / "voices", ASSETS / "voices", VoiceSettings())
    codes = [
        {finding.code for finding in voices.judge(wav(tmp_path / "a.wav", Audio(speech.samples + under, speech.rate))).findings}
        for under in (0.004 * chord, 0.004 * hiss, 0 * hiss)
    ]
    assert "music" in codes[0]
    assert all("music" not in found for found in codes[1:])
