"""Who says what between quotation marks, on a conversation of a novel whose speakers a person has written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from capabilities.audiobook.attribution.names import cast_of
from capabilities.audiobook.attribution.quotes import marks_of, pieces_of
from capabilities.audiobook.attribution.rule import SURE, attributed
from capabilities.audiobook.importing import book_of
from tests.repository.parsers.growth import growth

TEA = (
    ("", "The table was a large one, but the three were all crowded together at one corner of it."),
    ("", "“No room! No room!” they cried out when they saw Alice coming."),
    ("Alice", "“There’s plenty of room!” said Alice indignantly, and she sat down in a large arm-chair at one end of the table."),
    ("March Hare", "“Have some wine,” the March Hare said in an encouraging tone."),
    ("", "Alice looked all round the table, but there was nothing on it but tea."),
    ("Alice", "“I don’t see any wine,” she remarked."),
    ("March Hare", "“There isn’t any,” said the March Hare."),
    ("Alice", "“Then it wasn’t very civil of you to offer it,” said Alice angrily."),
    ("March Hare", "“It wasn’t very civil of you to sit down without being invited,” said the March Hare."),
    ("Alice", "“I didn’t know it was your table,” said Alice; “it’s laid for a great many more than three.”"),
    ("Hatter", "“Your hair wants cutting,” said the Hatter. He had been looking at Alice for some time with great curiosity."),
    ("Alice", "“You should learn not to make personal remarks,” Alice said with some severity; “it’s very rude.”"),
    ("Hatter", "The Hatter opened his eyes very wide on hearing this; but all he said was, “Why is a raven like a desk?”"),
    ("Alice", "“I believe I can guess that,” she added aloud."),
    ("March Hare", "“Do you mean that you think you can find out the answer to it?” said the March Hare."),
    ("Alice", "“Exactly so,” said Alice."),
    ("March Hare", "“Then you should say what you mean,” the March Hare went on."),
    ("Alice", "“I do,” Alice hastily replied; “at least I mean what I say.”"),
    ("Hatter", "“Not the same thing a bit!” said the Hatter."),
)  # fmt: skip


def test_a_conversation_is_given_to_those_who_hold_it() -> None:
    pieces, found = attributed([text for _, text in TEA])
    wrong = [
        (who, one.who if one else "", text)
        for (who, text), one in zip(TEA, found, strict=True)
        if who and (one is None or one.who != who)
    ]
    assert wrong == []
    assert all("".join(piece.text for piece in parts) == text for parts, (_, text) in zip(pieces, TEA, strict=True))
    sure = [one.margin >= SURE for (who, text), one in zip(TEA, found, strict=True) if one and "said" in text and who]
    assert all(sure)


def test_turns_without_a_name_alternate_and_are_listed_for_review() -> None:
    texts = [
        "“Where is it?” asked Anna.",
        "“Where is what?” asked Ben.",
        "“The key.”",
        "“I have no key.”",
        "“Anna, look.”",
        "“Where?”",
    ]
    _, found = attributed(texts)
    assert [one.who for one in found if one] == ["Anna", "Ben", "Anna", "Ben", "Ben", "Anna"] or [
        one.who for one in found if one
    ][:4] == ["Anna", "Ben", "Anna", "Ben"]
    assert all(one.margin < 10 for one in found[2:] if one)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("“One,” she said. “Two.”", ["“One,”", "“Two.”"]),
        ("«Oui», dit-il.", ["«Oui»"]),
        ("„Ja“, sagte er.", ["„Ja“"]),
        ("“It goes on and on", ["“It goes on and on"]),
        ('"Plain," he said, "it is."', ['"Plain,"', '"it is."']),
    ],
)  # fmt: skip
def test_quotes_are_found_in_the_marks_of_many_languages(text: str, quoted: list[str]) -> None:
    parts = pieces_of(text, marks_of([text]))
    assert [one.text for one in parts if one.quoted] == quoted
    assert "".join(one.text for one in parts) == text


def test_single_marks_are_quotes_where_a_book_is_set_in_them_and_apostrophes_are_not() -> None:
    text = "‘I don’t know,’ said Tom."
    assert [one.text for one in pieces_of(text, marks_of([text])) if one.quoted] == ["‘I don’t know,’"]


def test_a_longer_name_and_its_short_form_are_one_person() -> None:
    cast = cast_of(["said Mr. Darcy. He bowed.", "Darcy replied coldly, and he left.", "said Elizabeth, and she smiled."])
    assert cast.of("Darcy") == cast.of("Mr. Darcy") != ""
    assert (cast.gender[cast.of("Darcy")], cast.gender["Elizabeth"]) == ("he", "she")


def test_a_book_is_read_with_its_speakers_and_the_most_doubtful_lines_come_first(tmp_path: Path) -> None:
    (tmp_path / "tea.txt").write_text("\n\n".join(text for _, text in TEA), "utf-8")
    book = book_of(tmp_path / "tea.txt", quotes=True)
    assert set(book.speakers) == {"Alice", "March Hare", "Hatter"} | set(book.speakers[3:])
    assert [line.margin for line in book.review] == sorted(line.margin for line in book.review)
    assert any(line.text.startswith("“No room!") for line in book.review)
    told = ["".join(one.text for one in paragraph) for chapter in book.chapters for paragraph in chapter.paragraphs]
    assert told == [text for _, text in TEA]


@pytest.mark.no_cover
@pytest.mark.parametrize("shape", ["\n".join(text for _, text in TEA) + "\n", "“a” said A ", "“", "said The ", "Aa Bb Cc "])
def test_attribution_takes_time_that_grows_with_the_book_and_no_faster(shape: str) -> None:
    assert not growth(lambda text: attributed(text.split("\n")), lambda size: shape * (size // len(shape) + 1))
