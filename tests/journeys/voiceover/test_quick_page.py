"""A key that is pressed costs the browser little: events of the studio show no progress of Gradio's, so hardly any component
hears of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import until

pytestmark = pytest.mark.journey


def test_a_key_tells_no_component_that_nothing_is_shown(page: Any) -> None:
    """Of four hundred, which all were told twice an event while each could show its progress: over three thousand times."""
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer) if "/run/predict" in answer.url else None)
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": False})
    page.locator("#script textarea").fill("A few words.")
    page.locator("#counts b").first.wait_for()
    until(page, lambda: answers)
    counted = session.send("Profiler.takePreciseCoverage")["result"]
    (core,) = (one for one in counted if "/assets/core-" in one["url"])
    calls = sum(one["ranges"][0]["count"] for one in core["functions"] if one["functionName"] == "update_state")
    session.detach()
    assert 0 < calls < 800, calls
