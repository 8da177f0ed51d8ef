"""How text is read aloud: the table of hard strings, markup, places in the source, and what is never lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.reading.table import Row, is_right, rows
from media.text.reading.inline import ITEM_BREAK
from media.text.reading.markup import HIDDEN, hide_markup
from media.text.reading.reader import Reading, ReadingOptions, read

ROWS = [
    pytest.param(language, row, id=f"{language}-{row.written}")
    for language in ("en", "de", "fr", "es", "zh", "ja")
    for row in rows(language)
]


def spoken(text: str, language: str = "en", **options: object) -> str:
    return " ".join(read(hide_markup(text).text, ReadingOptions(language, **options)).text.split())  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "row"), ROWS)
def test_a_hard_string_is_read_as_a_person_would(language: str, row: Row) -> None:
    assert is_right(spoken(row.written, language), row, language), spoken(row.written, language)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("![a cat](cat.png) sits.", "a cat sits."),
        ("==hot== news", "hot news"),
        ("Title\n=====\nText.", "Title Text."),
        ("One.\n```py\nx = 1\n```\nTwo.", "One. Two."),
        ("<b>x</b> and y <!-- c -->", "x and y"),
        ("So.[^4] Yes.", "So. Yes."),
        ("He *sighs*.", "He ."),
        ("[laughs] Well.", "Well."),
        ("[He] was right.", "He was right."),
        ("a < b", "a is less than b"),
        ("Press `Enter` now.", "Press Enter now."),
        ("A. Smith came.\nB. Jones too.", "A. Smith came. B. Jones too."),
        ("an unclosed\n```\nfence stays", "an unclosed fence stays"),
        ("well-\nknown", "well-known"),
        ("It earns $2M/yr.", "It earns two million dollars per year."),
        ("My PhD is from MIT.", "My P.H.D is from M.I.T."),
        ("WWII ended at 00:00.", "World War Two ended at midnight."),
        ("a Ford F-150 with H1N1", "a Ford F-one fifty with H one N one"),
        ("from 9 a.m.–5 p.m.", "from nine A.M to five P.M."),
    ],
)
def test_markup_is_not_read_aloud(written: str, said: str) -> None:
    assert spoken(written) == said


def test_items_of_a_list_and_rows_of_a_table_are_sentences_of_their_own() -> None:
    assert read("- milk\n- eggs\n1. first\n2) second").text.split(ITEM_BREAK) == ["milk.", "eggs.", "one, first.", "two, second"]
    table = hide_markup("| name | age |\n|---|---|\n| Anna | 5 |").text
    assert read(table).text.split(ITEM_BREAK) == ["name, age.", "Anna, five"]


def test_verse_keeps_its_lines() -> None:
    lines = "Roses are red\nViolets are blue\nSugar is sweet."
    said = read(lines, ReadingOptions("en", verse=True)).text
    assert said.split(ITEM_BREAK) == ["Roses are red,", "Violets are blue,", "Sugar is sweet."]
    assert spoken(lines) == "Roses are red Violets are blue Sugar is sweet."


def test_what_is_shown_keeps_the_author_s_spelling_and_typography() -> None:
    reading = read("“So **there’s** the rub,” he said—in 1999.[3]")
    assert reading.shown.text == "“So there’s the rub,” he said—in 1999."
    assert reading.text.endswith("in nineteen ninety-nine.")


def test_every_spoken_word_knows_where_it_stands() -> None:
    source = "He paid **$5** to [Dr. Hale](https://example.com) in 1999, it’s said."
    reading = read(source)
    at = reading.text.index("nineteen")
    assert source[slice(*reading.source_span(at, at + 8))] == "1999"
    at = reading.text.index("five")
    assert source[slice(*reading.source_span(at, at + 4))] == "$5"
    at = reading.text.index("Hale")
    assert source[slice(*reading.source_span(at, at + 4))] == "Hale"
    assert reading.shown.text[slice(*reading.shown_span(at, at + 4))] == "Hale"


def covered(reading: Reading) -> bool:
    """Whether the pieces of both steps rise, touch and cover their texts from end to end."""
    for traced, source in ((reading.shown, reading.source), (reading.said, reading.shown.text)):
        at = place = 0
        for piece in traced.pieces:
            if (piece.source_start, piece.start) != (at, place):
                return False
            if piece.copied and source[piece.source_start : piece.source_end] != traced.text[piece.start : piece.end]:
                return False
            at, place = piece.source_end, piece.end
        if (at, place) != (len(source), len(traced.text)):
            return False
    return True


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "zh", "ja", "pl", "xx"])
def test_no_character_is_lost_without_being_accounted_for(language: str) -> None:
    for row in rows(language) if language in ("en", "de", "fr", "es", "zh", "ja") else rows("en"):
        assert covered(read(row.written, ReadingOptions(language)))


def test_hidden_markup_keeps_the_length_and_the_lines_of_a_script() -> None:
    script = "---\ntitle: x\n---\nOne <i>two</i>.\r\n~~~\ncode\n~~~\n<!-- a\nb -->Three"
    masked = hide_markup(script)
    assert len(masked.text) == len(script)
    assert re.findall(r"[\r\n]", masked.text) == re.findall(r"[\r\n]", script)
    assert masked.text.replace(HIDDEN, "").split() == ["One", "two.", "Three"]
    assert {one.reason for one in masked.hidden} == {"front matter", "tag", "code", "comment"}


def test_breaks_of_ssml_are_pauses_and_its_other_tags_are_left_out() -> None:
    said = hide_markup('<speak>One. <break time="2s"/> Two.</speak>').text
    assert " ".join(said.replace("\u2060", " ").split()) == "One. [pause 2s] Two."


def test_an_engine_may_keep_what_it_reads_well_itself() -> None:
    keep = frozenset({"money", "stage direction"})
    assert spoken("[laughs] It is $5 in 1999.", keep=keep) == "[laughs] It is $5 in nineteen ninety-nine."


def test_the_pronunciation_list_comes_before_every_rule() -> None:
    said = {"Nguyen": "Win", "gif": "jiff", "St. Ives": "Saint Eyevz"}
    assert spoken("Dr. Nguyen’s GIF of St. Ives, gifs.", pronunciations=said) == "Doctor Win’s jiff of Saint Eyevz, gifs."


def test_numbers_of_other_languages_are_words_where_they_can_be() -> None:
    assert spoken("Mam 21 lat.", "pl") == "Mam dwadzieścia jeden lat."
    assert spoken("Room 21", "xx") == "Room 21"


def test_british_dates_begin_with_the_day() -> None:
    assert "March" in spoken("05/03/2024", "en-GB")
    assert "May" in spoken("05/03/2024", "en-US")


def test_the_strings_are_as_many_as_the_docs_say() -> None:
    assert len(rows("en")) >= 120
    assert all(len(rows(language)) >= 40 for language in ("de", "fr", "es"))
    assert all(len(rows(language)) >= 30 for language in ("zh", "ja"))
    assert Path("bench/reading/strings/en.txt").is_file()


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("en", "So E = mc² holds.", "So E equals mc squared holds."),
        ("en", "He said so.[12][^4] Then he left.", "He said so. Then he left."),
        ("en", "See [the guide](https://a.com) now.", "See the guide now."),
        ("en", "Some 1 234 567 people and 1'234 more.",
         "Some one million two hundred and thirty-four thousand five hundred and sixty-seven people and one thousand two hundred "
         "and thirty-four more."),
        ("en", "It was Rome vs. Paris, USA vs. U.S. forces.", "It was Rome versus Paris, U.S.A versus U.S. forces."),
        ("en", "UNESCO, AI and IT.", "UNESCO, A.I and I.T."),
        ("en", "In the season 2019/20 they won.", "In the season twenty nineteen to twenty they won."),
        ("en", "Take ½ lb of it.", "Take one half pound of it."),
        ("de", "Man nehme ½ l Milch.", "Man nehme ein halb Liter Milch."),
        ("fr", "Il faut ½ l de lait.", "Il faut un demi litre de lait."),
    ],
)  # fmt: skip
def test_what_readers_of_such_texts_met(language: str, written: str, said: str) -> None:
    assert spoken(written, language) == said
