"""What the studio serves in the place of two slow functions of Gradio's page does what those did, as far as anybody sees."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gradio
import pytest

from api.gradio.frontend_patch import REPLACEMENTS, patched_scripts
from tests.browser import until

pytestmark = pytest.mark.journey
TOLD, ATTACHED = REPLACEMENTS

TELLING = """async source => {
  const told = [], page = eval(`({${source}})`)
  page.update_state_cb = id => told.push(id)
  const states = [
    { 1: {}, 2: { show_progress: 'hidden', status: 'pending' }, 3: { show_progress: 'full', status: 'pending' },
      4: { show_progress: 'hidden', status: 'error' }, 5: { show_progress: 'hidden', stream_state: 'open' } },
    { 2: { show_progress: 'hidden', status: 'complete', stream_state: 'closed' }, 3: { show_progress: 'hidden' },
      4: { show_progress: 'hidden', status: 'complete' }, 5: { show_progress: 'hidden', stream_state: 'closed' } },
    { 2: { show_progress: 'hidden' }, 3: { show_progress: 'hidden' }, 4: { show_progress: 'hidden' } },
    { 2: { show_progress: 'minimal', status: 'pending' }, 3: { show_progress: 'hidden', validation_error: 'Too long.' } } ]
  const found = []
  for (const current of states) {
    page.loading_stati = { current }
    await page.update_loading_stati_state()
    found.push(told.splice(0))
  }
  return found
}"""
ATTACHING = """([before, after]) => {
  const one = eval(`({${before}})`), other = eval(`({${after}})`), told = []
  const events = [
    { targets: [[1, 'click'], [2, 'change'], [1, 'input']] }, { targets: [] },
    { targets: [[2, 'change'], [3, null]] }]
  for (const page of [one, other])
    told.push([1, 2, 3, 4, 1].map(id => page.find_attached_events({ id, props: { shared_props: {} } }, events)))
  return [JSON.stringify(told[0]), JSON.stringify(told[1])]
}"""


def served(file: str, pattern: str) -> str:
    (text,) = (body.decode() for name, body in patched_scripts().items() if name.startswith(file))
    found = re.search(pattern, text)
    assert found
    return found[0]


def test_a_component_is_told_of_what_it_shows_and_the_events_are_the_same(chromium: Any) -> None:
    page = chromium.new_page()
    telling = served("Blocks-", r"async update_loading_stati_state\(\)\{.*?!1\)\)\)\}")
    assert page.evaluate(TELLING, telling) == [[1, 3, 4, 5], [3, 4, 5], [], [2, 3]]
    assert "find_attached_events(e,t){" in ATTACHED.old
    before, after = page.evaluate(ATTACHING, [ATTACHED.old, ATTACHED.new])
    assert before == after and '"click"' in before
    page.close()


def test_a_key_tells_no_component_that_nothing_is_shown(page: Any) -> None:
    """Of four hundred, nine hundred times in all. What the browser has is what the studio serves, also where it kept another."""
    name = next(name for name in patched_scripts() if name.startswith("Blocks-"))
    original = (Path(gradio.__file__).parent / "templates" / "frontend" / "assets" / name).read_text("utf-8")
    fetched = page.evaluate("name => fetch(`assets/${name}`).then(answer => answer.text())", name)
    assert fetched == patched_scripts()[name].decode() != original
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
    assert 0 < calls < 200, calls
