"""Engines with modes, designed voices, takes, environments and weights, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import fresh_page
from tests.servers import RunningStudio, running_studio

pytestmark = pytest.mark.journey
EXTRA = ("tests.journeys.designing_engine:Designing", "tests.studio.verification.swallowing_engine:Swallowing")
LINE = "The train to the north leaves in twenty minutes, and the road to the station is long and cold."
FOUR_LINES = (
    "The weather was cold and the road was empty. She opened the window and looked at the garden. "
    "My brother bought a small house near the river. The old clock on the wall stopped at midnight."
)
PATIENCE = 60_000


def choose(page: Any, where: str, option: str) -> None:
    """One entry of a drop-down list."""
    page.locator(f"{where} input").click()
    page.get_by_role("option", name=option).first.click()


@pytest.fixture(scope="module")
def further(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with two engines of the tests, and a hub that does not answer."""
    variables: dict[str, Any] = {"GREENROOM_ENGINES__EXTRA": json.dumps(EXTRA), "HF_ENDPOINT": "http://127.0.0.1:9"}
    with running_studio(tmp_path_factory.mktemp("models") / "data", **variables) as studio:
        yield studio


@pytest.fixture
def further_page(window: Any, further: RunningStudio) -> Iterator[Any]:
    with fresh_page(window, further.url) as page:
        yield page


def test_the_style_is_hidden_where_a_mode_takes_none(page: Any) -> None:
    choose(page, "#engine", "VoxCPM2")
    expect(page.locator("#engine-note")).to_contain_text("Takes a description of the voice")
    expect(page.locator("#engine-note")).to_contain_text("Licence Apache-2.0: commercial use allowed.")
    style = page.get_by_label("Style", exact=False).locator("visible=true")
    style.first.fill("a calm old man")
    modes = page.get_by_label("Mode", exact=True).locator("visible=true")
    modes.click()
    page.get_by_role("option", name="continuation", exact=True).click()
    expect(page.get_by_text("Voice or manner in words")).to_be_hidden()
    modes.click()
    page.get_by_role("option", name="clone", exact=True).click()
    expect(page.get_by_text("Voice or manner in words")).to_be_visible()
    expect(style.first).to_have_value("")


def test_a_made_up_voice_is_heard_changed_and_kept_under_a_name(further_page: Any) -> None:
    page = further_page
    choose(page, "#engine", "Designing")
    page.locator("#script textarea").fill(LINE)
    page.get_by_role("button", name="Generate", exact=True).click()
    voices = page.get_by_role("region", name="Voices made up for it")
    another = voices.get_by_role("button", name="Make up another voice: The narrator's voice")
    another.wait_for(timeout=PATIENCE)
    play = voices.get_by_role("button", name="Play: The narrator's voice")
    first = play.get_attribute("data-audition")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    another.click()
    other = voices.locator(f"[data-audition]:not([data-audition='{first}'])")
    other.wait_for(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Play sentence 1")).to_be_visible(timeout=PATIENCE)
    voices.get_by_role("button", name="Save: The narrator's voice").click(timeout=PATIENCE)
    page.get_by_label("Name of the voice", exact=True).locator("visible=true").fill("Grandfather")
    page.get_by_role("button", name="Save this voice", exact=True).locator("visible=true").click()
    expect(page.get_by_role("status").filter(has_text="Grandfather is saved")).to_be_visible()
    page.get_by_role("tab", name="Voices", exact=True).click()
    row = page.locator("#voices .item").filter(has_text="Grandfather")
    row.wait_for()
    expect(row).to_contain_text("designed")


def test_a_losing_take_can_be_used_instead(further_page: Any) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    page = further_page
    choose(page, "#engine", "Swallowing")
    page.locator("#script textarea").fill(FOUR_LINES)
    page.locator("#sound").get_by_text("Sound and file").click()
    page.locator("#sound").get_by_label("Seed").fill("7")
    choose(page, "#check", "Make doubtful sentences again")
    page.get_by_role("button", name="Generate", exact=True).click()
    page.locator("#detail details.takes summary").filter(has_text=" takes").first.click(timeout=2 * PATIENCE)
    page.get_by_role("button", name="Use this take").first.click()
    expect(page.locator("#detail .chip.doubtful").first).to_be_visible(timeout=PATIENCE)


def test_environments_and_weights_stand_in_the_system_tab(page: Any) -> None:
    page.get_by_role("tab", name="System", exact=True).click()
    page.get_by_role("tab", name="Models", exact=True).click()
    environments = page.get_by_role("region", name="Environments")
    shared = environments.locator("tr").filter(has_text="Shared model environment")
    expect(shared).to_contain_text("not installed")
    expect(shared.get_by_role("button", name="Install")).to_be_visible()
    weights = page.get_by_role("region", name="Weights")
    expect(weights.locator("tr").filter(has_text="F5-TTS").first).to_contain_text("not for commercial use")
    one = weights.get_by_text("facebook/mms-tts-deu")
    expect(one).to_be_hidden()
    weights.locator("summary").filter(has_text="of MMS-TTS").click()
    expect(one).to_be_visible()
    row = weights.locator("tr tr").filter(has_text="facebook/mms-tts-deu")
    expect(row.get_by_role("button", name="Download")).to_be_visible()


def test_a_download_that_cannot_be_made_says_why(further_page: Any) -> None:
    page = further_page
    page.get_by_role("tab", name="System", exact=True).click()
    page.get_by_role("tab", name="Models", exact=True).click()
    row = page.get_by_role("region", name="Weights").locator("tr").filter(has_text="F5-TTS").first
    row.get_by_role("button", name="Download").click()
    expect(row).to_contain_text("Failed: ", timeout=PATIENCE)
    expect(row).to_contain_text("hub")
    expect(row.get_by_role("button", name="Download")).to_be_visible()
