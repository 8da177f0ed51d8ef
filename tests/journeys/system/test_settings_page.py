"""Settings changed on the System tab: saved, refused at the field, seen by another page, and counted after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from studio.settings import LOCAL_FILE
from tests.browser import fresh_page
from tests.servers import RunningStudio, running_studio

pytestmark = pytest.mark.journey
NOBODY = "http://127.0.0.1:9"
PATIENCE = 60_000


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio of its own, because it is restarted."""
    with running_studio(tmp_path_factory.mktemp("settings") / "data") as running:
        yield running


def _open_settings(page: Any) -> Any:
    page.get_by_role("tab", name="System", exact=True).click()
    page.locator("#system-tabs").get_by_role("tab", name="Settings", exact=True).click()
    page.locator("#settings h2", has_text="ComfyUI").wait_for()
    return page.locator("#settings")


def _said(settings: Any, sentence: str) -> None:
    expect(settings.locator("[data-said]")).to_have_text(sentence, timeout=PATIENCE)


def test_settings_count_at_once_or_after_a_restart(window: Any, studio: RunningStudio) -> None:
    kept = Path(studio.data) / LOCAL_FILE
    with fresh_page(window, studio.url) as page, fresh_page(window, studio.url) as other:
        settings, seen = _open_settings(page), _open_settings(other)

        pause = settings.locator("#set-voiceover-sentence-pause")
        pause.fill("99")
        pause.press("Tab")
        expect(settings.locator('[data-problem="voiceover.sentence_pause"]')).to_contain_text("sentence_pause")
        expect(pause).to_have_value("99")
        assert not kept.exists()
        pause.fill("0.7")
        pause.press("Enter")
        _said(settings, "Pause after a sentence is saved.")
        expect(settings.locator('[data-problem="voiceover.sentence_pause"]')).to_be_hidden()
        expect(seen.locator("#set-voiceover-sentence-pause")).to_have_value("0.7")

        settings.locator("#set-comfyui-url").fill(NOBODY)
        settings.locator("#set-comfyui-url").press("Tab")
        _said(settings, "Address is saved.")
        settings.get_by_role("button", name="Test ComfyUI").click()
        expect(settings.locator('[data-tried="test_comfyui"]')).to_contain_text("does not answer", timeout=PATIENCE)
        seen.locator('[data-back="comfyui.url"]').click()
        expect(settings.locator("#set-comfyui-url")).to_have_value("", timeout=PATIENCE)

        assert "sentence_pause: 0.7" in kept.read_text("utf-8")
        settings.locator("#set-engines-fish-url").fill(NOBODY)
        settings.locator("#set-engines-fish-url").press("Tab")
        settings.get_by_text("after a restart", exact=True).first.wait_for()
        settings.get_by_role("button", name="Restart now").click()
        expect(settings.get_by_role("button", name="Restart now")).to_have_count(0, timeout=PATIENCE)
        expect(settings.locator("#set-engines-fish-url")).to_have_value(NOBODY)
        expect(settings.locator("#set-voiceover-sentence-pause")).to_have_value("0.7")
