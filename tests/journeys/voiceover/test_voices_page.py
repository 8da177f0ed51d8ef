"""Voices in a real browser: adding, judging, hearing, editing, deleting."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from media.audio.decode import decode_audio
from media.video.write import VideoWriter, join_video
from tests.browser import until_quiet
from tests.repository.sources import ROOT

pytestmark = pytest.mark.journey
CLIP = ROOT / "assets/voices/LJ001-0001.wav"


@pytest.fixture
def voices(page: Any) -> Any:
    page.get_by_role("tab", name="Voices", exact=True).click()
    page.get_by_role("button", name="New voice").click()
    page.locator("#voice-clip").wait_for()
    return page


def upload(page: Any, clip: Path) -> None:
    page.locator("#voice-clip input[type=file]").set_input_files(str(clip))


def test_a_voice_is_saved_heard_edited_and_deleted(voices: Any) -> None:
    upload(voices, CLIP)
    voices.locator("#findings .findings").wait_for()
    voices.locator("#voice-name input, #voice-name textarea").fill("Zoë of the test")
    voices.locator("#save-voice").click()
    voices.get_by_role("status").filter(has_text="Zoë of the test is saved").wait_for()
    row = voices.locator("#voices .item").filter(has_text="Zoë of the test")
    row.wait_for()
    row.locator("[data-audition]").click()
    voices.locator("#voices .item.now").wait_for()
    row.get_by_role("button", name="Edit Zoë of the test").click()
    name = voices.locator("#edit-voice-name input, #edit-voice-name textarea")
    expect(name).to_have_value("Zoë of the test")
    until_quiet(voices)  # a form that is still being built takes its first values once more
    name.fill("Zoë, changed")
    expect(name).to_have_value("Zoë, changed")
    voices.get_by_role("button", name="Save changes", exact=True).click()
    row = voices.locator("#voices .item").filter(has_text="Zoë, changed")
    row.wait_for()
    row.get_by_role("button", name="Delete Zoë, changed").click()
    row.wait_for(state="detached")
    voices.get_by_role("status").filter(has_text="is deleted").get_by_role("button", name="Undo").click()
    row.wait_for()
    row.get_by_role("button", name="Delete Zoë, changed").click()
    row.wait_for(state="detached")


def test_a_long_clip_is_offered_its_best_part(voices: Any, tmp_path: Path) -> None:
    samples, rate = soundfile.read(CLIP)
    long_clip = tmp_path / "long.wav"
    soundfile.write(long_clip, np.tile(np.concatenate([samples, np.zeros(rate // 2)]), 5), rate)
    upload(voices, long_clip)
    voices.locator("#save-window").wait_for()
    voices.locator("#voice-name input, #voice-name textarea").fill("Window")
    voices.locator("#save-window").click()
    row = voices.locator("#voices .item").filter(has_text="Window")
    row.wait_for()
    row.get_by_role("button", name="Delete Window").click()
    row.wait_for(state="detached")


def test_the_sound_of_a_video_is_taken(voices: Any, tmp_path: Path) -> None:
    silent, spoken = tmp_path / "silent.mp4", tmp_path / "spoken.mp4"
    with VideoWriter(silent, (64, 48), Fraction(5), 50) as writer:
        for _ in range(5 * 9):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    join_video(spoken, [silent], Fraction(5), iter([decode_audio(CLIP).slice(0, 9)]))
    for video, said in ((silent, "#voice-trouble [role=alert]"), (spoken, "#findings .findings")):
        with voices.expect_file_chooser() as chooser:
            voices.get_by_role("button", name="Take the sound of a video").click()
        chooser.value.set_files(str(video))
        voices.locator(said).wait_for()


def test_a_file_that_is_no_sound_is_refused_in_words(voices: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(range(256)) * 40)
    upload(voices, broken)
    voices.locator("#voice-trouble [role=alert]").wait_for()
    said = voices.locator("#voice-trouble").inner_text()
    assert "broken" in said or "sound" in said
    assert "Traceback" not in said and str(tmp_path) not in said
