"""The built-in engine and the production "upscale": sizes, sound, timing, subtitles, refusals, and going on after a stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import handle_file

from engines.contract import EnginePaths
from engines.contract.upscaling import UpscaleRequest
from engines.upscaling.basic.engine import BasicUpscale, BasicUpscaleOptions, enlarged
from media.audio.decode import decode_audio
from media.errors import Cancelled
from media.video.read import probe_video, read_frames
from media.video.write import count_pictures
from studio.errors import GreenroomError
from studio.library.model import NotEnoughSpace
from tests.engines.conftest import ASSETS
from tests.engines.contract_suite import TinyRun
from tests.engines.upscaling.conftest import FRAMES, SIZE, Enlarging, moving, png


def test_edges_get_sharper_without_halos_and_flat_areas_stay() -> None:
    picture = np.full((24, 40, 3), 60, np.uint8)
    picture[:, 20:] = 190
    picture[:, :10] += np.random.default_rng(0).integers(0, 4, (24, 10, 1)).astype(np.uint8)
    soft, sharp = (enlarged(picture, 4, sharpness) for sharpness in (0.0, 1.0))
    assert soft.shape == sharp.shape == (96, 160, 3)
    assert sharp.min() >= 60 and sharp.max() <= 190, "nothing is darker or brighter than what was there"
    steps = [np.abs(np.diff(one[48, :, 0].astype(int))).max() for one in (soft, sharp)]
    assert steps[1] > 1.15 * steps[0], "the edge is steeper"
    noise = [one[:, 8:32, 0].std() for one in (soft, sharp)]
    assert noise[1] < 1.3 * noise[0], "noise is not sharpened"
    assert np.abs(enlarged(picture, 2, 0.0)[::2, ::2].astype(int) - picture).mean() < 3, "it is the same picture"


def test_it_goes_on_at_the_part_where_it_stopped(tmp_path: Path) -> None:
    engine = BasicUpscale(EnginePaths(ASSETS, tmp_path), BasicUpscaleOptions(), TinyRun())
    engine.load()
    whole = UpscaleRequest(moving(tmp_path / "small.mp4"), tmp_path, (10, 1), FRAMES, 12)
    parts = list(engine.upscale(whole))
    assert [(part.first, part.frames) for part in parts] == [(0, 12), (12, 12), (24, 6)]
    before = parts[1].path.read_bytes()
    again = list(engine.upscale(replace(whole, first_frame=12)))
    assert [part.first for part in again] == [12, 24] and again[0].path.read_bytes() == before


def test_a_cancel_leaves_no_part(tmp_path: Path) -> None:
    run = TinyRun()
    engine = BasicUpscale(EnginePaths(ASSETS, tmp_path), BasicUpscaleOptions(), run)
    engine.load()
    run.cancelled = True
    with pytest.raises(Cancelled):
        list(engine.upscale(UpscaleRequest(moving(tmp_path / "small.mp4"), tmp_path, (10, 1), FRAMES, 12)))
    assert not list(tmp_path.glob("part-*"))


def test_a_video_of_the_library_becomes_larger(enlarging: Enlarging) -> None:
    job = enlarging.make(options={"scale": 3})
    output = enlarging.studio.library.get(job.outputs[0].id)
    info = probe_video(output.path)
    assert (info.width, info.height, float(info.fps)) == (3 * SIZE[0], 3 * SIZE[1], 10.0)
    assert count_pictures(output.path) == FRAMES and output.parents == (enlarging.source,)
    source = enlarging.studio.library.get(enlarging.source).path
    for small, large in zip(read_frames(source), read_frames(output.path), strict=True):
        centre = large.picture[1::3, 1::3].astype(int)
        assert large.time == pytest.approx(small.time, abs=0.001)
        assert np.abs(centre - small.picture).mean() < 8, "every picture in its place"
    assert abs(decode_audio(output.path).duration - decode_audio(source).duration) < 0.05
    assert np.abs(decode_audio(output.path).samples).max() > 0.1, "with its sound"
    recipe = output.recipe
    assert recipe["engine"] == "basic-upscale" and "48 × 32 to 144 × 96" in recipe["facts"][1]
    assert {path.suffix for path in output.companions} >= {".jpg", ".png"}


def test_a_video_becomes_larger_over_the_api(client: Any, tmp_path: Path) -> None:
    small = moving(tmp_path / "small.mp4")
    video, job = client.predict(handle_file(str(small)), "basic-upscale", {"scale": 2}, api_name="/upscale")
    info = probe_video(video)
    assert (info.width, info.height, info.has_audio) == (2 * SIZE[0], 2 * SIZE[1], True)
    assert (job["kind"], job["state"]) == ("upscale", "done")
    with pytest.raises(Exception, match="mood"):
        client.predict(handle_file(str(small)), "auto", {"mood": "jolly"}, api_name="/upscale")


def test_subtitles_go_along(enlarging: Enlarging) -> None:
    shots = [{"prompt": "a quiet sea", "say": "Nothing moves.", "seconds": 1}]
    spec = {"shots": shots, "size": "96x96", "captions": "soft", "narration": False}
    clip = enlarging.studio.jobs.wait(enlarging.studio.jobs.submit("text_to_video", spec).id, 60)
    larger = enlarging.make(video=clip.outputs[0].id)
    companions = {path.suffix: path for path in enlarging.studio.library.get(larger.outputs[0].id).companions}
    assert "Nothing moves." in companions[".srt"].read_text("utf-8")
    assert b"Nothing moves." in Path(larger.outputs[0].path).read_bytes(), "as a track inside, as in the source"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"video": ""}, "video is missing"),
        ({"video": "/etc/hostname"}, "not an uploaded file"),
        ({"video": "no-such-output"}, "no output"),
        ({"engine": "espeak"}, "does not make videos larger"),
        ({"engine": "real-esrgan"}, "not ready"),
        ({"options": {"scale": 5}}, "scale"),
        ({"options": {"mood": "jolly"}}, "mood"),
    ],
    ids=str,
)
def test_bad_input_is_refused_in_words(enlarging: Enlarging, spec: dict[str, Any], told: str) -> None:
    with pytest.raises(GreenroomError) as refused:
        enlarging.run(**spec)
    assert told in str(refused.value)


def test_pictures_and_too_large_results_and_full_disks_are_refused(enlarging: Enlarging, monkeypatch: pytest.MonkeyPatch) -> None:
    uploads = enlarging.studio.paths.root / "uploads"
    uploads.mkdir(exist_ok=True)
    (uploads / "still.png").write_bytes(png(np.zeros((8, 8, 3), np.uint8)))
    with pytest.raises(GreenroomError, match="is a picture"):
        enlarging.run(video=str(uploads / "still.png"))
    monkeypatch.setattr("capabilities.upscaling.capability.LARGEST_SIDE", 100)
    with pytest.raises(GreenroomError, match="144 × 96; 100 on a side") as refused:
        enlarging.run(options={"scale": 3})
    assert refused.value.hint == "Make it 2 times larger at most."
    monkeypatch.undo()

    def full(needed: int, what: str = "") -> None:
        raise NotEnoughSpace("library.disk-too-small", free="10 MiB", what=what, needed=str(needed), spare="1 GiB")

    monkeypatch.setattr(enlarging.studio.library, "ensure_space", full)
    with pytest.raises(NotEnoughSpace, match="the larger video"):
        enlarging.run()
