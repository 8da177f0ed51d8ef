"""What is done and yet to be looked at says so, in the job, in the recipe and on the page; and faces that come late."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from capabilities.common.short_video import lengthened
from capabilities.registry import all_capabilities
from media.audio.audio import Audio, silence
from media.audio.encode import write_audio
from media.video.images import read_image
from media.video.read import Picture, probe_video, read_frames
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from tabs.lip_sync.result import face_result
from tests.engines.faces.puppet.conftest import ASSETS, SENTENCE, write_video

PORTRAIT = str(ASSETS / "portraits" / "astronaut.png")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = Services.open(load_settings(data={"folder": tmp_path_factory.mktemp("faces") / "data"}), all_capabilities)
    yield made
    made.close()


@pytest.fixture(scope="module")
def face() -> Picture:
    return np.asarray(cv2.resize(read_image(Path(PORTRAIT))[20:260, 100:340], (192, 192)), np.uint8)


def spoken(studio: Services, **spec: Any) -> Any:
    job = studio.jobs.wait(studio.jobs.submit("lip_sync", {"engine": "puppet", "fps": 10, **spec}).id, 120)
    assert job.state is JobState.DONE, job.error
    return job, studio.library.get(job.outputs[0].id)


def uploaded(studio: Services, name: str) -> Path:
    folder = studio.paths.root / "uploads"
    folder.mkdir(exist_ok=True)
    return folder / name


def test_silence_has_no_sync_and_is_told_of(studio: Services) -> None:
    quiet = uploaded(studio, "quiet.wav")
    write_audio(quiet, silence(1.2, 22_050))
    job, made = spoken(studio, face=PORTRAIT, audio=str(quiet))
    assert "silent" in job.note and made.recipe["warnings"] == [job.note]
    assert made.recipe["report"]["sync_correlation"] is None and not [fact for fact in made.facts if "sync" in fact]
    assert [event.data["text"] for event in studio.jobs.events(job.id) if event.kind == "warning"] == [job.note]
    assert 'role="status">The sound of this video is silent.' in face_result(studio, job)


def test_speech_with_one_side_upside_down_is_heard(studio: Services) -> None:
    from media.audio.decode import decode_audio

    voice = decode_audio(SENTENCE)
    turned = uploaded(studio, "turned.wav")
    write_audio(turned, Audio(np.hstack([voice.samples, -voice.samples]), voice.rate))
    job, made = spoken(studio, face=PORTRAIT, audio=str(turned), fps=25)
    assert job.note == "" and made.recipe["report"]["sync_correlation"] > 0.8 and made.warnings == ()


def test_a_face_that_is_nobody_s_is_told_of(studio: Services) -> None:
    import gradio

    tree = uploaded(studio, "tree.jpeg")
    tree.write_bytes((Path(gradio.__file__).parent / "media_assets" / "images" / "groot.jpeg").read_bytes())
    job, _ = spoken(studio, face=str(tree), audio=str(SENTENCE), seconds=1.0)
    assert "may not be a person's" in job.note


def test_a_preview_of_the_seconds_before_anybody_comes_is_one(studio: Services, face: Picture) -> None:
    late = write_video(uploaded(studio, "late.mp4"), [np.full_like(face, 90)] * 12 + [face] * 20, fps=10)
    job, made = spoken(studio, face=str(late), audio=str(SENTENCE), seconds=1.0)
    assert made.recipe["report"]["edited"] == 0 and "no face was found in this part" in job.note


class _Free:
    def check(self) -> None:
        return


@pytest.mark.parametrize(
    ("manner", "shown"), [("loop", [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]), ("pingpong", [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3])]
)
def test_a_short_video_runs_on(tmp_path: Path, manner: str, shown: list[int]) -> None:
    steps = [np.full((48, 64, 3), 40 * number + 20, np.uint8) for number in range(5)]
    video = write_video(tmp_path / "v.mp4", steps)
    longer = lengthened(video, 12, Fraction(25), manner, tmp_path, _Free())  # type: ignore[arg-type]
    seen = [round((float(frame.picture.mean()) - 20) / 40) for frame in read_frames(longer, Fraction(25), 0, 12)]
    assert seen == shown and probe_video(longer).frames >= 12
    assert lengthened(video, 5, Fraction(25), manner, tmp_path / "none", _Free()) == video  # type: ignore[arg-type]
    assert lengthened(video, 12, Fraction(25), "hold", tmp_path / "none", _Free()) == video  # type: ignore[arg-type]


def test_a_short_video_under_long_speech_goes_back_and_forth_as_asked(studio: Services, face: Picture) -> None:
    """A head that wanders to the right within half a second is on its way back in the next half."""
    wide = [np.pad(face, ((0, 0), (4 * at, 40 - 4 * at), (0, 0)), mode="edge") for at in range(8)]
    video = write_video(uploaded(studio, "short.mp4"), wide, fps=10)
    _, made = spoken(studio, face=str(video), audio=str(SENTENCE), options={"short_video": "pingpong"})
    frames = [frame.picture[:60].astype(int) for frame in read_frames(made.path, Fraction(10))]
    assert len(frames) >= 14
    assert np.abs(frames[13] - frames[1]).mean() < 3 < np.abs(frames[7] - frames[1]).mean()
