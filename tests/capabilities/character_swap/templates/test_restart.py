"""Twenty jobs and a server that is killed and restarted among them: none lost silently, none run twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from capabilities.registry import all_capabilities
from studio.comfyui.client.status import Finished
from studio.comfyui.errors import JobLost
from studio.comfyui.prompt_handle import PromptHandleFile
from studio.comfyui.run import GraphRun
from studio.errors import GreenroomError
from studio.jobs.model import JobState
from studio.services import Services
from studio.settings import load_settings
from tests.servers import wait_until
from tests.studio.comfyui import graphs
from tests.studio.comfyui.conftest import QUICK, Listening
from tests.studio.comfyui.servers import StandInServer, client_of
from tests.studio.comfyui.templates import BLUR, write_blur

JOBS = 20

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_gpu_lane", "quick_polls")]


@pytest.fixture
def server_to_kill(tmp_path: Path) -> Iterator[StandInServer]:
    server = StandInServer(tmp_path / "base")
    yield server
    server.kill()


def restart(server: StandInServer) -> None:
    server.kill()
    server.start()


def test_twenty_jobs_in_the_servers_own_queue(server_to_kill: StandInServer, picture_file: Path, tmp_path: Path) -> None:
    """All twenty were taken by the server when it is killed: each has a result or is told as lost."""
    client = client_of(server_to_kill.url)
    name = client.upload(picture_file, "studio/twenty", client.max_upload_bytes())
    server_to_kill.faults(seconds=0.1)
    ends: dict[int, Finished | GreenroomError] = {}

    def one(number: int) -> None:
        graph = graphs.picture(name)
        graph["2"] = graphs.node("ImageBlur", image=["1", 0], blur_radius=3, sigma=1 + number / 10)
        try:
            ends[number] = GraphRun(client, PromptHandleFile(tmp_path / f"{number}.json"), Listening(), patience=QUICK).finish(
                graph
            )
        except GreenroomError as error:
            ends[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(JOBS)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(ends) >= 3 and len(client.queue().pending) >= 3)
    restart(server_to_kill)
    for thread in threads:
        thread.join(60)
    assert len(ends) == JOBS, "every one came to an end"
    finished = [end for end in ends.values() if isinstance(end, Finished)]
    lost = [end for end in ends.values() if isinstance(end, JobLost)]
    assert len(finished) + len(lost) == JOBS and len(finished) >= 3 and lost, ends
    assert max(Counter(server_to_kill.runs).values()) == 1
    assert len({file for end in finished for file in end.files}) == len(finished)


def test_twenty_jobs_in_the_studio(server_to_kill: StandInServer, picture_file: Path, clip_file: Path, tmp_path: Path) -> None:
    """The one that ran when the server was killed fails in words and may be tried again; the others wait for the server."""
    data = tmp_path / "data"
    write_blur(data / "workflows")
    uploads = data / "uploads"
    uploads.mkdir()
    files = {"reference_image": uploads / "face.png", "driving_video": uploads / "clip.mp4"}
    files["reference_image"].write_bytes(picture_file.read_bytes())
    files["driving_video"].write_bytes(clip_file.read_bytes())
    client = client_of(server_to_kill.url)
    studio = Services.open(
        load_settings(data={"folder": data}, comfyui={"url": server_to_kill.url, "silence_seconds": 30}), all_capabilities
    )
    try:
        given = {key: str(path) for key, path in files.items()}
        ids = [
            studio.jobs.submit("character_swap", {"template": BLUR, **given, "options": {"strength": 1 + number / 10}}).id
            for number in range(JOBS)
        ]
        wait_until(lambda: sum(studio.jobs.get(one).state is JobState.DONE for one in ids) >= 5)
        server_to_kill.faults(seconds=0.5)
        wait_until(lambda: bool(client.queue().running))
        restart(server_to_kill)
        jobs = [studio.jobs.wait(one, 60) for one in ids]
        failed = [job for job in jobs if job.state is JobState.FAILED]
        assert len(failed) <= 1 and all(job.state in (JobState.DONE, JobState.FAILED) for job in jobs), [job.note for job in jobs]
        assert all(job.error and "forgotten" in job.error.reason and job.error.retryable for job in failed)
        assert max(Counter(server_to_kill.runs).values()) == 1 and len(server_to_kill.runs) <= JOBS
        for job in jobs:
            assert job.state is JobState.FAILED or [output.kind for output in job.outputs] == ["video", "image"]
        if failed:
            again = studio.jobs.wait(studio.jobs.retry(failed[0].id).id, 30)
            assert again.state is JobState.DONE, again.error
    finally:
        studio.close()
