"""Hibari: reads as people do, times that agree with a listener, speed, refusals, the same bytes for the same seed."""

from __future__ import annotations

import shutil
from pathlib import Path

import jiwer
import numpy as np
import pytest

from bench.engines.intelligibility import SENTENCES, Recogniser
from engines.contract import EnginePaths, SpeakingVoice, Speech, SpeechRequest
from engines.contract.errors import EngineError, EngineNotReady
from engines.speech.common.english_reader import EnglishReader
from engines.speech.common.english_text import plain_english
from engines.speech.hibari.engine import ALPHABET, MODEL, Hibari, HibariOptions
from tests.engines.contract_suite import loaded
from tests.engines.sound import loudness_inside_and_outside

STORY = "The weather was cold, and the road was empty. She opened the window. Nobody knew how the fire had started."


def say(engine: Hibari, text: str, seed: int = 0, **options: float) -> Speech:
    engine.configure(HibariOptions.model_validate(options))
    return engine.synthesize(SpeechRequest(text, seed=seed))


def sounds(engine: Hibari, text: str) -> str:
    return "".join(mark.text for mark in say(engine, text).phonemes)


@pytest.mark.slow
def test_it_is_understood_and_words_are_where_a_listener_hears_them(hibari: Hibari, recogniser: Recogniser) -> None:
    heard, differences, spoken = [], [], 0
    for sentence in SENTENCES[:8]:
        speech = say(hibari, f"{sentence.capitalize()}.")
        assert [word.text.lower() for word in speech.words] == sentence.split()
        found = recogniser.words(speech.audio)
        heard.append(" ".join(text for text, _, _ in found))
        spoken += len(speech.words)
        differences += [
            max(abs(start - word.start), abs(end - word.end))
            for word in speech.words
            for text, start, end in found
            if text == word.text.lower() and abs(start - word.start) < 0.5
        ]
    assert jiwer.wer(list(SENTENCES[:8]), heard) < 0.12
    assert len(differences) > 0.8 * spoken
    assert np.median(differences) < 0.03


def test_phonemes_lie_where_the_sound_is_to_the_last_sentence(hibari: Hibari) -> None:
    speech = say(hibari, STORY)
    inside, outside = loudness_inside_and_outside(speech.audio, speech.phonemes)
    assert inside > 8 * outside
    assert 0 < speech.audio.duration - speech.phonemes[-1].end < 0.3


def test_a_word_is_read_by_what_it_is_in_its_sentence(hibari: Hibari) -> None:
    assert sounds(hibari, "I will read it.").endswith("ɹidɪt")
    assert sounds(hibari, "I have read it.").endswith("ɹɛdɪt")
    assert sounds(hibari, "Zorblax.")  # in no list: read by the network for such words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("“Naïve” café — 25% & more… it’s 3 o'clock!", ["Naïve", "café", "25%", "&", "more", "it’s", "3", "o'clock"]),
        (
            "Dr. Smith paid $5.20 on Main St. in May 2024.",
            ["Dr", "Smith", "paid", "$5.20", "on", "Main", "St", "in", "May", "2024"],
        ),
        ("At 9:30am we drove 5 km.", ["At", "9:30am", "we", "drove", "5", "km"]),
        ("Größe is a straße, Œuvre 🙂 fine", ["Größe", "is", "a", "straße", "Œuvre", "fine"]),
        ("one\r\ntwo\n\nthree", ["one", "two", "three"]),
        ("word", ["word"]),
    ],
)
def test_words_are_those_of_the_text(hibari: Hibari, text: str, words: list[str]) -> None:
    speech = say(hibari, text)
    assert [word.text for word in speech.words] == words
    assert all(text[word.offset : word.offset + word.length] == word.text for word in speech.words)


def test_speed_changes_the_length(hibari: Hibari) -> None:
    half, own, double = (say(hibari, STORY, speed=speed).audio.duration for speed in (0.5, 1.0, 2.0))
    assert half == pytest.approx(2 * own, rel=0.1)
    assert double == pytest.approx(own / 2, rel=0.12)


def test_another_seed_is_another_noise_and_the_same_words(hibari: Hibari) -> None:
    one, other = say(hibari, STORY, seed=1), say(hibari, STORY, seed=2)
    assert one.words == other.words and one.audio != other.audio
    assert say(hibari, STORY, seed=-1).audio.frames


def test_what_it_cannot_read_is_refused_in_words(hibari: Hibari) -> None:
    with pytest.raises(EngineError, match='"de"'):
        hibari.synthesize(SpeechRequest("Guten Tag", language="de"))
    with pytest.raises(EngineError, match="cyrillic small letter em"):
        say(hibari, "The word is мир.")
    with pytest.raises(EngineError, match="emma"):
        hibari.synthesize(SpeechRequest("Hello.", SpeakingVoice("emma")))
    assert hibari.synthesize(SpeechRequest("Good day.", language="en-GB")).audio.frames


@pytest.mark.parametrize("given", ["naïve Œuvre ½ €5 x\u00adx ﬁn ①", "\ud800 \x00 tab\t 🙂", "“q” ‘a’ – — …", "a|b<c>[d]"])
def test_plain_text_keeps_its_origins(given: str) -> None:
    plain = plain_english(given, "Hibari")
    assert len(plain.text) == len(plain.origin)
    assert list(plain.origin) == sorted(plain.origin)


def test_the_british_reader_reads_as_the_british_do(site: EnginePaths) -> None:
    american, british = (EnglishReader(site.assets, british=british).read("The bath.", "Kokoro") for british in (False, True))
    assert american[0][-1].phonemes == "bˈæθ." and british[0][-1].phonemes == "bˈɑːθ."


def test_missing_and_damaged_files_are_said(site: EnginePaths, tmp_path: Path) -> None:
    for name in (MODEL, ALPHABET):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(site.assets / name, tmp_path / name)
    here = EnginePaths(tmp_path, tmp_path)
    (tmp_path / MODEL).write_bytes(b"\x0a\x00 no model")
    with pytest.raises(EngineError, match="damaged"):
        loaded(Hibari, here)
    (tmp_path / MODEL).unlink()
    assert not Hibari.readiness(here).ready
    with pytest.raises(EngineNotReady, match="missing"):
        loaded(Hibari, here)


def test_nothing_is_written_into_the_assets(hibari: Hibari, site: EnginePaths) -> None:
    say(hibari, "Hello there.")
    assert not list((site.assets / "hibari").rglob("__pycache__"))
