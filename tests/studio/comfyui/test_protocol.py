"""The same exchanges against the stand-in and, where COMFYUI_URL names one, against a real server."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import connect

from media.video.read import probe_video, read_frames
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.read_inventory import read_inventory
from studio.comfyui.client.status import Finished, Interrupted, Queued, Running, Unknown
from studio.comfyui.errors import GraphRefused, UploadTooLarge
from studio.comfyui.run import GraphRun
from studio.errors import Cancelled
from tests.servers import wait_until
from tests.studio.comfyui import graphs
from tests.studio.comfyui.conftest import Listening
from tests.studio.comfyui.servers import REAL

Runs = Callable[..., GraphRun]


def fetched(client: ComfyUIClient, done: Finished, target: Path) -> Path:
    assert len(done.files) == 1
    return client.download(done.files[0], target, lambda: None)


def test_a_picture_goes_through(
    either: ComfyUIClient, uploaded: str, run: Runs, listening: Listening, picture_file: Path, tmp_path: Path
) -> None:
    done = run(either).finish(graphs.picture(uploaded))
    made = np.asarray(Image.open(fetched(either, done, tmp_path / "made.png")).convert("RGB")).astype(int)
    given = np.asarray(Image.open(picture_file).convert("RGB")).astype(int)
    assert np.abs(made + given - 255).max() <= 1
    assert listening.fractions == sorted(listening.fractions) and any("ImageInvert" in note for note in listening.notes)


def test_a_clip_goes_through(either: ComfyUIClient, clip_file: Path, run: Runs, tmp_path: Path) -> None:
    name = either.upload(clip_file, f"studio/{uuid.uuid4()}", either.max_upload_bytes())
    done = run(either).finish(graphs.video(name, fps=8))
    assert done.files[0].suffix == ".mp4", "SaveVideo tells of its file under images"
    made = fetched(either, done, tmp_path / "made.mp4")
    info = probe_video(made)
    assert (info.width, info.height, info.frames) == (64, 48, 8)
    first = next(read_frames(made)).picture
    assert abs(float(first.mean()) - 235) < 6


def test_an_identical_graph_is_served_from_the_cache_under_a_name_of_its_own(
    either: ComfyUIClient, uploaded: str, run: Runs, tmp_path: Path
) -> None:
    first = run(either).finish(graphs.picture(uploaded))
    (tmp_path / "ticket.json").unlink()
    second = run(either).finish(graphs.picture(uploaded))
    assert first.files != second.files
    one, two = (np.asarray(Image.open(fetched(either, done, tmp_path / f"{done is first}.png"))) for done in (first, second))
    assert (one == two).all()


def test_the_same_file_is_put_in_one_place_and_the_answered_name_is_used(either: ComfyUIClient, picture_file: Path) -> None:
    folder = f"studio/{uuid.uuid4()}"
    names = {either.upload(picture_file, folder, either.max_upload_bytes()) for _ in range(2)}
    assert len(names) == 1 and next(iter(names)).startswith(f"{folder}/")


def test_a_file_over_the_limit_is_refused_before_it_is_sent(either: ComfyUIClient, tmp_path: Path) -> None:
    limit = either.max_upload_bytes()
    assert limit >= 2**20
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.truncate(limit)
    with pytest.raises(UploadTooLarge, match="at most") as told:
        either.upload(large, "studio/large", limit)
    assert "--max-upload-size" in told.value.hint


def test_the_servers_own_refusal_of_a_large_file_is_told_as_such(either: ComfyUIClient, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.truncate(either.max_upload_bytes() + 1000)
    with pytest.raises(UploadTooLarge):
        either.upload(large, "studio/large", 2**40)


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ({"1": graphs.node("NoSuchNode")}, "NoSuchNode"),
        ({"nodes": [], "links": []}, "class_type"),
        ({"1": graphs.node("LoadImage", image="studio/none.png")}, "no outputs"),
        (graphs.picture("studio/none.png"), "Invalid image file"),
        ({"3": graphs.node("SaveImage", images=["77", 0], filename_prefix="x")}, "SaveImage"),
        ({"3": graphs.node("SaveImage", filename_prefix="x")}, "SaveImage lacks its input images"),
    ],
    ids=["missing node", "page's format", "no outputs", "missing file", "dangling link", "missing input"],
)
def test_a_refused_graph_is_told_with_its_reasons(either: ComfyUIClient, run: Runs, graph: dict, words: str) -> None:
    with pytest.raises(GraphRefused, match=words) as told:
        run(either).finish(graph)
    assert "Traceback" not in str(told.value)


def test_a_graph_that_was_taken_in_part_is_refused_and_does_not_run_on(either: ComfyUIClient, uploaded: str, run: Runs) -> None:
    graph = graphs.slow(uploaded) | {
        "8x": graphs.node("LoadImage", image="studio/none.png"),
        "9x": graphs.node("SaveImage", images=["8x", 0], filename_prefix=graphs.prefix()),
    }
    prompt_id = str(uuid.uuid4())
    with pytest.raises(GraphRefused, match=r"none\.png"):
        either.submit(graph, prompt_id, "a-client")
    wait_until(lambda: prompt_id not in (*either.queue().running, *either.queue().pending))
    assert isinstance(either.status(prompt_id), Unknown | Interrupted)


def slowed(request: pytest.FixtureRequest, client: ComfyUIClient) -> None:
    """Give the stand-in's nodes a length; a real server's have one of their own."""
    if client.url != REAL:
        request.getfixturevalue("stand_in").faults(seconds=0.3)


def test_a_waiting_job_shows_its_place_and_a_cancelled_one_never_runs(
    request: pytest.FixtureRequest, either: ComfyUIClient, uploaded: str, run: Runs, listening: Listening
) -> None:
    slowed(request, either)
    other = str(uuid.uuid4())
    either.submit(graphs.slow(uploaded), other, "another-client")
    wait_until(lambda: isinstance(either.status(other), Running))
    listening.stop_when = lambda: bool(listening.places)
    with pytest.raises(Cancelled):
        run(either).finish(graphs.slow(uploaded, sigma=4.0))
    assert listening.places[0] == 1
    assert either.queue().pending == () and either.queue().running == (other,), "the other one goes on"
    either.cancel(other)
    wait_until(lambda: isinstance(either.status(other), Interrupted))


def test_a_running_job_is_stopped_and_waited_for(
    request: pytest.FixtureRequest, either: ComfyUIClient, uploaded: str, run: Runs, listening: Listening, tmp_path: Path
) -> None:
    slowed(request, either)
    listening.stop_when = lambda: len(listening.fractions) > 2
    with pytest.raises(Cancelled):
        run(either).finish(graphs.slow(uploaded, sigma=5.0))
    prompt_id = json.loads((tmp_path / "ticket.json").read_text())["prompt_id"]
    assert isinstance(either.status(prompt_id), Interrupted), "cancel returns when it has really stopped"


def test_a_silenced_socket_costs_the_progress_and_nothing_else(
    request: pytest.FixtureRequest, either: ComfyUIClient, uploaded: str, run: Runs, listening: Listening, tmp_path: Path
) -> None:
    """The server drops a socket from its table when an older one of the same client id closes; it stays open and silent."""
    slowed(request, either)
    watcher = threading.Thread(target=_close_another_socket_of_the_client, args=(either.url, tmp_path / "ticket.json"))
    watcher.start()
    done = run(either).finish(graphs.slow(uploaded, blurs=3, sigma=6.0))
    watcher.join()
    assert len(done.files) == 1


def _close_another_socket_of_the_client(url: str, ticket: Path) -> None:
    wait_until(ticket.exists)
    client_id = json.loads(ticket.read_text())["client_id"]
    with connect(f"{url.replace('http', 'ws', 1)}/ws?clientId={client_id}", proxy=None):
        pass


def test_what_the_server_has_is_read(either: ComfyUIClient) -> None:
    inventory = read_inventory(either)
    assert inventory.version and "LoadImage" in inventory.node_classes and inventory.max_upload_bytes
    assert "input" in inventory.node_classes["SaveVideo"]


def test_unknown_jobs_are_unknown_and_queued_ones_are_queued(
    request: pytest.FixtureRequest, either: ComfyUIClient, uploaded: str
) -> None:
    slowed(request, either)
    assert isinstance(either.status(str(uuid.uuid4())), Unknown)
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for number, prompt_id in enumerate(ids):
        either.submit(graphs.slow(uploaded, sigma=7.0 + number / 2), prompt_id, "a-client")
    wait_until(lambda: isinstance(either.status(ids[0]), Running))
    assert [either.status(prompt_id) for prompt_id in ids[1:]] == [Queued(1), Queued(2)]
    for prompt_id in reversed(ids):
        either.cancel(prompt_id)
    wait_until(lambda: either.queue().running == ())
    either.free()
