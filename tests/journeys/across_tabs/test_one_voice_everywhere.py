"""A voice that is saved is there to speak with, at once, in every tab and in every open browser; and lists are never old."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from studio.library.model import recipe_path
from tests.browser import fresh_page, new_context
from tests.journeys.voiceover.test_voices_page import CLIP
from tests.servers import RunningStudio, running_studio

pytestmark = pytest.mark.journey
ENGINE = "tests.capabilities.licensed_engines:CloningHibari"


@pytest.fixture(scope="module")
def cloning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with an engine that speaks in saved voices."""
    with running_studio(tmp_path_factory.mktemp("cloning") / "data", GREENROOM_ENGINES__EXTRA=json.dumps([ENGINE])) as studio:
        yield studio


def pick(page: Any, picker: str, typed: str) -> None:
    """Choose what the list finds for a part of a name."""
    box = page.locator(f"{picker} input") if picker.startswith("#") else page.get_by_label(picker, exact=True)
    box.click()
    box.fill(typed)
    page.get_by_role("option", name=typed, exact=False).first.click()


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def voices_of_newest(client: Any, count: int) -> set[str]:
    """In which voices the newest outputs are spoken, by their recipes."""
    jobs = client.predict("", count, api_name="/jobs")
    return {json.loads(recipe_path(Path(job["outputs"][0]["path"])).read_bytes())["spec"]["voice"] for job in jobs}


def spoken(page: Any, card: str, words: str) -> None:
    """The newest job of a tab is done."""
    page.locator(f"{card} .title").filter(has_text=words).first.wait_for()
    page.locator(f"{card} .chip.done").first.wait_for(timeout=180_000)


def test_a_saved_voice_speaks_in_every_tab_of_every_browser(window: Any, chromium: Any, cloning: RunningStudio) -> None:
    other = new_context(chromium).new_page()
    other.goto(cloning.url)
    other.locator("#script textarea").wait_for()
    with fresh_page(window, cloning.url) as page:
        other.locator("#script textarea").fill("Ada: Here.\n\nBen: There.\n\nAda: Well.\n\nBen: Well then.")
        other.get_by_label("Ada", exact=True).wait_for()
        tab(page, "Voices")
        page.get_by_role("button", name="New voice").click()
        page.locator("#voice-clip input[type=file]").set_input_files(str(CLIP))
        page.locator("#findings .findings").wait_for()
        page.locator("#voice-name input, #voice-name textarea").fill("Ursula")
        page.locator("#save-voice").click()
        page.locator("#voices .item").filter(has_text="Ursula").wait_for()

        # The browser that saved it: a narration and a batch, then the same voice under its new name.
        tab(page, "Script")
        pick(page, "#voice", "Ursula")
        page.locator("#script textarea").fill("Spoken by my own voice.")
        page.locator("#counts b").first.wait_for()
        page.get_by_role("button", name="Generate", exact=True).click()
        spoken(page, "#card", "Spoken by")
        client = cloning.client()
        assert voices_of_newest(client, 1) == {"Ursula"}
        tab(page, "Batch")
        page.locator("#lines textarea").fill("One line.")
        page.locator("#batch-go").click()
        spoken(page, "#card", "line")

        # Another browser, which was open all the time: the cast, a face and a video, without a reload.
        pick(other, "Ben", "Ursula")
        tab(other, "Lip-sync")
        pick(other, "#face-voice", "Ursula")
        other.locator("#face-samples [data-sample]").first.click()
        other.locator("#face-picture img").wait_for()
        other.locator("#face-text textarea").fill("Good evening.")
        other.locator("#face-go").click()
        spoken(other, "#face-card", "Good evening")
        tab(other, "Text-to-Video")
        other.get_by_text("Voice, captions and music").click()
        pick(other, "#video-voice", "Ursula")
        other.locator("#video-prompt textarea").fill("A lighthouse.")
        other.locator("#video-go").click()
        spoken(other, "#video-card", "lighthouse")
        assert voices_of_newest(client, 2) == {"Ursula"}

        # Renamed, it stays chosen; deleted, it is answered in words, and nothing else is taken in its place.
        client.predict("Ursula", "Undine", api_name="/update_voice")
        expect(other.locator("#video-voice input")).to_have_value("Undine · saved")
        client.predict("Undine", api_name="/delete_voice")
        expect(other.locator("#video-voice input")).to_have_value("Undine · deleted")
        other.locator("#video-go").click()
        expect(other.locator("#video-trouble [role=alert]")).to_contain_text("There is no voice “Undine”")
    other.context.close()
