"""An engine that is not ready says one truth everywhere, and one button makes it ready, from a hub that really serves files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import fresh_page
from tests.journeys.fetched_engine import CONTENT, WEIGHTS
from tests.servers import RunningStudio, running_studio
from tests.studio.weights.hub import Hub, running_hub

pytestmark = pytest.mark.journey
MISSING = "The weights (about 307 kB) are missing."


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        hub.files[f"{WEIGHTS.repo}/{WEIGHTS.path}"] = CONTENT
        yield hub


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Iterator[RunningStudio]:
    engines = json.dumps(["tests.journeys.fetched_engine:Fetched"])
    variables = {"GREENROOM_ENGINES__EXTRA": engines, "HF_ENDPOINT": hub.url, "GREENROOM_WEIGHTS__OFFLINE": "false"}
    with running_studio(tmp_path_factory.mktemp("fetching") / "data", **variables) as studio:
        yield studio


def test_one_button_makes_an_engine_ready(window: Any, fetching: RunningStudio, hub: Hub) -> None:
    with fresh_page(window, fetching.url) as page:
        page.locator("#engine input").click()
        page.get_by_role("option", name="Fetched · not ready").click()
        expect(page.locator("#engine-note")).to_contain_text(MISSING)
        page.locator("#script textarea").fill("One line for an engine that is not here yet.")
        page.get_by_role("button", name="Generate", exact=True).click()
        trouble = page.locator("#trouble")
        expect(trouble.get_by_role("alert")).to_contain_text(MISSING)
        expect(trouble).to_contain_text("307 kB to fetch")
        told = {one["id"]: one["readiness"] for one in fetching.client().predict("", api_name="/engines")}
        assert told["fetched"] == f"{MISSING} Press “Set up Fetched”, here or in the System tab."

        page.locator("#voice input").fill("Tiny")
        page.get_by_role("option", name="Tiny · Fetched, not ready").click()
        expect(page.locator("#hear")).to_contain_text("It can be heard when Fetched is ready.")
        page.get_by_role("button", name="Generate", exact=True).click()
        trouble.get_by_role("button", name="Set up Fetched").click()
        page.get_by_role("status").filter(has_text="has begun").wait_for()

        expect(page.locator("#trouble [role=alert]")).to_have_count(0, timeout=60_000)
        expect(page.locator("#hear")).to_contain_text("hear this voice")
        page.locator("#outputs .item").filter(has_text="Fetched: a first sample").wait_for(timeout=60_000)
        assert hub.ranges == [(f"{WEIGHTS.repo}/{WEIGHTS.path}", 0)]
        page.get_by_role("button", name="Generate", exact=True).click()
        page.locator("#card .title").filter(has_text="One line").first.wait_for()
        page.locator("#card .chip.done").first.wait_for(timeout=60_000)
