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


def test_a_book_is_a_project_whose_speakers_are_checked_and_changed_with_the_keyboard(page: Any, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Director", exact=True).click()
    body = '<h1 id="c">One</h1><p>“Oh dear!” said the Rabbit.</p><p>“Wait!” said Alice.</p>'
    second = '<h1 id="d">Two</h1><p>“Who is it?”</p><p>It was late.</p>'
    nav = '<li><a href="text/a.xhtml#c">One</a></li><li><a href="text/b.xhtml#d">Two</a></li>'
    book = makers.epub(tmp_path / "alice.epub", {"a": body, "b": second}, nav)
    page.get_by_label("Open a book, a script").set_input_files(book)
    rows = page.locator("#director .dr-row")
    expect(rows).to_have_count(2)
    expect(page.locator("#director .dr-origin")).to_contain_text("100 % covered, 100.0 % in the board")
    expect(page.locator("#director .dr-sum")).to_contain_text("1 speaker to check")

    page.locator("#director .dr-tools").get_by_role("button", name="Speakers").focus()
    page.keyboard.press("Enter")
    asked = page.get_by_role("region", name="Speakers")
    choice = asked.get_by_label("Row 3: who says it")
    choice.focus()
    page.keyboard.press("A")
    expect(asked).to_contain_text("Every line has its speaker.")
    page.keyboard.press("Escape")
    chapter = page.locator("#director [data-el=chapter]")
    chapter.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0).locator(".dr-who")).to_have_text("Alice")
    expect(page.locator("#director .dr-sum")).not_to_contain_text("to check")

    rows.nth(1).locator(".dr-card").focus()
    page.keyboard.press("Enter")
    rows.nth(1).get_by_text("How it is said").focus()
    page.keyboard.press("Enter")
    rows.nth(1).get_by_label("Silence after it, s").press_sequentially("2.5")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#director .dr-saved")).to_have_text("Saved")
    expect(rows.nth(1).locator(".dr-card")).to_be_focused()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.documentElement.scrollWidth <= 390")
    page.set_viewport_size({"width": 1440, "height": 900})

    page.get_by_role("button", name="Make the audiobook").and_(page.locator("[data-do=render]")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#director .dr-result")).to_be_visible(timeout=180_000)
    expect(page.locator("#director .dr-sum")).to_contain_text("every row is made", timeout=20_000)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download the audiobook (M4B)").press("Enter")
    saved.value.save_as(tmp_path / "book.m4b")
    told = mutagen.File(tmp_path / "book.m4b")
    assert [one.title for one in told.chapters] == ["Opening credits", "One", "Two", "Closing credits"]
    with page.expect_download() as saved:
        page.get_by_role("link", name="Chapters (MP3)").and_(page.locator("[data-el=mp3]")).press("Enter")
    saved.value.save_as(tmp_path / "chapters.zip")
    assert zipfile.is_zipfile(tmp_path / "chapters.zip")
