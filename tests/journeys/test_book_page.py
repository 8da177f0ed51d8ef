"""From a book to an audiobook in a real browser: dropped, looked at, made, downloaded."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import mutagen
import pytest
from playwright.sync_api import expect

from tests.media.documents import makers

pytestmark = pytest.mark.journey


def rabbit_hole(path: Path) -> Path:
    body = (
        '<h1 id="c">Down the Rabbit-Hole</h1><p>Alice was tired.<a epub:type="noteref" href="#n">1</a></p>'
        "<p>“Oh dear!” said the Rabbit.</p><p>“Wait!” said Alice.</p>"
        '<aside epub:type="footnote" id="n"><p>So was her sister.</p></aside>'
    )
    return makers.epub(path, {"a": body}, '<li><a href="text/a.xhtml#c">Down the Rabbit-Hole</a></li>')


def test_a_book_is_dropped_looked_at_cast_and_made(page: Any, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Director", exact=True).click()
    page.get_by_role("tab", name="Audiobook", exact=True).click()
    page.locator("#book-go").wait_for()
    page.locator("#book-go").click()
    expect(page.locator("#book-trouble")).to_contain_text("There is no book yet")

    (tmp_path / "not-a-book.epub").write_text("words")
    page.locator("#book-file input[type=file]").set_input_files(tmp_path / "not-a-book.epub")
    expect(page.locator("#book-trouble")).to_contain_text("which is not read as a document")
    page.locator("#book-file button[aria-label='Clear'], #book-file button[aria-label='Remove this file']").first.click()
    expect(page.locator("#book-trouble")).not_to_contain_text("which is not read as a document")

    page.locator("#book-file input[type=file]").set_input_files(rabbit_hole(tmp_path / "alice.epub"))
    told = page.locator("#book-told")
    expect(told).to_contain_text("100 % covered")
    expect(told).to_contain_text("Down the Rabbit-Hole")
    told.get_by_text("Not spoken: notes").click()
    expect(told).to_contain_text("So was her sister.")
    expect(page.locator("#book-title textarea, #book-title input").first).to_have_value("Alice’s Adventures")
    expect(page.locator("#book-author textarea, #book-author input").first).to_have_value("Lewis Carroll")
    page.locator("#book-cast input").check()
    expect(page.get_by_label("Rabbit", exact=True)).to_be_visible()
    expect(page.get_by_label("Alice", exact=True)).to_be_visible()

    page.locator("#book-go").click()
    page.locator("#book-card .chip.done").first.wait_for(timeout=180_000)
    detail = page.locator("#book-detail")
    expect(detail).to_contain_text("meets ACX")
    with page.expect_download() as saved:
        detail.get_by_role("link", name="Audiobook (M4B)").click()
    saved.value.save_as(tmp_path / "book.m4b")
    book = mutagen.File(tmp_path / "book.m4b")
    assert [one.title for one in book.chapters] == ["Opening credits", "Down the Rabbit-Hole", "Closing credits"]
    assert book.tags["©ART"] == ["Lewis Carroll"] and len(book.tags["covr"]) == 1
    with page.expect_download() as saved:
        detail.get_by_role("link", name="Chapters (MP3)").click()
    saved.value.save_as(tmp_path / "chapters.zip")
    with zipfile.ZipFile(tmp_path / "chapters.zip") as archive:
        assert [name for name in archive.namelist() if name.endswith(".mp3")][1] == "02_down-the-rabbit-hole.mp3"
