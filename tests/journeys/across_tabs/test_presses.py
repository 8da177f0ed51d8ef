"""No press of a drawn button is lost or counted for another one, whatever the studio is busy with and however late it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import CALLS, held_back, new_context, until, until_quiet
from tests.repository.sources import ROOT
from tests.servers import RunningStudio, long_script

pytestmark = pytest.mark.journey
PORTRAITS = ROOT / "assets/portraits"
OTHER_ROWS_BUTTON = """() => {
  const [first, second] = [...document.querySelectorAll('#outputs [data-act=delete]')]
  for (const { name, value } of second.attributes) first.setAttribute(name, value)
}"""
"""What Gradio does to a button whose row has become another one: the element stays, and says something else."""


ASKED_FOR = """piece => {
  const { components, dependencies } = window.gradio_config, { id } = components.find(one => one.props.elem_id === piece)
  return dependencies.filter(one => one.backend_fn && one.outputs.length === 1 && one.outputs[0] === id).map(one => one.id)
}"""
"""The listeners whose answer is a piece alone."""


@contextmanager
def asked_late(page: Any, piece: str) -> Iterator[list[Any]]:
    """Hand the first question whose answer is a piece alone on when the block ends: it is answered after those that were asked
    later. Gives a list that holds it then."""
    listeners = set(page.evaluate(ASKED_FOR, piece))
    held: list[Any] = []

    def hold(route: Any) -> None:
        asked = json.loads(route.request.post_data or "{}")
        held.append(route) if not held and asked.get("fn_index") in listeners else route.continue_()

    page.route(CALLS, hold)
    yield held
    route = held[0]
    with page.expect_event("requestfinished", lambda request: request == route.request):
        route.continue_()
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


def test_what_was_taken_back_at_once_is_drawn_again(chromium: Any, server: RunningStudio, client: Any) -> None:
    """An output is deleted and put back before the page has heard of either: what it has heard of is as before."""
    client.predict("# Juniper\n\nIt is Juniper.", api_name="/voiceover")
    page = new_context(chromium).new_page()

    def first_alone(socket: Any) -> None:
        heard: list[str] = []
        studio = socket.connect_to_server()
        studio.on_message(lambda message: None if heard else (heard.append(message), socket.send(message)))

    page.route_web_socket(re.compile("/changes$"), first_alone)
    page.goto(server.url)
    row = page.locator("#outputs .item").filter(has_text="Juniper").first
    row.locator("[data-act=delete]").click()
    row.wait_for(state="detached")
    page.get_by_role("status").filter(has_text="is deleted").get_by_role("button", name="Undo").click()
    row.wait_for()
    page.context.close()


def test_what_is_written_while_an_answer_is_awaited_stays(page: Any) -> None:
    """An address written before the section is filled in; two voices chosen while the first is being heard of."""
    page.get_by_role("tab", name="System", exact=True).click()
    with held_back(page, lambda asked, answer: said(answer) == ["", ""]) as held:
        page.get_by_role("tab", name="Language", exact=True).click()
        until(page, lambda: held)
        page.get_by_label("Address of a language server").fill("http://127.0.0.1:1")
    until_quiet(page, 0.5)
    expect(page.get_by_label("Address of a language server")).to_have_value("http://127.0.0.1:1")
    page.get_by_label("Address of a language server").fill("")

    page.get_by_role("tab", name="Voiceover", exact=True).click()
    page.locator("#script textarea").fill("Kale: One.\n\nLeek: Two.")
    expect(page.get_by_label("Leek", exact=True)).to_be_visible()
    until_quiet(page)
    with held_back(page, lambda asked, answer: '{"data":[{"Kale":"espeak/gmw/af"' in answer) as held:
        choose(page, "Kale", "Afrikaans")
        until(page, lambda: held)
        choose(page, "Leek", "Afrikaans")
    until_quiet(page, 0.5)
    page.locator("#script textarea").fill("Kale: One.\n\nLeek: Two.\n\nKale: Three.")
    until_quiet(page)
    for name in ("Kale", "Leek"):
        expect(page.get_by_label(name, exact=True)).to_have_value(re.compile("Afrikaans"))
    page.locator("#script textarea").fill("")


def test_an_older_answer_changes_nothing_back(page: Any) -> None:
    """A picture is chosen and a face on it clicked; the answer to the first comes after that to the second."""
    page.get_by_role("tab", name="Lip-sync", exact=True).click()
    picture = page.locator("#face-picture img")
    with held_back(page, lambda asked, answer: said(answer) == [None, ""]) as held:
        page.locator("#face-picture input[type=file]").set_input_files(PORTRAITS / "astronaut.png")
        picture.wait_for()
        until(page, lambda: held)
        box = picture.bounding_box()
        picture.click(position={"x": box["width"] / 2 - 0.06 * box["height"], "y": box["height"] * 0.25})
        page.locator("#face-clicked").get_by_text("Face 1 of 1 is meant").wait_for()
    until_quiet(page, 0.5)
    expect(page.locator("#face-clicked")).to_contain_text("Face 1 of 1 is meant")

    page.get_by_role("tab", name="Voiceover", exact=True).click()
    with asked_late(page, "video-fit") as held:
        page.get_by_role("tab", name="Text-to-Video", exact=True).click()
        until(page, lambda: held)
        page.locator("#video-prompt textarea").fill("A gull over the bay. A boat below it.")
        page.locator("#video-fit").get_by_text("2 shots").wait_for()
    until_quiet(page, 0.5)
    expect(page.locator("#video-fit")).to_contain_text("2 shots")


def said(answer: str) -> list[Any]:
    """The values of an answer."""
    return json.loads(answer).get("data") or [] if answer.startswith("{") else []


def choose(page: Any, label: str, words: str) -> None:
    """Choose the first voice with such words in its name."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option").filter(has_text=words).first.click()
