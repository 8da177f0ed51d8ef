"""No press of a drawn button is lost or counted for another one, whatever the studio is busy with and however late it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.browser import until, until_quiet
from tests.servers import long_script

pytestmark = pytest.mark.journey
CALLS = "**/gradio_api/run/predict*"
OTHER_ROWS_BUTTON = """() => {
  const [first, second] = [...document.querySelectorAll('#outputs [data-act=delete]')]
  for (const { name, value } of second.attributes) first.setAttribute(name, value)
}"""
"""What Gradio does to a button whose row has become another one: the element stays, and says something else."""


@contextmanager
def held_back(page: Any, meant: Callable[[str, str], bool]) -> Iterator[list[Any]]:
    """Hold the first answer for which `meant`, given the request's text and the answer's, is true, until the block ends; gives a
    list that holds it then."""
    held: list[tuple[Any, Any]] = []

    def hold(route: Any) -> None:
        answer = route.fetch()
        if held or not meant(route.request.post_data or "", answer.text()):
            route.fulfill(response=answer)
        else:
            held.append((route, answer))

    page.route(CALLS, hold)
    yield held
    route, answer = held[0]
    with page.expect_event("requestfinished", lambda request: request == route.request):
        route.fulfill(response=answer)
    page.unroute_all(behavior="ignoreErrors")


def narrations(page: Any, client: Any, *titles: str) -> list[Any]:
    """Make some and return their rows."""
    for title in titles:
        client.predict(f"# {title}\n\nIt is {title}.", api_name="/voiceover")
    rows = [page.locator("#outputs .item").filter(has_text=title).first for title in titles]
    for row in rows:
        row.wait_for()
    return rows


def begin(page: Any, title: str) -> None:
    page.locator("#script textarea").fill(f"{title}. {long_script(306)}")
    page.get_by_role("button", name="Generate", exact=True).click()
    shown(page, title).wait_for()
    page.locator("#card .chip.running").first.wait_for()


def shots_in(asked: str) -> list[Any]:
    """The rows of the table of shots, where a request of the page begins with it."""
    first = next(iter(json.loads(asked).get("data") or []), None)
    return first.get("data") or [] if isinstance(first, dict) else []


def shown(page: Any, title: str) -> Any:
    return page.locator("#card .title").filter(has_text=title).first


def test_presses_count_in_their_order_while_an_answer_is_awaited(page: Any, client: Any) -> None:
    """Three presses, of which the first is answered late: all count, and the last choice stands."""
    first, second, third = narrations(page, client, "Amber", "Birch", "Cedar")
    page.evaluate(
        """() => { window.fronts = []; const card = document.querySelector('#card'), look = () => {
          const title = card.querySelector('.title')?.textContent.trim()
          if (title && window.fronts.at(-1) !== title) window.fronts.push(title) }
        look(); window.fronts.length = 0
        new MutationObserver(look).observe(card, { childList: true, subtree: true, characterData: true }) }"""
    )
    with held_back(page, lambda asked, answer: '"act":"open"' in asked) as held:
        first.locator("[data-act=open]").click()
        until(page, lambda: held)
        third.locator("[data-act=delete]").click()
        second.locator("[data-act=open]").click()
    third.wait_for(state="detached")
    shown(page, "Birch").wait_for()
    assert page.evaluate("window.fronts")[-1] == "Birch"
    page.get_by_role("status").filter(has_text="is deleted").get_by_role("button", name="Undo").click()
    third.wait_for()


def test_neither_news_nor_late_answers_come_in_the_way_of_a_press(page: Any, client: Any) -> None:
    """A job is stopped on its card while the page waits for an answer in which it is at work: that is not drawn over its end.
    Another one is stopped while the page waits for news through the same card: the press is not taken for them."""
    stop = page.locator("#card section > .row [data-act=cancel]")
    begin(page, "Dogwood")
    with held_back(page, lambda asked, answer: '"event_data"' not in asked and "chip running" in answer) as held:
        until(page, lambda: held)
        stop.click()
        page.locator("#card .chip.cancelled").first.wait_for()
    page.wait_for_timeout(500)  # for what must not be drawn
    assert page.locator("#card .chip.cancelled").count() == 1
    assert page.locator("#card .chip.running").count() == 0

    begin(page, "Elder")
    job = client.predict("", 1, api_name="/jobs")[0]["id"]
    with held_back(page, lambda asked, answer: '"event_data":{"act":"news"}' in asked) as held:
        client.predict("voiceover", {"script": "A change that is news."}, api_name="/submit")
        until(page, lambda: held)
        stop.click()
        until(page, lambda: client.predict(job, api_name="/job")["state"] == "cancelled")
    page.locator("#card .chip.cancelled").first.wait_for()


def test_a_button_that_is_pressed_again_before_its_answer_counts_twice(page: Any, client: Any) -> None:
    """Two shots are added though the first answer comes late; a double click on a button that begins a job begins one."""
    page.get_by_role("tab", name="Text-to-Video", exact=True).click()
    page.locator("#video-prompt textarea").fill("The lamp is lit at night. A boat comes home across the bay.")
    page.locator("#video-fit").get_by_text("2 shots").wait_for()
    page.locator("#video-to-shots").click()
    page.locator("#video-shots span[data-editable]").filter(has_text="A boat comes home").first.wait_for()
    until_quiet(page)
    told: list[str] = []
    page.on("request", lambda request: told.append(request.post_data or "") if "/run/predict" in request.url else None)
    with held_back(page, lambda asked, answer: True) as held:
        page.locator("#video-add-shot").click()
        until(page, lambda: held)
        page.locator("#video-add-shot").click()
    until(page, lambda: any(len(shots_in(one)) == 4 for one in told))

    page.get_by_role("tab", name="Voiceover", exact=True).click()
    page.locator("#script textarea").fill("Hawthorn, once.")
    page.locator("#counts b").first.wait_for()
    before = len(client.predict("", 500, api_name="/jobs"))
    page.get_by_role("button", name="Generate", exact=True).dblclick()
    shown(page, "Hawthorn").wait_for()
    page.locator("#card .chip.done").first.wait_for()
    assert len(client.predict("", 500, api_name="/jobs")) == before + 1


def test_a_button_counts_as_what_it_was_when_it_was_pressed(page: Any, client: Any) -> None:
    """A row that became another one between press and release: the one that was pressed is deleted, and the other one stays."""
    kept, deleted = narrations(page, client, "Fern", "Gorse")
    button = deleted.locator("[data-act=delete]")
    button.scroll_into_view_if_needed()
    button.hover()
    page.mouse.down()
    page.evaluate(OTHER_ROWS_BUTTON)
    page.mouse.up()
    page.get_by_role("status").filter(has_text="Gorse").filter(has_text="is deleted").wait_for()
    deleted.wait_for(state="detached")
    kept.wait_for()


def test_a_press_whose_answer_is_lost_holds_no_later_one(page: Any, client: Any) -> None:
    """The connection breaks while a press is on its way: the next press counts all the same."""
    first, second = narrations(page, client, "Hazel", "Iris")
    lost: list[str] = []

    def break_once(route: Any) -> None:
        if '"act":"open"' in (route.request.post_data or "") and not lost:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(CALLS, break_once)
    first.locator("[data-act=open]").click()
    until(page, lambda: lost)
    second.locator("[data-act=open]").click()
    shown(page, "Iris").wait_for()
    page.unroute_all(behavior="ignoreErrors")
