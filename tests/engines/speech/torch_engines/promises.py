"""What each engine promises beyond the contract: options by their effect, modes, voices, batches, streams.

Functions and not tests, so that test_engines runs them while the engine's worker is warm: starting one is most of the time.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract import EnginePaths, SpeakingVoice, Speech, SpeechRequest
from engines.contract.errors import EngineError
from studio.workers.pool import WorkerPool
from tests.engines.contract_suite import PLAIN_TEXT, SAVED_VOICE, check_error
from tests.engines.speech.torch_engines.remote import Remote


class Studio:
    """Asks engines with options. `scratch` is a folder for clips."""

    def __init__(self, host: WorkerPool, site: EnginePaths, scratch: Path) -> None:
        self.host, self.site, self.scratch = host, site, scratch

    def speak(self, engine_id: str, request: SpeechRequest, **options: Any) -> Speech:
        return Remote.of(self.host, engine_id, self.site, **options).synthesize(request)

    def refusal(self, engine_id: str, request: SpeechRequest, **options: Any) -> str:
        with pytest.raises(EngineError) as caught:
            self.speak(engine_id, request, **options)
        check_error(caught.value)
        return str(caught.value)


CLONED = SpeechRequest(PLAIN_TEXT, SAVED_VOICE, seed=7)
PLAIN = SpeechRequest(PLAIN_TEXT, seed=7)


def differ(first: Speech, second: Speech) -> bool:
    return first.audio != second.audio


def f5_options_reach_the_model(studio: Studio) -> None:
    usual = studio.speak("f5-tts", CLONED, steps=4)
    assert studio.speak("f5-tts", CLONED, steps=4, speed=2.0).audio.duration == pytest.approx(usual.audio.duration / 2, rel=0.1)
    assert differ(usual, studio.speak("f5-tts", CLONED, steps=6))
    assert differ(usual, studio.speak("f5-tts", CLONED, steps=4, guidance=0.0))
    assert differ(usual, studio.speak("f5-tts", CLONED, steps=4, sway=0.5))
    assert differ(usual, studio.speak("f5-tts", replace(CLONED, seed=8), steps=4))


def f5_steps_are_what_is_counted(studio: Studio) -> None:
    told = []
    for steps in (4, 64):
        remote = Remote.of(studio.host, "f5-tts", studio.site, steps=steps)
        remote.synthesize(CLONED)
        told.append(max(fraction for fraction, _ in remote.progress))
    assert told[0] <= (4 - 1) / 4 and 0 < told[1] <= (64 - 1) / 64, "a report before each step, none after the last"


def f5_speaks_a_batch_as_it_speaks_each_alone(studio: Studio) -> None:
    other = studio.scratch / "other.wav"
    _write_copy(SAVED_VOICE.reference, other, speed=1.25)
    requests = [
        SpeechRequest("Something else entirely, and a good deal longer than the others.", SAVED_VOICE, seed=3),
        SpeechRequest("Hello there.", replace(SAVED_VOICE, reference=other), seed=9),
        CLONED,
    ]
    with Remote.of(studio.host, "f5-tts", studio.site, steps=4).lease() as engine:
        together = engine.synthesize_batch(requests)
        alone = [engine.synthesize(request) for request in requests]
    for one, many in zip(alone, together, strict=True):
        assert one.audio.frames == many.audio.frames
        assert float(np.abs(one.audio.samples - many.audio.samples).max()) < 1e-4


def f5_refuses_a_voice_without_a_transcript_a_long_clip_and_a_wrong_transcript(studio: Studio) -> None:
    assert "transcript" in studio.refusal("f5-tts", replace(CLONED, voice=replace(SAVED_VOICE, transcript=" ")))
    long = studio.scratch / "long.wav"
    _write_copy(SAVED_VOICE.reference, long, times=10)
    assert "15 seconds" in studio.refusal("f5-tts", replace(CLONED, voice=replace(SAVED_VOICE, reference=long)))
    assert "too short" in studio.refusal("f5-tts", replace(CLONED, voice=replace(SAVED_VOICE, transcript="Ha")))


def voxcpm2_keeps_its_three_modes_apart(studio: Studio) -> None:
    designed = studio.speak("voxcpm2", PLAIN, mode="design", steps=4)
    styled = studio.speak("voxcpm2", PLAIN, mode="design", steps=4, style="A calm old man")
    cloned = studio.speak("voxcpm2", CLONED, mode="clone", steps=4)
    continued = studio.speak("voxcpm2", CLONED, mode="continuation", steps=4)
    assert differ(designed, styled) and differ(designed, cloned) and differ(cloned, continued)
    assert not differ(designed, studio.speak("voxcpm2", PLAIN, steps=4)), "auto without a saved voice designs"
    assert not differ(cloned, studio.speak("voxcpm2", CLONED, steps=4)), "auto with a saved voice clones"
    assert differ(cloned, studio.speak("voxcpm2", CLONED, steps=4, style="whispering"))


def voxcpm2_holds_a_designed_voice_in_every_mode(studio: Studio) -> None:
    held = replace(CLONED, voice=replace(SAVED_VOICE, preset="design"))
    cloned = studio.speak("voxcpm2", CLONED, mode="clone", steps=4)
    for mode in ("auto", "design", "clone"):
        assert not differ(cloned, studio.speak("voxcpm2", held, mode=mode, steps=4))
    continued = studio.speak("voxcpm2", CLONED, mode="continuation", steps=4)
    assert not differ(continued, studio.speak("voxcpm2", held, mode="continuation", steps=4, style="a calm old man"))
    anchor = replace(PLAIN, voice=SpeakingVoice("design"))
    designed = studio.speak("voxcpm2", anchor, mode="design", steps=4)
    assert not differ(designed, studio.speak("voxcpm2", anchor, mode="continuation", steps=4))


def voxcpm2_says_what_a_mode_cannot_take(studio: Studio) -> None:
    assert "no saved one" in studio.refusal("voxcpm2", CLONED, mode="design")
    assert "none was chosen" in studio.refusal("voxcpm2", PLAIN, mode="clone")
    assert "takes no style" in studio.refusal("voxcpm2", CLONED, mode="continuation", style="whispering")
    silent = replace(CLONED, voice=replace(SAVED_VOICE, transcript=""))
    assert "transcript" in studio.refusal("voxcpm2", silent, mode="continuation")
    assert studio.speak("voxcpm2", silent, mode="clone", steps=4).audio.frames


def voxcpm2_streams_the_same_sound_in_parts(studio: Studio) -> None:
    whole = studio.speak("voxcpm2", PLAIN, steps=4)
    with Remote.of(studio.host, "voxcpm2", studio.site, steps=4).lease() as engine:
        parts = list(engine.stream(PLAIN))
        early = engine.stream(PLAIN)
        next(early)
        early.close()
        assert engine.synthesize(PLAIN).audio == whole.audio, "closing a stream leaves the engine well"
    assert len(parts) > 3 and all(part.rate == 48_000 for part in parts)
    assert sum(part.frames for part in parts) == whole.audio.frames


def kokoro_speed_voices_and_languages(studio: Studio) -> None:
    usual = studio.speak("kokoro-torch", PLAIN)
    assert studio.speak("kokoro-torch", PLAIN, speed=2.0).audio.duration < 0.8 * usual.audio.duration
    assert differ(usual, studio.speak("kokoro-torch", replace(PLAIN, voice=SpeakingVoice("am_adam"))))
    spanish = studio.speak("kokoro-torch", SpeechRequest("Hola mundo.", language="es"))
    assert [mark.text for mark in spanish.phonemes][:3] == ["o", "l", "a"]
    assert len(usual.phonemes) > 12 and usual.phonemes[-1].end <= usual.audio.duration


def mms_speaks_the_languages_that_are_here(studio: Studio) -> None:
    usual = studio.speak("mms-tts", PLAIN)
    assert studio.speak("mms-tts", PLAIN, speed=2.0).audio.duration < 0.8 * usual.audio.duration
    assert differ(usual, studio.speak("mms-tts", replace(PLAIN, language="de")))
    assert "not on this machine" in studio.refusal("mms-tts", replace(PLAIN, language="fr"))


def speecht5_speaks_in_another_voice(studio: Studio) -> None:
    assert differ(studio.speak("speecht5", PLAIN), studio.speak("speecht5", replace(PLAIN, voice=SpeakingVoice("bdl"))))


def dia_tags_its_speakers_and_clones(studio: Studio) -> None:
    short = SpeechRequest("Hi.", seed=7)
    first = studio.speak("dia", replace(short, voice=SpeakingVoice("S1")))
    assert not differ(first, studio.speak("dia", short))
    assert not differ(first, studio.speak("dia", replace(short, voice=SpeakingVoice("S2")))), "one turn is the first speaker's"
    assert differ(first, studio.speak("dia", replace(short, seed=8))), "made up anew with each seed"
    cloned = studio.speak("dia", replace(short, voice=SAVED_VOICE))
    assert differ(first, cloned)
    for preset in ("S1", "S2"):
        assert not differ(cloned, studio.speak("dia", replace(short, voice=replace(SAVED_VOICE, preset=preset))))
    assert "transcript" in studio.refusal("dia", replace(short, voice=replace(SAVED_VOICE, transcript="")))


def vibevoice_holds_a_made_up_voice(studio: Studio) -> None:
    cloned = studio.speak("vibevoice", CLONED, steps=2)
    assert differ(cloned, studio.speak("vibevoice", replace(PLAIN, voice=SpeakingVoice("own")), steps=2))
    assert not differ(cloned, studio.speak("vibevoice", replace(CLONED, voice=replace(SAVED_VOICE, preset="own")), steps=2))


def _write_copy(source: Path | None, target: Path, speed: float = 1.0, times: int = 1) -> None:
    """The clip again: played faster, or several times over."""
    assert source is not None
    with wave.open(str(source)) as read, wave.open(str(target), "wb") as written:
        written.setparams(read.getparams())
        written.setframerate(round(read.getframerate() * speed))
        written.writeframes(read.readframes(read.getnframes()) * times)


PROMISES: dict[str, tuple[Callable[[Studio], None], ...]] = {
    "f5-tts": (
        f5_options_reach_the_model,
        f5_steps_are_what_is_counted,
        f5_speaks_a_batch_as_it_speaks_each_alone,
        f5_refuses_a_voice_without_a_transcript_a_long_clip_and_a_wrong_transcript,
    ),
    "voxcpm2": (
        voxcpm2_keeps_its_three_modes_apart,
        voxcpm2_holds_a_designed_voice_in_every_mode,
        voxcpm2_says_what_a_mode_cannot_take,
        voxcpm2_streams_the_same_sound_in_parts,
    ),
    "kokoro-torch": (kokoro_speed_voices_and_languages,),
    "mms-tts": (mms_speaks_the_languages_that_are_here,),
    "speecht5": (speecht5_speaks_in_another_voice,),
    "vibevoice": (vibevoice_holds_a_made_up_voice,),
    "dia": (dia_tags_its_speakers_and_clones,),
}
