"""A page whose session was let go of, as after a long sleep of its machine, goes on working."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser import fresh_page
from tests.inside import studio_inside

pytestmark = pytest.mark.journey


def test_a_page_goes_on_after_its_session_is_gone(tmp_path: Path, window: Any) -> None:
    with studio_inside(tmp_path / "data") as inside, fresh_page(window, inside.url) as page:
        sessions = inside.page.state_holder
        page.locator("#script textarea").fill("The first text of this page.")
        page.get_by_role("button", name="Generate", exact=True).click()
        page.locator("#card .chip.done").wait_for(timeout=60_000)
        assert len(sessions.session_data) == 1
        sessions.session_data.clear()
        page.locator("#script textarea").fill("And the second one, after the session went.")
        page.get_by_role("button", name="Generate", exact=True).click()
        page.locator("#card").get_by_text("And the second one").first.wait_for(timeout=60_000)
        page.locator("#card .chip.done").wait_for(timeout=60_000)
        assert len(sessions.session_data) == 1
        assert len(inside.studio.jobs.list(["done"])) == 2
