"""The Conversation tab in a real browser: a scene is prepared, and rehearsed with a microphone that the test speaks into."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

CLIPS = Path("assets/voices")

MICROPHONE = """
window.microphone = { opened: 0 }
navigator.mediaDevices.getUserMedia = async () => {
  const mic = window.microphone
  mic.opened += 1
  mic.context ||= new AudioContext()
  if (!mic.out) {
    mic.out = mic.context.createMediaStreamDestination()
    const hiss = mic.context.createBufferSource(), noise = mic.context.createBuffer(1, 48000, 48000)
    const samples = noise.getChannelData(0)
    for (let at = 0; at < samples.length; at++) samples[at] = (Math.random() - .5) * .002
    hiss.buffer = noise; hiss.loop = true; hiss.connect(mic.out); hiss.start()
  }
  return mic.out.stream.clone()
}
window.microphone.hear = async data => {
  const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0)), mic = window.microphone
  const node = mic.context.createBufferSource()
  node.buffer = await mic.context.decodeAudioData(bytes.buffer)
  node.connect(mic.out)
  await new Promise(done => { node.onended = done; node.start() })
}
"""

SCENE = """\
Anna: What is said of this printing?
Reader: Has never been surpassed.
Anna: And how does it differ?
Reader: In being comparatively modern.
Anna: Thank you.
"""


def recording(name: str) -> str:
    return base64.b64encode((CLIPS / f"{name}.wav").read_bytes()).decode()


def open_tab(page: Any) -> None:
    page.get_by_role("tab", name="Conversation", exact=True).click()
    page.locator("#scene-script textarea").wait_for()


def prepare(page: Any) -> None:
    page.locator("#scene-script textarea").fill(SCENE)
    page.locator("#scene-go").click()
    page.locator("#stage .stage").wait_for(timeout=120_000)
    page.locator("#scene-part").get_by_text("Reader", exact=True).click()
    page.locator("#stage .stage[data-part=Reader]").wait_for()


def test_a_scene_is_rehearsed_with_the_microphone(page: Any) -> None:
    """In the box alone, without a model: the reading follower hears that a line is over; help comes when it is asked for."""
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    page.add_init_script(MICROPHONE)
    page.reload()
    open_tab(page)
    prepare(page)
    stage = page.locator("#stage .stage")
    expect(page.locator("#stage li.own")).to_have_count(2)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("button", name="Stop", exact=True).locator("visible=true")).to_have_count(1)

    page.locator("#stage .stage.yours").wait_for(timeout=60_000)
    expect(page.locator("#stage li.now")).to_have_attribute("data-line", "1")
    page.evaluate("data => microphone.hear(data)", recording("LJ001-0008"))
    expect(page.locator('#stage li[data-line="1"]')).to_have_class("own done good", timeout=60_000)

    page.locator('#stage .stage.yours li.now[data-line="3"]').wait_for(timeout=60_000)
    page.get_by_role("button", name="Prompt me", exact=True).click()
    expect(stage.locator(".stage-state")).to_contain_text("In being comparatively modern.")
    page.locator("#stage .stage.yours").wait_for()
    page.get_by_role("button", name="I have said it", exact=True).click()
    expect(stage.locator(".stage-report")).to_contain_text("2 lines of yours: 1 word-perfect, 1 prompted, 1 ended by hand.")
    with page.expect_download() as download:
        stage.get_by_role("link", name="Download the report").click()
    assert "prompted once" in Path(download.value.path()).read_text("utf-8")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert page.evaluate("microphone.opened") == 1


def test_a_rehearsal_goes_on_by_hand_where_no_microphone_is(page: Any) -> None:
    """Headless browsers have none: it is said, and the keyboard carries the run; hidden lines are seen when they are over."""
    open_tab(page)
    prepare(page)
    page.get_by_label("Hide my lines until they are over").check()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#stage .stage-trouble")).to_contain_text("Go on by hand")
    page.locator("#stage .stage.yours").wait_for(timeout=60_000)
    hidden = page.locator('#stage li[data-line="1"] .words')
    assert hidden.evaluate("one => getComputedStyle(one).color") == "rgba(0, 0, 0, 0)"
    page.locator("#stage .stage-state").click()
    page.keyboard.press("Space")
    page.locator('#stage li.done[data-line="1"]').wait_for()
    assert hidden.evaluate("one => getComputedStyle(one).color") != "rgba(0, 0, 0, 0)"
    page.locator('#stage .stage.yours li.now[data-line="3"]').wait_for(timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#stage .stage-state")).to_contain_text("What you have said so far is kept.")
    page.get_by_label("Hide my lines until they are over").uncheck()


def test_a_scene_that_cannot_be_is_answered_in_words(page: Any) -> None:
    open_tab(page)
    page.locator("#scene-go").click()
    page.locator("#scene-trouble [role=alert]").wait_for()
    assert "script" in page.locator("#scene-trouble").inner_text().lower()
    page.locator("#scene-script textarea").fill("Anna: A line [pause forever] and another.")
    page.locator("#scene-trouble [role=alert]").wait_for(state="detached")
