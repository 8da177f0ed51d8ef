"""What the ComfyUI tests share: one stand-in, a client of it or of the real server, a picture and a clip, and a listener."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media.video.write import VideoWriter
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.prompt_handle import PromptHandleFile
from studio.comfyui.run import GraphRun, RunTimeouts
from studio.errors import Cancelled
from tests.studio.comfyui.servers import REAL, StandInServer, client_of

QUICK = RunTimeouts(poll=0.1, silence=8.0, running=60.0, ending=20.0)


class Listening:
    """An audience that remembers; `stop` makes it ask for the end, at a moment that a test chooses."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.fractions: list[float] = []
        self.notes: list[str] = []
        self.previews: list[bytes] = []
        self.silences: list[float] = []
        self.stop_when: Callable[[], bool] = lambda: False

    def check(self) -> None:
        if self.stop_when():
            raise Cancelled

    def queued(self, ahead: int) -> None:
        self.places.append(ahead)
        self.check()

    def running(self, fraction: float, note: str) -> None:
        self.fractions.append(fraction)
        self.notes.append(note)
        self.check()

    def preview(self, jpeg: bytes) -> None:
        self.previews.append(jpeg)

    def silent(self, seconds: float) -> None:
        self.silences.append(seconds)


@pytest.fixture(scope="module")
def own_gpu_lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Studios opened meanwhile do not take turns with whatever else uses this machine's GPU lane."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("lane")))
        yield


@pytest.fixture(scope="module")
def quick_polls() -> Iterator[None]:
    """Jobs of a studio look at the server as often as the other tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("capabilities.character_swap.run.POLL_SECONDS", QUICK.poll)
        yield


@pytest.fixture(scope="session")
def shared_stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInServer]:
    server = StandInServer(tmp_path_factory.mktemp("comfyui") / "base")
    yield server
    server.kill()


@pytest.fixture
def stand_in(shared_stand_in: StandInServer) -> Iterator[StandInServer]:
    shared_stand_in.reset()
    yield shared_stand_in
    shared_stand_in.reset()


@pytest.fixture
def client(stand_in: StandInServer) -> Iterator[ComfyUIClient]:
    """Of the stand-in, for what cannot be provoked on a real server."""
    made = client_of(stand_in.url)
    yield made
    made.close()


@pytest.fixture
def either(request: pytest.FixtureRequest) -> Iterator[ComfyUIClient]:
    """Of the real server where COMFYUI_URL names one, else of the stand-in."""
    made = client_of(REAL or request.getfixturevalue("stand_in").url)
    yield made
    made.close()


@pytest.fixture
def listening() -> Listening:
    return Listening()


@pytest.fixture
def run(tmp_path: Path, listening: Listening) -> Callable[..., GraphRun]:
    """Makes runs whose ticket lies in this test's folder."""

    def made(client: ComfyUIClient, **changed: object) -> GraphRun:
        given: dict[str, object] = {"patience": QUICK, **changed}
        return GraphRun(client, PromptHandleFile(tmp_path / "ticket.json"), listening, **given)  # type: ignore[arg-type]

    return made


@pytest.fixture(scope="session")
def picture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("given") / "face.png"
    rows, columns = np.mgrid[0:48, 0:64]
    pixels = np.stack([rows * 5, columns * 3, (rows + columns) * 2], axis=-1) % 256
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("given") / "clip.mp4"
    with VideoWriter(path, (64, 48), Fraction(8)) as writer:
        for number in range(8):
            writer.write(np.full((48, 64, 3), 20 + 20 * number, np.uint8))
    return path


@pytest.fixture
def uploaded(either: ComfyUIClient, picture_file: Path) -> str:
    return either.upload(picture_file, f"studio/{uuid.uuid4()}", either.max_upload_bytes())


@pytest.fixture
def at_stand_in(client: ComfyUIClient, picture_file: Path) -> str:
    return client.upload(picture_file, f"studio/{uuid.uuid4()}", client.max_upload_bytes())
