"""The Conversation tab in a real browser: a scene is prepared, and rehearsed with a microphone that the test speaks into."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from capabilities.conversation.account.accounts import ConversationAccounts
from capabilities.conversation.account.model import Partners, Stage, TurnSpeaker
from media.audio.decode import decode_audio
from media.audio.resample import resample
from tests.servers import RunningStudio

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

ROOM = """
window.room = { gain: 1, cancelled: .01 }
const connect = AudioNode.prototype.connect
navigator.mediaDevices.getUserMedia = async ({ audio }) => {
  const room = window.room
  room.context ||= new AudioContext()
  room.out = room.context.createGain()
  room.out.gain.value = room.gain * (audio.echoCancellation ? room.cancelled : 1)
  const end = room.context.createMediaStreamDestination()
  connect.call(room.out, end)
  return end.stream
}
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode && window.room.out && this.context !== window.room.context) {
    const copy = this.context.createMediaStreamDestination()
    connect.call(this, copy)
    connect.call(window.room.context.createMediaStreamSource(copy.stream), window.room.out)
  }
  return connect.call(this, to, ...more)
}
"""
"""A microphone that hears what the page plays, less of it where the page wants it cancelled."""

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
    page.locator("#conversation-mode").get_by_text("Rehearse a scene", exact=True).click()
    page.locator("#scene-script textarea").wait_for()


def prepare(page: Any) -> None:
    page.locator("#scene-script textarea").fill(SCENE)
    page.locator("#scene-go").click()
    page.locator("#stage .stage").wait_for(timeout=120_000)
    page.locator("#scene-part").get_by_text("Reader", exact=True).click()
    page.locator("#stage .stage[data-part=Reader]").wait_for()


@contextmanager
def a_conversation(folder: Path, title: str, answer: bytes) -> Iterator[str]:
    """One that goes on until the end of the block, in which a question was asked and the answer cut."""
    recorder = ConversationAccounts(folder).begin(title, Partners(voice="Somebody", mind="Qwen"))
    recorder.turn_began("u1", TurnSpeaker.PERSON, 0.0)
    recorder.text("u1", "Does the tide come twice a day?")
    recorder.turn_over("u1", 1.0)
    recorder.turn_began("a1", TurnSpeaker.STUDIO, 1.5, speech_end=1.0)
    recorder.stage("a1", Stage.VAD, 1.2)
    recorder.stage("a1", Stage.FIRST_SOUND, 1.45)
    recorder.text("a1", "It comes twice, and it goes twice.")
    recorder.sound(TurnSpeaker.STUDIO, answer, 1.5)
    recorder.heard("a1", [("It", 1.6, 1.9), ("comes", 1.9, 2.3), ("twice,", 2.3, 3.0)])
    recorder.flush()
    yield recorder.id
    recorder.turn_over("a1", 5.5, cut=True)
    recorder.close(6.0)


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
    expect(hidden).to_have_css("color", "rgba(0, 0, 0, 0)")
    page.locator("#stage .stage-state").click()
    page.keyboard.press("Space")
    page.locator('#stage li.done[data-line="1"]').wait_for()
    expect(hidden).not_to_have_css("color", "rgba(0, 0, 0, 0)")
    page.locator('#stage .stage.yours li.now[data-line="3"]').wait_for(timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#stage .stage-state")).to_contain_text("What you have said so far is kept.")
    page.get_by_label("Hide my lines until they are over").uncheck()


def test_the_echo_of_the_room_chooses_how_the_studio_listens(page: Any) -> None:
    """Nothing comes back: headphones. It comes back and is cancelled, or is not: said, and chosen in the form."""
    page.add_init_script(ROOM)
    page.reload()
    page.get_by_role("tab", name="Conversation", exact=True).click()
    page.locator("#conversation-mode").get_by_text("Talk", exact=True).click()
    said = page.locator("#talk .stage-state")
    for room, choice in (
        ({"gain": 0}, "headphones"),
        ({"gain": 1, "cancelled": 1}, "half duplex"),
        ({"cancelled": 0}, "cancelling"),
    ):
        page.evaluate("wanted => Object.assign(window.room, wanted)", room)
        page.get_by_role("button", name="Test for echo", exact=True).click()
        expect(said).to_contain_text("is chosen", timeout=60_000)
        expect(page.locator(f'#talk-echo input[value="{choice}"]')).to_be_checked()
        expect(page.locator("#talk-ready .talk-ready")).to_have_attribute("data-settings", re.compile(f'"echo": "{choice}"'))


def test_a_scene_that_cannot_be_is_answered_in_words(page: Any) -> None:
    open_tab(page)
    page.locator("#scene-go").click()
    page.locator("#scene-trouble [role=alert]").wait_for()
    expect(page.locator("#scene-trouble")).to_contain_text("script", ignore_case=True)
    page.locator("#scene-script textarea").fill("Anna: A line [pause forever] and another.")
    page.locator("#scene-trouble [role=alert]").wait_for(state="detached")


def test_a_conversation_that_was_had_is_read_heard_deleted_and_taken_into_the_studio(page: Any, server: RunningStudio) -> None:
    """The list appears by itself; what was never heard is struck out; undo; a turn becomes a result, a voice with consent."""
    open_tab(page)
    sound = (resample(decode_audio(CLIPS / "LJ001-0001.wav"), 24_000).slice(0, 4).samples * 32_767).astype("<i2").tobytes()
    with a_conversation(server.data / "conversations", "The tide", sound) as conversation:
        row = page.locator("#past-talks .item", has_text="The tide")
        expect(row).to_contain_text("going on", timeout=30_000)
    expect(row).to_contain_text("0:06 · 2 turns · 1 reply interrupted", timeout=30_000)
    row.get_by_role("button", name="Read The tide").click()
    talk = page.locator("#past-talk .past-talk")
    expect(talk.locator("li.studio")).to_contain_text("It comes twice,")
    expect(talk.locator("li.studio del")).to_have_text("and it goes twice.")
    expect(talk.locator("li.studio .waterfall")).to_contain_text("sound sent 0.25 s")
    with page.expect_download() as download:
        talk.get_by_role("link", name="Script").click()
    assert "Greenroom: It comes twice, —" in Path(download.value.path()).read_text("utf-8")
    address = f"media/conversations/{conversation}/turns/a1"
    assert page.evaluate("async at => (await fetch(at)).headers.get('content-type')", address) == "audio/wav"

    talk.locator("li.studio").get_by_role("button", name="Keep its voice").click()
    page.locator("#turn-voice-name textarea, #turn-voice-name input").fill("Out of a talk")
    page.locator("#turn-voice-save").click()
    expect(page.locator("#turn-voice-trouble [role=alert]")).to_contain_text("consent")
    page.locator("#turn-voice-consent textarea, #turn-voice-consent input").fill("LJ, by the licence of the recording")
    page.locator("#turn-voice-save").click()
    expect(page.get_by_text("Out of a talk is saved.")).to_be_visible()
    talk.locator("li.studio").get_by_role("button", name="Put the sound of this turn among the results").click()
    expect(page.get_by_text("is among the results")).to_be_visible()

    row.get_by_role("button", name="Delete The tide").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(row).to_have_count(1, timeout=30_000)
