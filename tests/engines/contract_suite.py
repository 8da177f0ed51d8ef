"""What every engine promises, as checks that any engine class can be thrown into.

Each check raises AssertionError with a sentence. They instantiate the engine in this process; the same promises through
a worker are tested beside the workers.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engines.contract import (
    CALLABLE_METHODS,
    Card,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    PresetVoice,
    SpeakingVoice,
    Speech,
    SpeechRequest,
    SpeechTraits,
    TimedMark,
    Transcript,
    TranscriptionTraits,
)
from engines.contract.errors import EngineError
from media.audio.audio import Audio, silence
from media.errors import Cancelled

HEAVY_MODULES = (
    "torch", "torchaudio", "transformers", "diffusers", "tensorflow", "jax", "onnxruntime", "scipy", "av", "cv2", "PIL",
    "soundfile", "soxr", "espeakng_loader", "gradio", "huggingface_hub", "librosa", "numba",
)  # fmt: skip

PLAIN_TEXT = "This is a plain sentence."
CLIP = Path(__file__).resolve().parents[2] / "assets" / "voices" / "LJ001-0008.wav"
SAID = "has never been surpassed."
SAVED_VOICE = SpeakingVoice(reference=CLIP, transcript=SAID)
"""For engines that speak in saved voices only."""

LANGUAGE_TAG = re.compile(r"[a-z]{2,4}(-[A-Za-z0-9]{1,8})*")
SECONDS_PER_CHARACTER = (0.02, 0.4)
AWKWARD_TEXTS = (
    "Crème brûlée, naïve façade.",
    "Smile \U0001f642 and wave \U0001f44b\U0001f3fd now.",
    "Null \x00 bell \x07 escape \x1b[31m and delete \x7f.",
    "-v list --help",
    "Quotes \" ' ` $(echo hi) ; && %s {0} \\n",
    "1 < 2 & 3 > 2 <hello> &amp; </speak>",
    "a\u200bb\u202eright to left\u202c \ufeff and\u00a0spaces",
    "Broken \ud800 surrogate",
    "one\r\ntwo\n\nthree\tfour",
    "word " * 25,
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
)


class TinyRun:
    """The smallest run: keeps what it is told and cancels when asked to."""

    def __init__(self) -> None:
        self.cancelled = False
        self.fractions: list[float] = []

    def progress(self, fraction: float, note: str = "") -> None:
        self.fractions.append(fraction)
        self.check()

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled


def loaded(engine: type[Engine], site: EnginePaths, options: EngineOptions | None = None, run: TinyRun | None = None) -> Engine:
    """An instance in this process, ready for calls."""
    instance = engine(site, options or engine.Options(), run or TinyRun())
    instance.load()
    return instance


def check_import_is_cheap(engine: type[Engine]) -> None:
    """Importing the module and reading the class pulls in no heavy library."""
    (found,) = heavy_imports([engine])
    assert found == "", f"importing {engine.__module__} also imports {found}"


def heavy_imports(engines: Sequence[type[Engine]]) -> list[str]:
    """The heavy libraries that importing each module and reading the class pulls in, with commas; each in a fresh fork of a
    process that has imported nothing but the contract."""
    names = [(engine.__module__, engine.__name__) for engine in engines]
    program = (
        "import importlib, os, sys, traceback; import engines.contract\n"
        f"for module, name in {names!r}:\n"
        "    if os.fork():\n"
        "        if os.wait()[1]: sys.exit('importing ' + module + ' failed')\n"
        "        continue\n"
        "    try:\n"
        "        cls = getattr(importlib.import_module(module), name); cls.card; cls.Options.model_json_schema()\n"
        f"        print(','.join(name for name in {HEAVY_MODULES!r} if name in sys.modules), flush=True)\n"
        "    except BaseException: traceback.print_exc(); os._exit(1)\n"
        "    os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = done.stdout.splitlines()
    assert len(found) == len(names), done.stdout
    return found


def check_card(engine: type[Engine]) -> None:
    """The card is complete and sane."""
    card = engine.card
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", card.id), f"id {card.id!r} does not fit file names and addresses"
    assert card.title.strip() and _sentences(card.summary) >= 1
    assert card.version and not card.version.isspace()
    for licence in (card.code_licence, card.weights_licence):
        assert licence.name, "a licence has a name"
        assert licence.url == "" or licence.url.startswith("https://")
    assert re.fullmatch(r"[a-z0-9_-]+", card.environment)
    assert 0 < card.memory_gib < 1024
    assert card.stall_seconds > 0 and card.reload_seconds > 0
    assert card.idle_seconds is None or card.idle_seconds >= 0
    assert all(file.size_bytes > 0 and file.path and file.repo for file in card.hub_files)
    assert all(re.fullmatch(r"[a-z]{2,4}", tag) for tag in card.languages), "languages are primary tags"
    assert len(set(card.languages)) == len(card.languages)
    assert any(callable(getattr(engine, method, None)) for method in CALLABLE_METHODS[card.capability])
    if card.capability is EngineKind.TRANSCRIPTION:
        assert card.traits_of(TranscriptionTraits).longest_sound > 0 and card.languages
    if card.capability is EngineKind.SPEECH:
        traits = card.traits_of(SpeechTraits)
        assert 8_000 <= traits.sample_rate <= 192_000
        assert card.longest_text >= 100 and card.languages
        assert callable(getattr(engine, "stream", None)) == traits.streams, "the card says whether it streams"


def check_options(engine: type[Engine]) -> None:
    """The options have a default each, a schema with titles and descriptions, and refuse what they do not know."""
    options = engine.Options()
    schema = engine.Options.model_json_schema()
    json.dumps(schema)
    for name, field in schema.get("properties", {}).items():
        assert field.get("title") and field.get("description"), f"option {name} has no title or description"
        assert _sentences(field["description"]) >= 1, f"the description of {name} ends like a sentence"
        assert {"common", "reload", "unit"} <= field.keys(), f"option {name} was not made by option()"
    with pytest.raises(ValidationError, match="no_such_option"):
        engine.Options(no_such_option=1)  # type: ignore[call-arg]
    assert engine.Options.model_validate(options.model_dump(mode="json")) == options
    for name, field in schema.get("properties", {}).items():
        for bound, step in (("minimum", -1), ("maximum", 1)):
            if bound in field:
                with pytest.raises(ValidationError, match=name):
                    engine.Options.model_validate({name: field[bound] + step})


def check_readiness(engine: type[Engine], site: EnginePaths) -> None:
    """One sentence, and a next step exactly when it is not ready."""
    readiness = engine.readiness(site)
    assert _sentences(readiness.sentence) == 1, readiness.sentence
    assert readiness.ready or _sentences(readiness.next_step) >= 1 or readiness.next_step.strip()


def check_preset_voices(engine: type[Engine], site: EnginePaths) -> None:
    """Presets are unique, titled, and in a language that the card names."""
    voices = engine.preset_voices(site)
    assert voices == engine.preset_voices(site)
    assert len({voice.id for voice in voices}) == len(voices)
    assert len({voice.title for voice in voices}) == len(voices), "two voices cannot be told apart by their titles"
    for voice in voices:
        assert isinstance(voice, PresetVoice) and voice.id and voice.title
        assert LANGUAGE_TAG.fullmatch(voice.language), voice
        assert voice.language.split("-")[0] in engine.card.languages, voice
    traits = engine.card.traits_of(SpeechTraits)
    assert traits.clones or not traits.made_up, "a made-up voice is held by cloning it"
    assert set(traits.made_up) <= {voice.id for voice in voices}
    assert voices or traits.clones or engine.card.capability is not EngineKind.SPEECH


def check_speech(instance: Engine, text: str, language: str, preset: str = "") -> Speech:
    """It speaks: a sound at the card's rate, of plausible length, with marks inside it and in order."""
    speech = _speak(instance, text, language, preset)
    audio = speech.audio
    assert audio.rate == instance.card.traits_of(SpeechTraits).sample_rate
    assert audio.channels in (1, 2)
    shortest, longest = SECONDS_PER_CHARACTER
    assert shortest * len(text) <= audio.duration <= longest * len(text) + 2, f"{audio.duration:.2f} s for {len(text)} characters"
    peak = float(np.abs(audio.samples).max())
    assert 0.02 < peak <= 1.0, f"peak {peak}"
    for marks, kind in ((speech.words, "words"), (speech.phonemes, "phonemes")):
        check_marks(marks, audio.duration, kind)
    check_words_are_the_text(speech.words, text)
    return speech


def check_marks(marks: tuple[TimedMark, ...], duration: float, kind: str) -> None:
    """In order, not overlapping, inside the sound."""
    end = 0.0
    for mark in marks:
        assert mark.text.strip() == mark.text != "", f"{kind}: {mark}"
        assert end - 1e-6 <= mark.start <= mark.end <= duration + 1e-6, f"{kind}: {mark} after {end} of {duration}"
        end = mark.end


def check_words_are_the_text(words: tuple[TimedMark, ...], text: str) -> None:
    """Where a word has a place in the text, that place holds it, and places go forward."""
    reached = 0
    for word in words:
        if word.offset >= 0:
            assert text[word.offset : word.offset + word.length] == word.text, word
            assert word.offset >= reached, word
            reached = word.offset + word.length


def check_same_seed_same_sound(instance: Engine, language: str) -> None:
    """The same request gives the same samples, whatever was spoken in between."""
    first = _speak(instance, PLAIN_TEXT, language, seed=7)
    _speak(instance, "Something else entirely.", language, seed=1)
    second = _speak(instance, PLAIN_TEXT, language, seed=7)
    assert first.audio == second.audio
    assert first.words == second.words and first.phonemes == second.phonemes


def check_refusals(instance: Engine, language: str) -> None:
    """Empty and over-long text, an unknown preset, a strange language and (unless it clones) a saved voice: in words."""
    limit = instance.card.longest_text
    voice = usual_voice(instance)
    for request in (
        SpeechRequest("", voice, language),
        SpeechRequest("  \n\t ", voice, language),
        SpeechRequest("…!?", voice, language),
        SpeechRequest("a" * (limit + 1), voice, language),
        SpeechRequest(PLAIN_TEXT, replace(voice, preset="no-such-voice"), language),
        SpeechRequest(PLAIN_TEXT, voice, "xx"),
    ):
        with refused_in_words():
            _synthesize(instance)(request)
    if not instance.card.traits_of(SpeechTraits).clones:
        with refused_in_words():
            _synthesize(instance)(SpeechRequest(PLAIN_TEXT, SpeakingVoice(reference=instance.site.cache / "a.wav"), language))


def check_awkward_text(instance: Engine, text: str, language: str) -> None:
    """Strange characters give sound or a refusal in words, nothing else."""
    try:
        speech = _synthesize(instance)(SpeechRequest(text, usual_voice(instance), language))
    except EngineError as error:
        check_error(error)
    else:
        assert speech.audio.frames and speech.audio.rate == instance.card.traits_of(SpeechTraits).sample_rate
        for marks, kind in ((speech.words, "words"), (speech.phonemes, "phonemes")):
            check_marks(marks, speech.audio.duration, kind)
        check_words_are_the_text(speech.words, text)


def check_longest_text(instance: Engine, language: str) -> None:
    """Text of exactly the card's limit is spoken."""
    sentence = "The house stood on a hill and was empty. "
    text = (sentence * (instance.card.longest_text // len(sentence) + 1))[: instance.card.longest_text]
    speech = _synthesize(instance)(SpeechRequest(text, usual_voice(instance), language))
    assert speech.audio.duration > SECONDS_PER_CHARACTER[0] * len(text)
    check_marks(speech.phonemes, speech.audio.duration, "phonemes")
    check_words_are_the_text(speech.words, text)


def check_transcript(instance: Any, card: Card, audio: Audio, language: str = "en") -> Transcript:
    """What it hears has marks inside the sound and in order, and its stretches make up its text."""
    said: Transcript = instance.transcribe(audio, language)
    check_marks(said.words, audio.duration, "words")
    assert [word for one in said.segments for word in one.words] == list(said.words)
    end = 0.0
    for one in said.segments:
        assert one.text.strip() == one.text != "" and end - 1e-6 <= one.start <= one.end <= audio.duration + 1e-6, one
        assert not one.doubt or _sentences(one.doubt) == 1, one.doubt
        end = one.end
    assert "".join(said.text.split()) == "".join("".join(one.text for one in said.segments).split())
    assert bool(said.language) == bool(said.text) and (not said.language or said.language in card.languages)
    return said


def check_listening(instance: Any, card: Card, audio: Audio) -> None:
    """The same sound gives the same text whatever was heard between; silence gives none; strange languages are refused."""
    first = check_transcript(instance, card, audio)
    assert first.text, "it hears nothing at all"
    nothing = check_transcript(instance, card, silence(3.0, 48_000, channels=2), "auto")
    assert (nothing.text, nothing.words, nothing.segments) == ("", (), ())
    with refused_in_words():
        instance.transcribe(audio, "xx")
    assert instance.transcribe(audio, "en") == first


def check_cancel(instance: Engine, run: TinyRun, language: str) -> None:
    """A call that begins when the person has already asked to stop does not speak; afterwards the engine works on."""
    run.cancelled = True
    with pytest.raises(Cancelled):
        _synthesize(instance)(SpeechRequest(PLAIN_TEXT, usual_voice(instance), language))
    run.cancelled = False
    assert _speak(instance, PLAIN_TEXT, language).audio.frames


def check_error(error: EngineError) -> None:
    """A reason in one or two plain sentences without a path or a traceback."""
    assert _sentences(error.reason) >= 1, error.reason
    assert "Traceback" not in str(error) and "\n" not in str(error)
    assert not re.search(r"(?<!\w)/(home|root|tmp|usr)/", str(error)), error


@contextmanager
def refused_in_words() -> Iterator[None]:
    with pytest.raises(EngineError) as caught:
        yield
    check_error(caught.value)


def usual_voice(instance: Engine) -> SpeakingVoice:
    """The engine's default voice, or a saved one where it has none of its own."""
    return SpeakingVoice() if instance.preset_voices(instance.site) else SAVED_VOICE


def _speak(instance: Engine, text: str, language: str, preset: str = "", seed: int = 0) -> Speech:
    voice = SpeakingVoice(preset) if preset else usual_voice(instance)
    return _synthesize(instance)(SpeechRequest(text, voice, language, seed))


def _synthesize(instance: Engine) -> Callable[[SpeechRequest], Speech]:
    return instance.synthesize  # type: ignore[attr-defined,no-any-return]


def _sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?=\s|$)", text.strip()))
