"""Templates as jobs of a real studio: results, recipes, refusals before the queue, cancels, and a studio that is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from capabilities.character_swap import prepared
from capabilities.character_swap.capability import CharacterSwap
from capabilities.character_swap.estimate import work_of
from capabilities.common.preview import PREVIEW
from capabilities.registry import all_capabilities
from media.video.read import probe_video
from studio.comfyui.client.client import ComfyUIClient
from studio.errors import EngineNotReady, GreenroomError, InvalidInput
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings
from tests.servers import wait_until
from tests.studio.comfyui.graphs import node, slow
from tests.studio.comfyui.servers import REAL, StandInServer
from tests.studio.comfyui.templates import BLUR, write_blur
from tests.studio.jobs.server import READY, Server

pytestmark = pytest.mark.usefixtures("own_gpu_lane", "quick_polls")


@dataclass(frozen=True)
class House:
    """A studio with the test's template, and files that were uploaded to it."""

    studio: Services
    files: dict[str, str]

    def submit(self, **spec: Any) -> Job:
        return self.studio.jobs.submit("character_swap", {"template": BLUR, **self.files, **spec})

    def made(self, **spec: Any) -> Job:
        job = self.studio.jobs.wait(self.submit(**spec).id, 60)
        assert job.state is JobState.DONE, job.error
        return job


def data_folder(folder: Path, picture: Path, clip: Path) -> dict[str, str]:
    """A data folder with the template and uploads; the uploads by input."""
    write_blur(folder / "workflows")
    uploads = folder / "uploads"
    uploads.mkdir(parents=True)
    return {
        "reference_image": str(shutil.copy(picture, uploads / "face.png")),
        "driving_video": str(shutil.copy(clip, uploads / "clip.mp4")),
    }


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory,
    picture_file: Path,
    clip_file: Path,
    shared_stand_in: StandInServer,
    own_gpu_lane: None,
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house") / "data"
    files = data_folder(folder, picture_file, clip_file)
    studio = Services.open(load_settings(data={"folder": folder}, comfyui={"url": REAL or shared_stand_in.url}), all_capabilities)
    yield House(studio, files)
    studio.close()


def test_a_template_makes_its_results_with_a_recipe(house: House, picture_file: Path) -> None:
    job = house.made(options={"strength": 2.0}, title="Soft")
    video, still = (house.studio.library.get(output.id) for output in job.outputs)
    assert [video.kind, still.kind] == ["video", "image"] and video.title == "Soft"
    info = probe_video(video.path)
    assert (info.width, info.height, info.frames) == (64, 48, 8)
    made = np.asarray(Image.open(still.path).convert("RGB")).astype(int)
    assert np.abs(made + np.asarray(Image.open(picture_file).convert("RGB")) - 255).max() <= 1
    recipe = video.recipe
    assert recipe["template"] == BLUR and len(recipe["graph_sha256"]) == 64 and recipe["comfyui"]
    assert recipe["options"]["strength"] == 2.0 and recipe["seed"] == recipe["options"]["seed"] >= 0
    assert {one["role"] for one in recipe["inputs"]} == {"reference image", "driving video"}
    assert recipe["graph"]["blur"]["inputs"]["sigma"] == 2.0 and recipe["graph"]["save"]["inputs"]["filename_prefix"] != "x"
    assert recipe["licence"] == "CC0-1.0" and recipe["commercial_use"] is True and video.commercial_use
    assert any(path.name.endswith("before.jpg") or path.suffix == ".jpg" for path in video.companions)
    production = house.studio.capability(CharacterSwap)
    work = work_of(BLUR, recipe["options"], 64, 48, 8)
    expected = production.runtime_stats.seconds(work)
    assert expected is not None and 0 < expected.seconds < 60 and expected.runs == 1, "the next one can be foretold"
    assert production.runtime_stats.seconds(replace(work, engine="another")) is None
    told = house.studio.jobs.estimate("character_swap", {**recipe["spec"], **house.files, "template": BLUR})
    assert (told.engine, told.frames) == (BLUR, 8) and told.time == expected and "ComfyUI server" in told.memory
    again = house.made(**{key: value for key, value in recipe["spec"].items() if key not in ("template", *house.files)})
    assert house.studio.library.get(again.outputs[0].id).recipe["seed"] == recipe["seed"]


def test_what_is_missing_is_refused_before_anything_is_queued(house: House) -> None:
    model = {"folder": "vae", "name": "nowhere.safetensors", "url": "https://example.org/nowhere", "licence": {"name": "MIT"}}
    write_blur(
        house.studio.paths.workflows,
        more={"vae": node("VAELoader", vae_name="nowhere.safetensors"), "bar": node("Bar"), "foo": node("Foo")},
        classes={"KJNodes": ["Foo"]},
        id="wanting",
        title="Wanting",
        min_comfyui="99.0.0",
        models=[{**model, "node": "vae", "input": "vae_name"}],
    )
    before = len(house.studio.jobs.list())
    with pytest.raises(InvalidInput) as told:
        house.submit(template="wanting")
    words = f"{told.value.reason} {told.value.hint}"
    for piece in (
        "99.0.0",
        "Foo",
        "KJNodes",
        "Bar",
        "nowhere.safetensors",
        "https://example.org/nowhere",
        "https://example.org/KJNodes",
    ):
        assert piece in words
    assert len(house.studio.jobs.list()) == before


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reference_image": ""}, "Picture is missing"),
        ({"reference_image": "", "driving_video": ""}, "Picture and Clip are missing"),
        ({"inputs": {"third": "x"}}, 'no input called "third"'),
        ({"options": {"strenght": 2}}, "strenght"),
        ({"options": {"strength": 99}}, "strength"),
        ({"template": "blured-clip"}, "blured-clip"),
        ({"reference_image": "/etc/passwd"}, "not an uploaded file"),
    ],
    ids=["one file", "all files", "unknown input", "unknown option", "out of range", "unknown template", "a system file"],
)
def test_what_is_wrong_is_named(house: House, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(GreenroomError, match=words):
        house.submit(**changed)


def test_a_picture_in_place_of_the_clip_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput, match=r"Clip: face\.png is not of a kind"):
        house.submit(driving_video=house.files["reference_image"])


def test_place_progress_and_preview_are_shown_and_a_cancel_waits_for_the_server(
    house: House, stand_in: StandInServer, client: ComfyUIClient, at_stand_in: str
) -> None:
    if REAL:
        pytest.skip("the stand-in's nodes can be made slow")
    stand_in.faults(seconds=0.5)
    other = str(uuid.uuid4())
    client.submit(slow(at_stand_in, blurs=2, sigma=1.8), other, "another-client")
    wait_until(lambda: client.queue().running == (other,))
    job = house.submit(options={"strength": 3.3})
    wait_until(lambda: house.studio.jobs.get(job.id).state is JobState.WAITING)
    assert house.studio.jobs.get(job.id).note == "In ComfyUI's queue; 1 job is before it there"
    client.cancel(other)
    preview = house.studio.paths.scratch / job.id / PREVIEW
    wait_until(preview.exists)
    assert preview.read_bytes()[:2] == b"\xff\xd8"
    wait_until(lambda: "step" in house.studio.jobs.get(job.id).note)
    assert house.studio.jobs.get(job.id).state is JobState.RUNNING and 0 < house.studio.jobs.get(job.id).progress < 1
    assert any(one["engine"] == "comfyui" and one["state"] == "busy" for one in house.studio.memory.report()["workers"])
    house.studio.jobs.cancel(job.id)
    assert house.studio.jobs.wait(job.id, 30).state is JobState.CANCELLED
    assert stand_in.told["caught"]
    stand_in.reset()
    assert house.made(options={"strength": 3.4}).outputs


def test_a_finished_job_without_a_result_is_told_as_such(house: House, stand_in: StandInServer) -> None:
    if REAL:
        pytest.skip("the stand-in can forget what it made")
    stand_in.faults(no_outputs=True)
    job = house.studio.jobs.wait(house.submit(options={"strength": 3.6}).id, 30)
    assert job.state is JobState.FAILED and job.error and "told of no result" in job.error.reason and job.error.retryable


def test_without_a_server_a_template_says_where_to_set_one(tmp_path: Path, picture_file: Path, clip_file: Path) -> None:
    files = data_folder(tmp_path / "data", picture_file, clip_file)
    studio = Services.open(load_settings(data={"folder": tmp_path / "data"}), all_capabilities)
    try:
        with pytest.raises(EngineNotReady, match="No ComfyUI server is set") as told:
            House(studio, files).submit()
        assert "under Settings" in told.value.hint
    finally:
        studio.close()


# The studio is killed


def serve(tell: Connection, data: str, specs: list[dict[str, Any]]) -> None:
    """The life of a studio that runs templates; submits `specs` unless its folder has jobs already."""
    os.environ["XDG_RUNTIME_DIR"] = data  # a GPU lane of its own
    settings = json.loads((Path(data) / "settings.json").read_text())
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    studio = Services.open(load_settings(data={"folder": data}, comfyui=settings), all_capabilities)
    try:
        tell.send(READY)
        if not studio.jobs.list():
            for spec in specs:
                studio.jobs.submit("character_swap", spec)
        jobs = [studio.jobs.wait(job.id) for job in reversed(studio.jobs.list())]
        tell.send([job.as_dict() for job in jobs])
    finally:
        studio.close()


@pytest.mark.slow
def test_a_job_outlives_a_studio_that_is_killed_and_runs_once(
    tmp_path: Path, picture_file: Path, clip_file: Path, stand_in: StandInServer
) -> None:
    data = tmp_path / "data"
    specs = [{"template": BLUR, **data_folder(data, picture_file, clip_file), "options": {"strength": 5.0}}]
    (data / "settings.json").write_text(json.dumps({"url": stand_in.url}))
    stand_in.faults(seconds=0.8)
    before = len(stand_in.runs)
    first = Server(data, specs, life=serve)
    assert first.hear() == READY
    wait_until(lambda: len(stand_in.runs) > before)
    first.kill()
    second = Server(data, [], life=serve)
    assert second.hear() == READY
    (job,) = second.hear(60)
    second.process.join(20)
    assert job["state"] == "done", job
    assert len(stand_in.runs) == before + 1 and max(Counter(stand_in.runs).values()) == 1


def test_a_template_is_held_against_the_server_once_for_a_submission_and_once_for_a_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def counting(template: Any, *more: Any) -> Any:
        checked.append(template.id)
        return real(template, *more)

    real = prepared.validate
    monkeypatch.setattr(prepared, "validate", counting)
    job = house.studio.jobs.submit("character_swap", {**house.files, "template": BLUR, "options": {"strength": 1.5}})
    submitted = len(checked)
    assert house.studio.jobs.wait(job.id, 60).state is JobState.DONE
    assert len(checked) == 2 and 1 <= submitted <= 2
