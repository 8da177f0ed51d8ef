"""A scene rehearsed with a recorded reader and a real recogniser: slips are found, cues come, nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capabilities.conversation.rehearsal.report import FOLDER, finish_left
from capabilities.conversation.rehearsal.session import Begin, Plain, Played, RehearsalSession
from capabilities.registry import all_capabilities
from media.audio.decode import decode_audio
from media.audio.resample import resample
from media.audio.voice_activity import RATE
from studio.errors import InvalidInput, NotFound
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from tests.model_weights import whisper_base

CLIPS = Path("assets/voices")
SCENE = """\
Anna: What is said of it?
Reader: Has never really been surpassed.
Anna: And how does it differ?
Reader: In being fairly modern.
Anna: Go on.
Reader: Nobody in this room will ever say this line aloud.
Anna: Is there more?
Reader: The invention of movable metal letters in the middle of the fifteenth century may justly be considered as the invention of
 the art of printing.
Anna: Thank you.
"""
"""Where the reader's recordings leave out "really", say "comparatively" for "fairly", and skip the third line."""

SHORT = "Anna: Are you there?\nBen: I am here.\nAnna: Good."


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    roots = [str(whisper_base().parent)]
    opened = Services.open(load_settings(data={"folder": tmp_path_factory.mktemp("data"), "weights": roots}), all_capabilities)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def deaf_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    opened = Services.open(load_settings(data={"folder": tmp_path_factory.mktemp("data")}), all_capabilities)
    yield opened
    opened.close()


def narration(studio: Services, script: str) -> str:
    job = studio.jobs.wait(studio.jobs.submit("voiceover", {"script": script}).id, 120)
    assert job.state is JobState.DONE, job.error
    return job.outputs[0].id


def microphone(name: str) -> bytes:
    """A recording as a page sends it, with the room's noise before and after."""
    sound = resample(decode_audio(CLIPS / f"{name}.wav").mono(), RATE).samples[:, 0]
    rng = np.random.default_rng(1)
    padded = np.concatenate([np.zeros(RATE // 2), sound, np.zeros(RATE)]) + rng.normal(0, 0.001, sound.size + RATE * 3 // 2)
    return bytes((np.clip(padded, -1, 1) * 32767).astype("<i2").tobytes())


class Page:
    """A page that hears every cue at once, and says what it is given to say whenever a line is its own."""

    def __init__(self, studio: Services, recordings: list[bytes], **begin: Any) -> None:
        self.told: list[dict[str, Any]] = []
        self._recordings = recordings
        self._news = asyncio.Event()
        self.session = RehearsalSession(studio, Begin(type="begin", prompt_after=0, **begin), self._tell)

    def _tell(self, message: dict[str, Any]) -> None:
        self.told.append(message)
        self._news.set()

    async def run(self, until: str) -> None:
        """React to what is told until a message of this type came."""
        await self.session.open()
        seen = 0
        while not any(one["type"] == until for one in self.told):
            await asyncio.wait_for(self._news.wait(), 120)
            self._news.clear()
            fresh, seen = self.told[seen:], len(self.told)
            for message in fresh:
                await self._react(message)
        await self.session.close()

    async def _react(self, message: dict[str, Any]) -> None:
        if message["type"] == "play":
            await self.session.receive(Played(type="played", index=message["index"]))
        elif message["type"] == "yours":
            if self._recordings:
                self.session.sound(self._recordings.pop(0))
            else:
                await self.session.receive(Plain(type="said"))

    def over(self) -> list[dict[str, Any]]:
        return [one for one in self.told if one["type"] == "over"]


@pytest.mark.slow
def test_a_recorded_reader_is_followed_and_each_slip_is_found(studio: Services) -> None:
    spoken = [microphone(name) for name in ("LJ001-0008", "LJ001-0002", "LJ001-0005")]

    async def rehearsed() -> Page:
        page = Page(studio, spoken, narration=narration(studio, SCENE), part="Reader")
        await page.run("saved")
        return page

    page = asyncio.run(rehearsed())
    first, second, third, fourth = page.over()
    assert [word for word, state, _ in first["words"] if state == "left out"] == ["really"]
    assert [(word, heard) for word, state, heard in second["words"] if state == "changed"] == [("fairly", "comparatively")]
    assert third["passed_over"] and not third["heard"]
    said = [word for word, state, _ in fourth["words"] if state == "said"]
    assert len(said) >= len(fourth["words"]) - 1 and not fourth["passed_over"]
    assert all(one["pickup"] is not None for one in (first, second))
    saved = studio.library.get(next(one["output"] for one in page.told if one["type"] == "saved"))
    report = saved.path.read_text("utf-8")
    assert "left out: “really”" in report and "“fairly” was said as “comparatively”" in report and "passed over" in report
    assert saved.recipe["kind"] == "rehearsal" and saved.recipe["parents"]
    assert not list((studio.paths.root / FOLDER).glob("*"))


@pytest.mark.slow
def test_a_run_by_hand_needs_no_recogniser(deaf_studio: Services) -> None:
    async def rehearsed() -> Page:
        page = Page(deaf_studio, [], narration=narration(deaf_studio, SHORT), part="Ben", microphone=False)
        await page.run("saved")
        return page

    page = asyncio.run(rehearsed())
    [line] = page.over()
    assert line["by_hand"] and next(one for one in page.told if one["type"] == "end")["by_hand"] == 1


@pytest.mark.slow
def test_what_was_said_before_a_kill_becomes_a_report_at_the_next_start(deaf_studio: Services) -> None:
    named = narration(deaf_studio, SHORT)

    async def until_the_line_is_over() -> None:
        page = Page(deaf_studio, [], narration=named, part="Ben", microphone=False)
        await page.session.open()
        await page.session.receive(Played(type="played", index=0))
        await page.session.receive(Plain(type="said"))

    asyncio.run(until_the_line_is_over())  # and never closed
    folder = deaf_studio.paths.root / FOLDER
    [left] = folder.glob("*.json")
    assert json.loads(left.read_text("utf-8"))["part"] == "Ben"
    [output] = finish_left(folder, deaf_studio.library)
    assert "ended by hand" in output.path.read_text("utf-8") and not list(folder.iterdir())
    left.write_text("{", "utf-8")
    assert finish_left(folder, deaf_studio.library) == [] and left.exists()  # what cannot be read stays where it is
    left.unlink()


@pytest.mark.slow
def test_what_is_no_scene_is_refused_in_words(deaf_studio: Services) -> None:
    async def opened(**begin: Any) -> None:
        await RehearsalSession(deaf_studio, Begin(type="begin", **begin), lambda message: None).open()

    named = narration(deaf_studio, SHORT)
    with pytest.raises(InvalidInput, match="Nobody called Charles"):
        asyncio.run(opened(narration=named, part="Charles"))
    with pytest.raises(NotFound):
        asyncio.run(opened(narration="nothing.wav", part="Ben"))
