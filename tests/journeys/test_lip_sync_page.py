"""What a person does in the Lip-sync tab, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from media.audio.decode import probe
from media.video.read import probe_video
from tests.repository.sources import ROOT

pytestmark = pytest.mark.journey

PORTRAITS = ROOT / "assets" / "portraits"
SPEECH = ROOT / "assets" / "voices" / "LJ001-0008.wav"


def open_tab(page: Any) -> None:
    page.get_by_role("tab", name="Lip-sync", exact=True).click()
    page.locator("#face-go").wait_for()


def wait_for_state(page: Any, state: str, seconds: float = 180) -> None:
    page.locator(f"#face-card .chip.{state}").first.wait_for(timeout=seconds * 1000)


def choose(page: Any, group: str, name: str) -> None:
    page.locator(f"#{group} label").filter(has_text=name).first.click()


def test_a_portrait_speaks_then_leads_another(page: Any, client: Any, tmp_path: Path) -> None:
    """A sample portrait and a short recording become a video; that video leads a second portrait; both settings come back."""
    open_tab(page)
    page.locator("#face-picture input[type=file]").set_input_files(PORTRAITS / "astronaut.png")
    page.locator("#face-picture img").wait_for()
    picture = page.locator("#face-picture img")
    box = picture.bounding_box()
    middle, side = box["width"] / 2, box["height"]  # a square picture in the middle of its box
    picture.click(position={"x": middle - 0.4 * side, "y": side * 0.9})
    page.locator("#face-clicked").get_by_text("That is no face; there is one face in this picture").wait_for(timeout=60_000)
    picture.click(position={"x": middle - 0.06 * side, "y": side * 0.25})
    page.locator("#face-clicked").get_by_text("Face 1 of 1 is meant").wait_for()
    page.locator("#face-first img").wait_for()  # where it is outlined
    choose(page, "speech-from", "Recording")
    page.locator("#face-audio input[type=file]").set_input_files(SPEECH)
    page.locator("#face-fit").get_by_text("frames").wait_for()
    page.locator("#face-go").click()
    wait_for_state(page, "done")

    result = page.locator("#face-detail")
    result.locator("video").wait_for()
    expect(result.get_by_text("pictures edited")).to_be_visible()
    expect(result.get_by_text("sync 0.9")).to_be_visible()
    expect(result.get_by_role("img", name="How far the mouth opens over time")).to_be_visible()
    page.wait_for_function("document.querySelector('#face-detail video')?.readyState >= 1")
    spoken = client.predict(1, api_name="/outputs")[0]["id"]
    with page.expect_download() as saved:
        result.locator(".downloads a").first.click()
    saved.value.save_as(tmp_path / "spoken.mp4")
    assert abs(probe_video(tmp_path / "spoken.mp4").duration - probe(SPEECH).duration) < 0.06

    choose(page, "face-mode", "Animate a portrait")
    page.locator("#driving").wait_for()
    page.get_by_text("Driving strength", exact=True).locator("visible=true").first.wait_for()
    expect(page.get_by_text("Head motion", exact=True).locator("visible=true"), "it does nothing here").to_have_count(0)
    expect(page.locator("#face-from").get_by_text("Video", exact=True)).to_have_count(0)
    page.locator("#face-picture input[type=file]").set_input_files(PORTRAITS / "mona-lisa.jpg")
    choose(page, "driving-from", "Library")
    page.locator("#driving-output input").click()
    page.get_by_role("option", name="LJ001-0008").first.click()
    page.locator("#face-preview").click()
    result.get_by_alt_text("The picture it was made from").locator("visible=true").wait_for(timeout=180_000)
    page.wait_for_function(f"document.querySelector('#face-detail video')?.src.includes('{spoken}') === false", timeout=180_000)
    made = client.predict(2, api_name="/outputs")
    assert [one["kind"] for one in made] == ["video", "video"]

    page.reload()
    open_tab(page)
    rows = page.locator("#face-outputs .item").filter(has_text="MP4")
    rows.nth(1).get_by_role("button", name="Use the settings of").click()
    page.wait_for_function("document.querySelector('#face-picture img') !== null")
    expect(page.locator("#speech-from input:checked")).to_have_value("Recording")
    rows.nth(0).get_by_role("button", name="Use the settings of").click()
    page.locator("#driving-output").wait_for()
    expect(page.locator("#driving-from input:checked")).to_have_value("Library")


def test_what_cannot_be_is_said(page: Any) -> None:
    open_tab(page)
    page.locator("#face-go").click()
    expect(page.locator("#face-trouble .reason")).to_contain_text("face is missing")
