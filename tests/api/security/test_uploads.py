"""Uploads that fail, are cut or do not fit on the disk leave nothing in the data folder."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.security.uploads import UPLOAD, UploadCleanup
from tests.inside import studio_inside
from tests.servers import RunningStudio, running_studio, wait_until

BOUNDARY = "a-boundary"
HEAD = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="files"; filename="sound.wav"\r\ncontent-type: audio/wav\r\n\r\n'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A studio that takes a megabyte at most."""
    with running_studio(tmp_path_factory.mktemp("small") / "data", GREENROOM_SERVER__MAX_UPLOAD_MB="1") as studio:
        yield studio


def unfinished(studio: RunningStudio) -> list[Path]:
    return [path for path in (studio.data / "uploads").iterdir() if path.is_file()]


def test_a_cut_upload_leaves_nothing(small: RunningStudio) -> None:
    """A person closes the tab in the middle: half of what was announced has arrived."""
    host, port = "127.0.0.1", int(small.url.rpartition(":")[2])
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"content-length: 900000\r\n\r\n{HEAD}"
    )
    with socket.create_connection((host, port)) as connection:
        connection.sendall(head.encode() + b"\0" * 400_000)
        wait_until(lambda: bool(unfinished(small)))
    wait_until(lambda: not unfinished(small))


def test_one_that_grows_too_large_leaves_nothing(small: RunningStudio) -> None:
    def parts() -> Any:
        yield HEAD.encode()
        for _ in range(40):
            yield b"\0" * 65_536

    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert httpx.post(small.url + UPLOAD, content=parts(), headers=kind, timeout=60).status_code == 413
    wait_until(lambda: not unfinished(small))


def test_a_whole_one_is_kept_under_its_hash(small: RunningStudio) -> None:
    answer = httpx.post(small.url + UPLOAD, files={"files": ("sound.wav", b"RIFF" + b"\0" * 1000)}, timeout=60)
    (kept,) = [Path(path) for path in answer.json()]
    wait_until(kept.is_file)
    assert kept.parent.parent == small.data / "uploads" and not unfinished(small)


def test_a_result_is_not_copied_among_them(small: RunningStudio) -> None:
    before = set((small.data / "uploads").rglob("*"))
    audio, subtitles, _ = small.client().predict("A short line.", api_name="/voiceover")
    assert Path(audio).stat().st_size > 10_000 and Path(subtitles).is_file(), "the client has its own copy"
    assert set((small.data / "uploads").rglob("*")) == before


def test_what_another_upload_still_writes_stays(tmp_path: Path) -> None:
    """Each ends in its own time; what an earlier server left is gone at once."""
    (tmp_path / "tmp-of-yesterday").write_bytes(b"x")
    release = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        name = scope["query_string"].decode()
        (tmp_path / f"tmp-{name}").write_bytes(b"x")
        if name == "slow":
            await release.wait()
            (tmp_path / "tmp-slow").rename(tmp_path / "whole")
        else:
            raise ConnectionResetError

    async def both() -> None:
        cleanup = UploadCleanup(application, tmp_path)
        assert not (tmp_path / "tmp-of-yesterday").exists()
        slow = asyncio.create_task(cleanup(_post(b"slow"), None, None))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        with pytest.raises(ConnectionResetError):
            await cleanup(_post(b"cut"), None, None)  # type: ignore[arg-type]
        assert (tmp_path / "tmp-slow").exists()
        release.set()
        await slow

    asyncio.run(both())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["whole"]


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through every layer of a real studio; only the file that Gradio opens refuses."""

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/folder/of/ours")

    with studio_inside(tmp_path / "data") as inside:
        monkeypatch.setattr("gradio.route_utils.NamedTemporaryFile", full)
        answer = httpx.post(inside.url + UPLOAD, files={"files": ("a.wav", b"x")}, timeout=60)
    assert answer.status_code == 507
    assert "disk" in answer.text and "full" in answer.text and "/a/folder" not in answer.text


def test_uploads_of_yesterday_go_unless_a_job_names_them(small: RunningStudio) -> None:
    """Also those of an earlier server: what is old and unused is read from the folder, not remembered."""
    from studio.maintenance.disk_usage import UNUSED_UPLOAD_SECONDS, DiskUsage
    from studio.paths import DataPaths

    uploads = small.data / "uploads"
    for name in ("unused", "needed", "young", "assets"):
        (uploads / name).mkdir(exist_ok=True)
        (uploads / name / "a.wav").write_bytes(b"x")
    yesterday = time.time() - UNUSED_UPLOAD_SECONDS - 60
    for name in ("unused", "needed", "assets"):
        os.utime(uploads / name / "a.wav", (yesterday, yesterday))

    class Jobs:
        def specs_naming(self, text: str) -> Any:
            return iter([{"spec": {"audio": [str(uploads / "needed" / "a.wav")]}}])

    disk = DiskUsage(DataPaths(small.data), None, None, Jobs(), None, engines_at_work=lambda: False)  # type: ignore[arg-type]
    disk.remove_unused_uploads()
    left = {path.name for path in uploads.iterdir()}
    assert {"needed", "young", "assets"} <= left and "unused" not in left


def _post(query: bytes) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": UPLOAD, "query_string": query, "headers": []}
