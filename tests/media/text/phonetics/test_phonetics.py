"""IPA as people type it, the letters it is written in where an engine reads letters alone, and words found in a text."""

from __future__ import annotations

import pytest

from media.text.phonetics.ipa import NASAL, between_slashes, foreign_to_ipa, sounds_of
from media.text.phonetics.nearest import NEAREST, nearest
from media.text.phonetics.respelling import respelled
from media.text.reading.pronounced import found_words


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("/nwɪn/", "nwɪn"),
        ("[ˈɡøː.tə]", "ˈɡøːtə"),
        ("/'ga:rd/", "ˈɡaːrd"),
        ("/t͡ʃaɪˈkɒfski/", "tʃaɪˈkɒfski"),
        ("/ˈçeːmɪ/", "ˈçeːmɪ"),
        ("/bɔ̃ˈʒuʁ/", f"bɔ{NASAL}ˈʒuʁ"),
        ("Win", ""),
        ("and/or", ""),
        ("//", ""),
    ],
)
def test_ipa_is_told_by_its_slashes_and_brought_into_one_form(typed: str, plain: str) -> None:
    assert between_slashes(typed) == plain


def test_what_is_no_ipa_is_named() -> None:
    assert foreign_to_ipa("nwɪn") == foreign_to_ipa("ʃɪˈvɔːn d͡ʒɔ̃ n̩") == ""
    assert foreign_to_ipa("nw1n") == "1"
    assert foreign_to_ipa("нвин") == "н"


def test_the_first_vowel_is_stressed_where_no_stress_is_written() -> None:
    (word,) = sounds_of("nwɪn", {})
    assert [sound.stress for sound in word] == ["", "", "ˈ", ""]
    (word,) = sounds_of("ʃɪˈvɔːn", {})
    assert [(sound.letter, sound.stress, sound.long) for sound in word if sound.is_vowel] == [("ɪ", "", False), ("ɔ", "ˈ", True)]
    assert [sound.letter for sound in sounds_of("tʃaɪ", {"tʃ": "", "aɪ": ""})[0]] == ["tʃ", "aɪ"]


@pytest.mark.parametrize(
    ("ipa", "language", "letters"),
    [
        ("ʃɪˈvɔːn", "en-GB", "shivawn"),
        ("nwɪn", "en", "nwin"),
        ("ˈɹɛndʒ", "en", "renj"),
        ("ʃɪˈvɔːn", "de", "schiwon"),
        ("ˈɡøːtə", "de", "göhte"),
        ("ˈviːn", "de-AT", "wien"),
        ("ʒɑ̃", "fr", "jan"),
        ("ˈɡi", "fr", "gui"),
        ("ˈɡa", "fr", "ga"),
        ("ˈxwan", "es", "juan"),
        ("ˈniɲo", "es-MX", "niño"),
        ("ˈxwan", "it", "juan"),
        ("nwɪn", "ru", ""),
        ("nwɪn", "ja", ""),
    ],
)
def test_a_word_is_respelled_in_the_letters_of_its_language(ipa: str, language: str, letters: str) -> None:
    assert respelled(ipa, language) == letters


def test_every_sound_leads_to_one_that_english_has_or_to_silence() -> None:
    silent = {letter for letter in NEAREST if not nearest(letter, "pbtdkɡmnŋfvθðszʃʒhlɹjwiɪeɛæɑɔʊuʌəɜ")}
    assert silent == {"ʔ", "ʕ", "ʢ", "ʡ"}


def test_words_of_a_list_are_found_whole_in_any_usual_form() -> None:
    said = {
        "Nguyen": "a",
        "gif": "b",
        "C++": "c",
        "O'Brien": "d",
        ".NET": "e",
        "St. Malo": "f",
        "New York": "g",
        "York": "h",
        "东京": "i",
    }
    text = "Nguyen's GIF, gifs, nguyen, NGUYEN; O’Brien, C++, .NET, St.\u00a0Malo, New York, York. 在东京都。Nguyens"
    assert [(text[start:end], word) for start, end, word in found_words(text, said)] == [
        ("Nguyen", "a"), ("GIF", "b"), ("NGUYEN", "a"), ("O’Brien", "d"), ("C++", "c"), (".NET", "e"), ("St.\u00a0Malo", "f"),
        ("New York", "g"), ("York", "h"), ("东京", "i"),
    ]  # fmt: skip
