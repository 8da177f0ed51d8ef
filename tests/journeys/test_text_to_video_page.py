"""What a person does in the Text-to-Video tab, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from media.video.read import probe_video

pytestmark = pytest.mark.journey


def wait_for_state(page: Any, state: str, seconds: float = 120) -> None:
    page.locator(f"#video-card .chip.{state}").first.wait_for(timeout=seconds * 1000)


def test_a_clip_from_the_page(page: Any, tmp_path: Path) -> None:
    """A text becomes a shot list, a clip in a loop, and its last frame the beginning of the next clip."""
    page.get_by_role("tab", name="Text-to-Video", exact=True).click()
    page.locator("#video-prompt textarea").fill("The lamp is lit at night. A boat comes home across the bay.")
    page.locator("#video-fit").get_by_text("2 shots").wait_for()
    page.locator("#video-to-shots").click()
    page.locator("#video-shots span[data-editable]").filter(has_text="A boat comes home").first.wait_for()
    page.locator("#video-add-shot").click()
    page.wait_for_function("!document.querySelector('#video-shots-undo').disabled")
    page.locator("#video-shots-undo").click()
    page.wait_for_function("!document.querySelector('#video-shots-redo').disabled")
    page.locator("#video-fit").get_by_text("2 shots").wait_for()
    with page.expect_download() as listed:
        page.locator("#video-csv").click()
    listed.value.save_as(tmp_path / "shots.csv")
    assert "A boat comes home across the bay." in (tmp_path / "shots.csv").read_text("utf-8")

    page.locator("#video-size input").fill("320x180")
    page.locator("#video-size input").press("Enter")
    page.locator("#video-source").get_by_text("A text", exact=True).click()
    page.locator("#video-prompt textarea").fill("The lamp is lit at night.")
    page.locator("#video-go").click()
    wait_for_state(page, "done")
    video = page.locator("#video-detail video")
    video.wait_for()
    assert video.evaluate("one => one.loop") is True
    page.wait_for_function("document.querySelector('#video-detail video')?.readyState >= 1")
    assert 1.5 < video.evaluate("one => one.duration") < 6
    with page.expect_download() as saved:
        page.locator("#video-detail .downloads a").first.click()
    saved.value.save_as(tmp_path / "clip.mp4")
    assert probe_video(tmp_path / "clip.mp4").has_audio

    page.get_by_role("button", name="Go on from the last frame").click()
    page.locator("#video-image img").wait_for()
    page.get_by_role("button", name="Keep this seed").click()
    page.locator("#video-more").get_by_role("button", name="More").click()
    page.wait_for_function("(document.querySelector('#video-seed :is(input, textarea)')?.value ?? '') !== ''")

    page.reload()
    page.get_by_role("tab", name="Text-to-Video", exact=True).click()
    wait_for_state(page, "done")
    make_it_larger(page)
    page.locator("#video-detail").get_by_role("button", name="Send to Lip-sync").click()
    page.locator("#face-output input").wait_for()


def make_it_larger(page: Any) -> None:
    """The button of the result opens the fold with this video chosen; its button makes it twice as large."""
    page.wait_for_function("document.querySelector('#video-detail video')?.readyState >= 1")  # painted, and at rest
    page.locator("#video-detail").get_by_role("button", name="Upscale").click()
    page.locator("#upscale-go").wait_for(timeout=60_000)
    page.wait_for_function("document.querySelector('#upscale-video input')?.value.includes('animatic')")
    page.locator("#upscale-go").click()
    page.locator("#video-card").get_by_text("Larger:").first.wait_for()
    wait_for_state(page, "done")
    page.locator("#video-detail").get_by_text("320 × 180 to 640 × 360").wait_for(timeout=120_000)
    page.wait_for_function("document.querySelector('#video-detail video')?.videoWidth === 640")


def test_what_cannot_be_is_said_and_stays(page: Any) -> None:
    page.get_by_role("tab", name="Text-to-Video", exact=True).click()
    page.locator("#video-prompt textarea").fill("")
    page.locator("#video-go").click()
    expect(page.locator("#video-trouble")).to_contain_text("no prompt")
