"""Clips of Wan through a whole studio: shots, parts, captions, previews, cancel, LoRA, refusals; a worker, no network."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from capabilities.common.preview import PREVIEW
from capabilities.registry import all_capabilities
from capabilities.video.capability import TextToVideo
from engines.common.profile_key import memory_profile_of, profile_key
from engines.video.wan.engine import Wan, WanI2VA14B, WanT2V13B
from media.video.read import probe_video, read_frames
from media.video.write import count_pictures
from studio.errors import GreenroomError
from studio.jobs.model import Job, JobState
from studio.memory.profiles import MeasurementKind
from studio.services import Services
from studio.settings import load_settings
from studio.units import GIB
from studio.workers.model import WorkerState
from tabs.text_to_video.result import video_result
from tests.engines.video.wan.files import ffn_lora, put_lora

FAST = {"steps": 2}
CHOSEN: dict[str, Any] = {"preset": "balanced", "offload": "none", "storage": "bfloat16"}
"""What is left to "auto", without a graphics card."""


class Maker:
    """A studio whose weights are the tiny ones; it has seen that they take little memory."""

    def __init__(self, folder: Path, weights: Path, environments: Path) -> None:
        folder.mkdir()
        (folder / "environments").symlink_to(environments)
        self.studio = Services.open(
            load_settings(
                data={"folder": folder, "weights": [str(weights)]},
                workers={"start_seconds": 300, "heartbeat_seconds": 60},
                memory={"wait_seconds": 120},
            ),
            all_capabilities,
        )
        for engine in (WanT2V13B, WanI2VA14B):
            chosen = profile_key(engine.Options(**CHOSEN))
            self.studio.memory.reservations.record(MeasurementKind.PEAK, engine.card.id, chosen, GIB // 2)
        self.weights = weights

    @property
    def clips(self) -> TextToVideo:
        return self.studio.capability(TextToVideo)

    def submit(self, engine: type[Wan], kind: str = "text_to_video", **spec: Any) -> Job:
        wish = {"engine": engine.card.id, "size": "128x128", "seed": 5, "options": FAST, "join": "cut", "captions": "off"}
        return self.studio.jobs.submit(kind, {**wish, **spec})

    def make(self, engine: type[Wan], kind: str = "text_to_video", **spec: Any) -> Job:
        job = self.studio.jobs.wait(self.submit(engine, kind, **spec).id, 240)
        assert job.state is JobState.DONE, job.error
        return job

    def recipe(self, job: Job) -> dict[str, Any]:
        return dict(self.studio.library.get(job.outputs[0].id).recipe)

    def rendered(self, job: Job) -> list[int]:
        return [event.data["index"] for event in self.studio.jobs.events(job.id) if event.kind == "shot"]

    def upload(self, name: str, data: bytes) -> str:
        folder = self.studio.paths.root / "uploads"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        return str(folder / name)

    def picture(self, name: str) -> str:
        made = io.BytesIO()
        rows, columns = np.mgrid[0:90, 0:160]
        Image.fromarray(np.stack([rows * 2, columns, rows + columns], -1).clip(0, 255).astype(np.uint8)).save(made, "PNG")
        return self.upload(name, made.getvalue())


@pytest.fixture(scope="module")
def maker(wan_weights: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    made = Maker(tmp_path_factory.mktemp("wan-studio") / "data", wan_weights, environments)
    yield made
    made.studio.close()


def pictures(job: Job) -> list[np.ndarray]:
    return [frame.picture for frame in read_frames(Path(job.outputs[0].path), Fraction(16))]


@pytest.mark.slow
def test_shots_with_captions_and_a_crossfade_and_one_changed_line(maker: Maker) -> None:
    shots = [{"prompt": "a cat on a wall", "frames": 17, "say": "The cat waits."}, {"prompt": "a dog in the sea", "frames": 17}]
    spec: dict[str, Any] = {"narration": False, "captions": "burned", "join": "crossfade"}
    job = maker.make(WanT2V13B, shots=shots, **spec)
    recipe = maker.recipe(job)
    assert count_pictures(Path(job.outputs[0].path)) == 34 == sum(shot["frames"] for shot in recipe["shots"])
    assert maker.rendered(job) == [0, 1] and [shot["facts"]["steps"] for shot in recipe["shots"]] == [2, 2]
    assert recipe["engine"] == WanT2V13B.card.id and recipe["seed"] == 5 and recipe["licence"] == "Apache-2.0"
    bare = maker.make(WanT2V13B, shots=shots, **{**spec, "captions": "off"})
    changed = [np.abs(one.astype(int) - other).mean() for one, other in zip(pictures(job), pictures(bare), strict=True)]
    assert max(changed[6:12]) > 1, "words are burned into the first shot"
    again = maker.make(WanT2V13B, shots=[shots[0], {**shots[1], "prompt": "a bird on a roof"}], **spec)
    assert maker.rendered(again) == [1], "one changed line renders one shot"


@pytest.mark.slow
def test_time_and_memory_are_learned_by_size(maker: Maker) -> None:
    maker.make(WanT2V13B, shots=[{"prompt": "a cat on a chair", "frames": 9}])
    forms = [maker.clips.engines.form(WanT2V13B, FAST, size, 0) for size in ("128x128", "832x480")]
    known = maker.clips.render_time(forms[0], 9)
    assert known is not None and known.exact and known.seconds > 0
    assert maker.clips.render_time(forms[1], 81) is None
    short, long = (
        maker.studio.memory.need(*memory_profile_of(WanT2V13B, forms[0].options, forms[0].extent(one))) for one in (9, 81)
    )
    assert short.measured and 0.1 < short.bytes / GIB < 8
    assert not long.measured and long.bytes > short.bytes, "longer clips are estimated from shorter ones"
    more_steps = maker.clips.render_time(maker.clips.engines.form(WanT2V13B, {"steps": 20}, "128x128", 0), 9)
    assert more_steps is not None and more_steps.seconds > 4 * known.seconds


@pytest.mark.slow
def test_a_longer_shot_goes_on_from_its_own_last_picture(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        WanI2VA14B, "model", replace(WanI2VA14B.model, most_frames=9)
    )  # a short window, so that the test is short
    job = maker.make(WanI2VA14B, "image_to_video", image=maker.picture("start.png"), prompt="waves", frames=20)
    (shot,) = maker.recipe(job)["shots"]
    assert shot["facts"]["parts"] == 3 and count_pictures(Path(job.outputs[0].path)) == 20
    info = probe_video(job.outputs[0].path)
    assert (info.width, info.height, float(info.fps)) == (128, 128, 16.0)
    shown = pictures(job)
    jumps = [np.abs(one.astype(int) - other).mean() for one, other in pairwise(shown)]
    assert len({picture.tobytes() for picture in shown}) > 15 and max(jumps[8:10]) < 120


@pytest.mark.realtime
@pytest.mark.slow
def test_a_cancel_within_a_step_ends_the_job(maker: Maker) -> None:
    maker.make(WanT2V13B, shots=[{"prompt": "a cat on a chair", "frames": 9}])  # so that the engine is loaded
    job = maker.submit(WanT2V13B, shots=[{"prompt": "an endless road", "frames": 33}], options={"steps": 100})
    preview = maker.studio.paths.scratch / job.id / PREVIEW
    patience = time.monotonic() + 120
    while not (preview.exists() and "Step" in maker.studio.jobs.get(job.id).note):
        assert time.monotonic() < patience and not maker.studio.jobs.get(job.id).state.ended
        time.sleep(0.02)
    with Image.open(preview) as picture:
        assert picture.format == "JPEG" and max(picture.size) == 384
    running = maker.studio.jobs.get(job.id)
    assert running.state is JobState.RUNNING and 0 < running.progress < 0.9
    assert "data:image/jpeg;base64," in video_result(maker.studio, running), "the page shows it"
    asked = time.monotonic()
    maker.studio.jobs.cancel(job.id)
    assert maker.studio.jobs.wait(job.id, 30).state is JobState.CANCELLED
    assert time.monotonic() - asked < 2.0 + 1.0, "two seconds are promised, one is for a busy machine"
    assert maker.studio.engines.status(WanT2V13B.card.id).residency is not WorkerState.BUSY


@pytest.mark.slow
def test_a_lora_goes_to_its_expert_and_a_wrong_one_is_refused_before_it_is_queued(maker: Maker) -> None:
    put_lora(maker.weights, "first", ffn_lora(32))
    put_lora(maker.weights, "second", ffn_lora(48))
    image = maker.picture("begin.png")
    with pytest.raises(GreenroomError, match=r"second\.safetensors does not fit the high-noise expert"):
        maker.submit(WanI2VA14B, "image_to_video", image=image, prompt="a cat", options={**FAST, "loras": "second, 1, high"})
    options = {"steps": 4, "loras": "first, 1, high\nsecond, 0.5, low"}
    job = maker.make(WanI2VA14B, "image_to_video", image=image, prompt="a cat", frames=5, options=options)
    (shot,) = maker.recipe(job)["shots"]
    assert [(lora["target"], lora["weight"]) for lora in shot["facts"]["loras"]] == [("high", 1.0), ("low", 0.5)]
    maker.studio.engines.unload(WanI2VA14B.card.id)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"prompt": "word " * 5_000}, "5,000 words"),
        ({"prompt": "word " * 400}, "400 words"),
        ({"prompt": "the sea", "size": "513x511"}, "513 × 511"),
        ({"prompt": "the sea", "size": "1920x1088"}, "too large"),
        ({"prompt": "the sea", "frames": 0}, "0 frames"),
        ({"prompt": "the sea", "frames": 10_000}, "10,000 frames"),
        ({"prompt": "the sea", "seed": -1}, '"seed" cannot be -1'),
        ({"prompt": "the sea", "negative": "word " * 400}, "negative prompt has 400 words"),
        ({"prompt": "the sea", "options": {"loras": "words"}}, "no safetensors file"),
        ({"prompt": "the sea", "options": {"loras": "missing"}}, "no LoRA missing.safetensors"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_refused_in_words_before_any_load(maker: Maker, spec: dict[str, Any], told: str) -> None:
    (maker.weights / "loras").mkdir(exist_ok=True)
    (maker.weights / "loras" / "words.safetensors").write_text("This is no LoRA at all, only words.")
    queued, workers = len(maker.studio.jobs.list()), maker.studio.workers.snapshot()
    with pytest.raises(GreenroomError) as refused:
        maker.submit(WanT2V13B, **spec)
    assert told in refused.value.reason and refused.value.reason.endswith(".")
    assert len(maker.studio.jobs.list()) == queued and len(maker.studio.workers.snapshot()) <= len(workers)


def test_a_corrupt_picture_and_a_full_disk_are_refused_before_any_load(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = maker.upload("bad.png", b"\x89PNG\r\n\x1a\n" + bytes(200))
    with pytest.raises(GreenroomError, match="damaged or not a picture"):
        maker.submit(WanI2VA14B, "image_to_video", image=bad, prompt="the sea")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"total": 10**12, "used": 10**12, "free": 10**6})())
    with pytest.raises(GreenroomError, match=r"(?i)disk"):
        maker.submit(WanT2V13B, prompt="the sea")
