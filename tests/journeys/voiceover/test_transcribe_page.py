"""The Transcribe section in a real browser: a file in, text out, its files, and the text as the next script."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.engines.transcription.conftest import SPOKEN

pytestmark = pytest.mark.journey


def test_a_file_becomes_text_files_and_a_script(page: Any) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    page.get_by_role("tab", name="Transcribe", exact=True).click()
    page.locator("#transcribe-go").click()
    expect(page.locator("#trouble")).to_contain_text("There is no sound yet.")
    page.locator("#transcribe-sound input[type=file]").set_input_files(str(SPOKEN))
    page.locator("#transcribe-sound audio, #transcribe-sound .waveform-container").first.wait_for(state="attached")
    page.locator("#transcribe-engine input").click()
    page.get_by_role("option", name="Basic English").click()
    page.locator("#transcribe-go").click()
    text = page.locator("#transcript-text")
    expect(text).to_have_value("has never been surpassed", timeout=60_000)
    for name in ("TXT", "SRT", "VTT", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.path().stat().st_size > 10
    page.get_by_role("button", name="Use as script").click()
    expect(page.locator("#script textarea")).to_have_value("has never been surpassed")
