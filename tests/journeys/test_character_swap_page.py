"""What a person does in the Character Swap tab, in a real browser, with no ComfyUI in the house."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media.video.read import Picture, probe_video
from tests.engines.swap.conftest import DONOR, write_clip
from tests.engines.swap.conftest import face as face

pytestmark = pytest.mark.journey
PATIENCE = 30_000


def test_a_face_is_swapped_from_the_page(page: Any, face: Picture, tmp_path: Path) -> None:
    """A portrait and a clip become a video beside its clip; its settings come back, and it goes on to Lip-sync."""
    clip = write_clip(tmp_path / "a short clip.mp4", [face] * 12, sound=True)
    page.get_by_role("tab", name="Character Swap", exact=True).click()
    page.locator("#swap-about").get_by_text("ComfyUI is not connected").wait_for(timeout=PATIENCE)
    page.locator("#swap-go").click()
    page.locator("#swap-trouble").get_by_text("“Portrait” is missing").wait_for(timeout=PATIENCE)

    page.locator("#swap-image input[type=file]").set_input_files(str(DONOR))
    page.locator("#swap-video input[type=file]").set_input_files(str(clip))
    page.locator("#swap-fit").get_by_text("12 pictures of 240 × 240").wait_for(timeout=PATIENCE)
    page.get_by_text("Whose face: click on it").click()
    first = page.locator("#swap-first img")
    first.wait_for(timeout=PATIENCE)
    unmarked = first.get_attribute("src")
    box = first.bounding_box()
    middle, side = box["width"] / 2, box["height"]  # a square picture in the middle of its box
    first.click(position={"x": middle - 0.4 * side, "y": 0.9 * side})
    page.locator("#swap-clicked").get_by_text("That is no face").wait_for(timeout=PATIENCE)
    assert first.get_attribute("src") == unmarked, "nobody is taken for being the nearest"
    first.click()
    page.locator("#swap-clicked").get_by_text("Face 1 of 1 is meant").wait_for(timeout=PATIENCE)
    page.wait_for_function(
        "before => document.querySelector('#swap-first img').getAttribute('src') !== before", arg=unmarked, timeout=PATIENCE
    )

    page.locator("#swap-go").click()
    page.locator("#swap-card .chip.done").wait_for(timeout=4 * PATIENCE)
    result = page.locator("#swap-detail figure").filter(has_text="result").locator("video")
    result.wait_for(timeout=PATIENCE)
    page.locator("#swap-detail figure").filter(has_text="driving clip").locator("video").wait_for(timeout=PATIENCE)
    page.locator("#swap-detail").get_by_text("12 of 12 pictures edited").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Lay over each other").click()
    edge = page.get_by_label("Where before and after are parted")
    edge.fill("25")
    page.wait_for_function(
        "() => getComputedStyle(document.querySelector('#swap-detail figure:last-of-type video')).clipPath.includes('25%')"
    )
    boxes = [page.locator("#swap-detail figure video").nth(number).bounding_box() for number in (0, 1)]
    assert boxes[0] == boxes[1], "one lies over the other"
    page.get_by_role("button", name="Play both").click()
    page.wait_for_function("() => [...document.querySelectorAll('#swap-detail video')].every(video => video.currentTime > 0)")
    page.get_by_role("button", name="Lay over each other").click()
    edge.wait_for(state="hidden")
    with page.expect_download() as saved:
        page.locator("#swap-detail .downloads a").first.click()
    saved.value.save_as(tmp_path / "swapped.mp4")
    info = probe_video(tmp_path / "swapped.mp4")
    assert info.frames == 12 and info.has_audio

    page.locator("#swap-gallery").get_by_role("button", name="Wan 2.2 Animate").click()
    page.locator("#swap-options").get_by_text("Frame rate").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Compare the framing").click()
    page.locator("#swap-framing").get_by_text("times smaller in the picture").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Frame it alike").click()
    page.locator("#swap-framing").get_by_text("framed as the clip now").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Frame it alike").wait_for(state="hidden", timeout=PATIENCE)
    page.locator("#swap-go").click()
    page.locator("#swap-trouble").get_by_text("No ComfyUI server is set").wait_for(timeout=PATIENCE)
    page.locator("#swap-outputs").get_by_role("button", name="Use the settings of a-short-clip (face swap)").first.click()
    page.locator("#swap-options").get_by_text("Light of the clip").wait_for(timeout=PATIENCE)

    page.locator("#swap-detail").get_by_role("button", name="Send to Lip-sync").click()
    page.locator("#face-go").wait_for(timeout=PATIENCE)
