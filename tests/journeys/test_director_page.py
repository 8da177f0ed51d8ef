"""The Director tab in a real browser: from a topic to a film, past another editor's change and a server that is killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import opentimelineio as otio
import pytest
from playwright.sync_api import expect

from media.video.read import probe_video
from tests.browser import new_context
from tests.servers import RunningStudio, running_studio, wait_until

pytestmark = pytest.mark.journey


def call(studio: RunningStudio, name: str, **arguments: Any) -> Any:
    return httpx.post(f"{studio.url}/api/v1/{name}", json=arguments, timeout=60).raise_for_status().json()


def change(studio: RunningStudio, project: str, *changes: dict[str, Any]) -> None:
    call(studio, "update_project", project=project, changes=list(changes))


@pytest.mark.slow
def test_from_a_topic_to_a_film_past_another_editor_and_a_killed_server(chromium: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_studio(data) as studio:
        port = studio.port
        context = new_context(chromium, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(studio.url)
        page.get_by_role("tab", name="Director", exact=True).first.focus()
        page.keyboard.press("Enter")
        page.locator("#director-topic").focus()
        page.keyboard.type("a fox who looks for the sea")
        page.get_by_role("button", name="Write the board").focus()
        page.keyboard.press("Enter")
        rows = page.locator("#director .dr-row")
        expect(rows).to_have_count(7)
        expect(page.locator("#director .dr-origin")).to_have_text("Written by the template writer.")
        expect(page.locator("#director .dr-sum")).to_contain_text("on this machine")
        project = call(studio, "projects")[0]["id"]

        shots = call(studio, "project", project=project)["document"]["scenes"][0]["shots"]
        change(
            studio, project, {"op": "set", "at": "look.height", "to": 96},
            *({"op": "delete", "at": f"shots/{shot['id']}"} for shot in shots[2:6]),
        )  # fmt: skip
        expect(rows).to_have_count(3)

        first = rows.nth(0).locator(".dr-card")
        first.focus()
        page.keyboard.press("ArrowDown")
        expect(rows.nth(1).locator(".dr-card")).to_be_focused()
        page.keyboard.press("Enter")
        words = rows.nth(1).get_by_label("Says")
        expect(words).to_be_focused()
        words.fill("The fox went on.")
        page.keyboard.press("Control+Enter")
        expect(rows.nth(1).locator(".dr-words")).to_have_text("The fox went on.")
        expect(page.locator("#director .dr-saved")).to_have_text("Saved")

        rows.nth(1).get_by_role("button", name="Edit row 2").click()
        line = shots[1]["lines"][0]["id"]
        rows.nth(1).get_by_label("Says").fill("Mine: the fox went on.")
        change(studio, project, {"op": "set", "at": f"lines/{line}.text", "to": "Theirs."})
        expect(rows.nth(1).locator(".dr-words")).to_have_text("Theirs.")
        expect(rows.nth(1).get_by_label("Says")).to_have_value("Mine: the fox went on.")
        rows.nth(1).get_by_role("button", name="Save").click()
        expect(page.locator("#director .dr-alert")).to_contain_text("Theirs.")
        page.get_by_role("button", name="Use mine").click()
        expect(rows.nth(1).locator(".dr-words")).to_have_text("Mine: the fox went on.")

        use_the_tools(page, studio, project)
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_function("() => document.documentElement.scrollWidth <= 390")
        approve_with_the_keyboard(page)
        expect(page.locator("#director .dr-progress")).to_be_visible()
        wait_until(lambda: any((data / "clips").rglob("[!.]*.json")), 90)
        studio.kill()

    with running_studio(data, port=port) as studio:
        page.reload()
        expect(rows).to_have_count(3)
        expect(rows.nth(1).locator(".dr-words")).to_have_text("Mine: the fox went on.")
        expect(page.locator("#director .dr-result")).to_be_visible(timeout=120_000)
        expect(page.locator("#director .dr-sum")).to_contain_text("every row is made", timeout=20_000)
        expect(rows.nth(0).get_by_role("button", name="Play row 1")).to_be_enabled()
        page.wait_for_function("() => document.documentElement.scrollWidth <= 390")
        page.set_viewport_size({"width": 1440, "height": 900})
        job = call(studio, "jobs")[0]
        assert (job["kind"], job["state"]) == ("render_film", "done")
        told = call(studio, "project", project=project, film=True)["film"]
        film = probe_video(next((data / "outputs").glob("*.mp4")))
        assert film.has_audio
        assert film.duration == pytest.approx(told["seconds"], abs=0.1)
        listen_and_mark(page)
        take_a_timeline_there_and_back(page, tmp_path)
        context.close()


def approve_with_the_keyboard(page: Any) -> None:
    """On a telephone's width: every row is approved by its key, and the film is begun."""
    rows = page.locator("#director .dr-row")
    rows.nth(0).locator(".dr-card").focus()
    for number in range(3):
        card = rows.nth(number).locator(".dr-card")
        expect(card).to_be_focused()
        page.keyboard.press("a")
        expect(rows.nth(number).get_by_role("button", name=f"Approved, row {number + 1}")).to_be_visible()
        page.keyboard.press("j")
    render = page.locator("#director [data-do=render]")
    expect(render).to_have_text("Render")
    render.focus()
    page.keyboard.press("Enter")


def tool(page: Any, name: str) -> Any:
    page.locator("#director .dr-tools").get_by_role("button", name=name, exact=True).click()
    panel = page.get_by_role("region", name=name)
    expect(panel).to_be_visible()
    return panel


def use_the_tools(page: Any, studio: RunningStudio, project: str) -> None:
    """Somebody new speaks a line, words are replaced in all rows, and a snapshot brings all of that back."""
    rows = page.locator("#director .dr-row")
    panel = tool(page, "Snapshots")
    panel.get_by_label("Name").fill("Before the new voice")
    panel.get_by_role("button", name="Keep a snapshot").click()
    expect(panel.locator("li")).to_contain_text("before the new voice")
    panel = tool(page, "Cast")
    panel.get_by_label("Somebody new").fill("Ida")
    panel.get_by_role("button", name="Add").click()
    expect(panel.get_by_label("Name of Ida")).to_be_visible()
    rows.nth(1).get_by_role("button", name="Edit row 2").click()
    rows.nth(1).get_by_label("Speaker").select_option("Ida")
    rows.nth(1).get_by_role("button", name="Save").click()
    expect(rows.nth(1).locator(".dr-who")).to_have_text("Ida")
    panel = tool(page, "Find")
    panel.get_by_label("Find").fill("FOX")
    panel.get_by_label("Replace by").fill("badger")
    expect(panel.get_by_role("button", name="Replace in")).to_be_enabled()
    panel.get_by_role("button", name="Replace in").click()
    expect(rows.nth(1).locator(".dr-words")).to_have_text("Mine: the badger went on.")
    panel = tool(page, "Snapshots")
    panel.get_by_role("button", name="Go back to before the new voice").click()
    expect(rows.nth(1).locator(".dr-words")).to_have_text("Mine: the fox went on.")
    expect(rows.nth(1).locator(".dr-who")).not_to_have_text("Ida")
    assert "Ida" not in call(studio, "project", project=project)["document"]["cast"]
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def listen_and_mark(page: Any) -> None:
    """With the keyboard alone: the film is heard row by row, a row is marked and found again."""
    page.evaluate("() => { window.heard = []; const play = Audio.prototype.play;"
                  " Audio.prototype.play = function () { heard.push(this.src); return play.call(this) } }")  # fmt: skip
    rows = page.locator("#director .dr-row")
    rows.nth(0).locator(".dr-card").focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => heard.length >= 1")
    page.keyboard.press("j")
    expect(rows.nth(1).locator(".dr-card")).to_be_focused()
    page.wait_for_function("() => heard.length >= 2")
    page.keyboard.press("Space")
    page.keyboard.press("m")
    expect(rows.locator(".dr-mark", has_text="marked")).to_have_count(1)
    page.keyboard.press("Home")
    expect(rows.nth(0).locator(".dr-card")).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("#director .dr-row", has_text="marked").locator(".dr-card")).to_be_focused()


def take_a_timeline_there_and_back(page: Any, folder: Path) -> None:
    panel = tool(page, "Export")
    panel.get_by_label("Export as").select_option("stems")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Export", exact=True).click()
    assert download.value.suggested_filename == "A fox who looks for the sea (stems).zip"
    panel.get_by_label("Export as").select_option("otio")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Export", exact=True).click()
    edited = folder / "edited.otio"
    download.value.save_as(edited)
    timeline = otio.adapters.read_from_file(str(edited))
    del timeline.tracks[0][1]
    otio.adapters.write_to_file(timeline, str(edited))
    panel.get_by_label("Take an edited timeline back").set_input_files(edited)
    expect(panel.locator(".dr-notes")).to_contain_text("1 row removed")
    expect(page.locator("#director .dr-row")).to_have_count(2)
