"""The pronunciation list in a real browser: a name said wrong is heard as it should be, and mended in its sentence alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey
SCRIPT = "Nguyen opened the blue door. The rain had stopped hours before."


def entry_of(page: Any, word: str) -> Any:
    return page.locator("#pronunciations-list .item").filter(has=page.get_by_text(word, exact=True))


def fill(page: Any, name: str, words: str) -> None:
    page.locator(f"#{name} input, #{name} textarea").fill(words)


def test_a_name_is_mended_in_its_sentence_alone(page: Any, tmp_path: Path) -> None:
    page.locator("#script textarea").fill(SCRIPT)
    page.locator("#go").click()
    page.locator("#card").get_by_text("done", exact=False).first.wait_for(timeout=60_000)
    sentences = page.locator("#detail .item")
    page.wait_for_function("() => document.querySelectorAll('#detail .item [data-audition]').length === 2", timeout=60_000)
    before = [one.get_attribute("data-audition") for one in sentences.locator("[data-audition]").all()]

    page.get_by_role("button", name="Pronunciations").click()
    fill(page, "pronounced-word", "Nguyen")
    fill(page, "pronounced-as", "/nw1n/")
    page.locator("#hear-pronunciation").get_by_text("“1”").wait_for()
    fill(page, "pronounced-as", "/nwɪn/")
    ear = page.locator("#hear-pronunciation").get_by_role("button", name="Hear Nguyen")
    ear.wait_for()
    with page.expect_response(lambda answer: "media/pronunciations?" in answer.url) as heard:
        ear.click()
    assert heard.value.status in (200, 206)
    page.locator("#save-pronunciation").click()
    entry_of(page, "Nguyen").wait_for()

    marked = page.locator("#detail .item").filter(has_text="said otherwise by now")
    expect(marked).to_have_count(1)
    page.locator("#outdated").get_by_role("button", name="Render what changed").click()
    page.locator("#detail").get_by_text("/nwɪn/ opened the blue door.").wait_for(timeout=60_000)
    page.wait_for_function("() => document.querySelectorAll('#detail .item [data-audition]').length === 2", timeout=60_000)
    after = [one.get_attribute("data-audition") for one in sentences.locator("[data-audition]").all()]
    assert after[0] != before[0]
    assert after[1] == before[1]

    entry_of(page, "Nguyen").get_by_role("button", name="Change Nguyen").click()
    page.wait_for_function("() => document.querySelector('#pronounced-as :is(input, textarea)').value === '/nwɪn/'")
    fill(page, "pronounced-as", "Win")
    page.locator("#save-pronunciation").click()
    entry_of(page, "Nguyen").filter(has_text="is said as Win").wait_for()
    expect(entry_of(page, "Nguyen")).to_have_count(1)

    entry_of(page, "Nguyen").get_by_role("button", name="Delete Nguyen").click()
    entry_of(page, "Nguyen").wait_for(state="detached")
    page.get_by_role("status").filter(has_text="Nguyen").get_by_role("button", name="Undo").last.click()
    entry_of(page, "Nguyen").wait_for()

    table = tmp_path / "words.csv"
    table.write_text("word,saying\nSiobhan,/ʃɪˈvɔːn/\n", "utf-8")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import a CSV file").click()
    chooser.value.set_files(str(table))
    entry_of(page, "Siobhan").filter(has_text="shivawn").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    assert "Siobhan,/ʃɪˈvɔːn/" in Path(download.value.path()).read_text("utf-8-sig")
    for word in ("Nguyen", "Siobhan"):
        entry_of(page, word).get_by_role("button", name=f"Delete {word}").click()
        entry_of(page, word).wait_for(state="detached")
