"""A key that is pressed costs the browser little: events of the studio show no progress of Gradio's, so hardly any component
hears of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.http.page_copy import packed
from tests.browser import until, until_quiet

pytestmark = pytest.mark.journey


def test_a_key_tells_no_component_that_nothing_is_shown(page: Any) -> None:
    """Of four hundred, which all were told twice an event while each could show its progress. What is told is set against how
    many events there were and how many components there are, once the page has nothing more to ask of itself."""
    until_quiet(page)
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": False})
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request) if "/run/predict" in request.url else None)
    page.locator("#script textarea").fill("A few words.")
    page.locator("#counts b").first.wait_for()
    until(page, lambda: asked)
    until_quiet(page)
    counted = session.send("Profiler.takePreciseCoverage")["result"]
    (core,) = (one for one in counted if "/assets/core-" in one["url"])
    calls = sum(one["ranges"][0]["count"] for one in core["functions"] if one["functionName"] == "update_state")
    session.detach()
    components = page.evaluate("window.gradio_config.components.length")
    assert 0 < calls < 2 * len(asked) * components, (calls, len(asked), components)  # it was more than seven times


def test_the_packed_configuration_is_what_gradio_wrote(page: Any) -> None:
    """The page's own script turns it back, and no two parts of it are one object: Gradio changes what it is given."""
    written = httpx.get(f"{page.url.split('?')[0]}config").json()
    assert len(written["components"]) > 300
    assert page.evaluate("one => greenroomWhole(one)", packed(written)) == page.evaluate("one => one", written)
    again = {"components": [{"type": "a", "props": {"choices": ["the same list of long words"], "n": n}} for n in (1, 2)]}
    page.evaluate("one => { window.made = greenroomWhole(one).components; made[0].props.choices.push('another') }", packed(again))
    assert page.evaluate("made[1].props.choices") == ["the same list of long words"]
