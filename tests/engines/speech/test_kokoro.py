"""Kokoro without torch: real speech in its voices, exact times, the same bytes again; skipped where its model is not here."""

from __future__ import annotations

from pathlib import Path

import jiwer
import numpy as np
import psutil
import pytest

from bench.engines.intelligibility import SENTENCES, Recogniser
from engines.contract import EnginePaths, SpeakingVoice, Speech, SpeechRequest
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.kokoro.engine import MODEL, REPO, Kokoro, KokoroOptions
from engines.speech.kokoro.voices import NAMES, style_rows
from tests.engines.contract_suite import loaded


@pytest.fixture(scope="module")
def kokoro(site: EnginePaths) -> Kokoro:
    readiness = Kokoro.readiness(site)
    if not readiness.ready:
        pytest.skip(f"{readiness.sentence} Run ./launch.sh models, or set MODEL_WEIGHTS.")
    engine = loaded(Kokoro, site)
    assert isinstance(engine, Kokoro)
    return engine


def say(engine: Kokoro, text: str, voice: str = "", language: str = "en", **options: float) -> Speech:
    engine.configure(KokoroOptions.model_validate(options))
    return engine.synthesize(SpeechRequest(text, SpeakingVoice(voice), language))


@pytest.mark.slow
def test_it_is_understood_and_words_are_where_a_listener_hears_them(kokoro: Kokoro, recogniser: Recogniser) -> None:
    heard, differences = [], []
    for sentence in SENTENCES[:4]:
        speech = say(kokoro, f"{sentence.capitalize()}.", "am_michael")
        assert [word.text.lower() for word in speech.words] == sentence.split()
        found = recogniser.words(speech.audio)
        heard.append(" ".join(text for text, _, _ in found))
        differences += [
            max(abs(start - word.start), abs(end - word.end))
            for word in speech.words
            for text, start, end in found
            if text == word.text.lower() and abs(start - word.start) < 0.5
        ]
    assert jiwer.wer(list(SENTENCES[:4]), heard) < 0.15
    assert np.median(differences) < 0.035


def test_voices_have_their_accents_and_the_language_chooses_one(kokoro: Kokoro) -> None:
    american, british = (say(kokoro, "The bath.", language=tag) for tag in ("en-US", "en-GB"))
    assert "æ" in "".join(mark.text for mark in american.phonemes)
    assert "ɑː" in "".join(mark.text for mark in british.phonemes)
    assert say(kokoro, "The bath.", "bf_emma").audio == british.audio != american.audio


def test_it_says_the_same_again_and_takes_a_speed(kokoro: Kokoro) -> None:
    own = say(kokoro, "It was late.")
    say(kokoro, "Something else.", "am_adam")
    assert say(kokoro, "It was late.").audio == own.audio
    assert say(kokoro, "It was late.", speed=2.0).audio.duration < 0.7 * own.audio.duration


def test_between_two_sentences_it_holds_no_more_than_before_the_first(kokoro: Kokoro, site: EnginePaths) -> None:
    """A long sentence is computed in hundreds of megabytes, which are free again while a take is heard back by another engine."""
    fresh = loaded(Kokoro, site)
    assert isinstance(fresh, Kokoro)
    say(fresh, "Good.")
    before = psutil.Process().memory_info().rss
    say(
        fresh, "The boats had gone out before it was light, and nobody on the quay could say when any of them would be back, " * 2
    )
    assert psutil.Process().memory_info().rss - before < 60e6


def test_its_voices_are_in_the_box(site: EnginePaths) -> None:
    assert len(NAMES) == 35 == len(Kokoro.preset_voices(site))
    rows = np.stack([style_rows(site.assets, name)[100] for name in NAMES])
    assert np.isfinite(rows).all() and len(np.unique(rows, axis=0)) == 35


def test_without_its_model_it_says_the_next_step_and_a_damaged_one_is_refused(site: EnginePaths, tmp_path: Path) -> None:
    here = EnginePaths(site.assets, tmp_path, (tmp_path,))
    readiness = Kokoro.readiness(here)
    assert not readiness.ready and "92 MB" in readiness.sentence
    with pytest.raises(EngineNotReady):
        loaded(Kokoro, here)
    (tmp_path / REPO.replace("/", "--")).mkdir()
    (tmp_path / REPO.replace("/", "--") / MODEL).write_bytes(b"\x08\x07 no model")
    with pytest.raises(EngineError, match="damaged"):
        loaded(Kokoro, here)


@pytest.mark.parametrize(
    ("language", "voice", "text"),
    [
        ("es", "ef_dora", "¿Dónde guardaste las llaves? Mañana saldremos."),
        ("fr-FR", "ff_siwis", "Les enfants jouaient, et l'homme les regardait."),
        ("it", "if_sara", "La domanda è semplice; la risposta no."),
        ("pt-BR", "pf_dora", "Amanhã de manhã vamos sair cedo."),
    ],
)
def test_other_languages_are_read_with_exact_words(kokoro: Kokoro, language: str, voice: str, text: str) -> None:
    speech = say(kokoro, text, voice, language)
    assert [word.text for word in speech.words] == text.split()
    starts = [word.start for word in speech.words]
    assert starts == sorted(starts) and 1 < speech.audio.duration < 6
    assert say(kokoro, text, "", language).audio == speech.audio, "its first voice speaks the language"


def test_a_voice_reads_its_own_language(kokoro: Kokoro, site: EnginePaths) -> None:
    with pytest.raises(EngineError, match="does not speak the language"):
        say(kokoro, "Buenos días.", "af_heart", "es")
    spanish = SpeechRequest("Dice слово aquí, señor.", SpeakingVoice("ef_dora"), "es")
    (found,) = Kokoro.unsayable(spanish, site)
    assert spanish.text[found.start : found.end] == "слово"
