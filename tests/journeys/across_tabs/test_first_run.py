"""A newcomer's first minutes: what the machine can do, one's own voice given and judged, an engine for it fetched from a hub
that really serves files, and the first sentence in that voice. The card goes for good when it is closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import fresh_page
from tests.journeys.across_tabs.test_every_screen import AXE, SETTLED, VIOLATIONS
from tests.journeys.fetched_engine import CONTENT, WEIGHTS
from tests.repository.sources import ROOT
from tests.servers import RunningStudio, running_studio
from tests.studio.weights.hub import running_hub

pytestmark = pytest.mark.journey
CLIP = ROOT / "assets/voices/LJ001-0001.wav"
VARIABLES: dict[str, Any] = {
    "GREENROOM_ENGINES__EXTRA": json.dumps(["tests.journeys.fetched_engine:FetchedCloner"]),
    "GREENROOM_WEIGHTS__OFFLINE": "false",
    "GREENROOM_PAGE__FIRST_RUN": "",
}


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_hub() as hub:
        hub.files[f"{WEIGHTS.repo}/{WEIGHTS.path}"] = CONTENT
        with running_studio(tmp_path_factory.mktemp("fresh") / "data", **VARIABLES | {"HF_ENDPOINT": hub.url}) as studio:
            yield studio


def test_the_first_minutes_end_with_ones_own_voice(window: Any, fresh: RunningStudio) -> None:
    with fresh_page(window, fresh.url) as page:
        card = page.locator("#first-run section")
        expect(card.locator("ul.now li").filter(has_text="Read a text aloud")).to_contain_text("Hibari, eSpeak NG")
        mine = card.get_by_role("listitem").filter(has_text="Speak in your own voice")
        expect(mine).to_contain_text("Mirror, 307 kB")
        expect(card).to_contain_text("Mirror (307 kB) then speaks in it")
        page.evaluate(AXE)
        for _ in ("one theme", "the other"):
            page.evaluate(SETTLED)
            assert not page.evaluate(VIOLATIONS)
            page.locator("#mode").click()

        card.get_by_role("button", name="Record my voice").press("Enter")
        page.locator("#voice-clip input[type=file]").set_input_files(str(CLIP))
        expect(page.locator("#findings")).to_contain_text("can be saved", ignore_case=True)
        page.locator("#voice-name input, #voice-name textarea").fill("Mine")
        page.get_by_role("button", name="I read exactly this").click()
        expect(page.locator("#voice-transcript textarea")).to_have_value(read_line(page))
        page.locator("#save-voice").click()
        step = page.locator("#voice-next")
        expect(step).to_contain_text("To speak in it, this machine needs Mirror")
        step.get_by_role("button", name="Set up Mirror").click()
        page.locator("#outputs .item").filter(has_text="Mine: a first sample").wait_for()
        expect(card.locator("ul.now li").filter(has_text="Speak in your own voice")).to_contain_text("Mirror")
        expect(mine).to_have_count(1)

        card.get_by_role("button", name="Close this card for good").click()
        expect(card).to_have_count(0)
    with fresh_page(window, fresh.url) as page:
        page.locator("#outputs .item").filter(has_text="Mine: a first sample").wait_for()
        expect(page.locator("#first-run section")).to_have_count(0)
    assert "first_run: false" in (fresh.data / "settings.local.yaml").read_text("utf-8")


def read_line(page: Any) -> str:
    """The line that a person is asked to read."""
    return str(page.locator("#read-aloud p").inner_text())
