"""A script of a megabyte, of any shape and by any way in, leaves the studio answering everybody else."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.servers import RunningStudio, running_studio

LENGTH = 1_000_000
LONGEST_GAP = 20.0
"""Seconds. At most 0.25 is measured where nothing else runs, and ten times that on a full machine.

A text that is read in quadratic time takes hours."""

ENGLISH = "The quick brown fox jumps over the lazy dog, and nobody knows why it should. "
CHINESE = "春天来了，花都开了。我们一起去公园看花，好不好？他说今天天气很好，适合散步。"
SHAPES = {
    "English": "\n\n".join(f"This is paragraph number {number}. {ENGLISH * 8}" for number in range(LENGTH // 650)),
    "Chinese in one line": CHINESE * (LENGTH // len(CHINESE)),
    "padded heading": f"# a{' ' * LENGTH}b\nhello",
    "pauses left open": f"{'[pause ' * (LENGTH // 7)} hello",
    "combining marks": "a\u0301\u0323" * (LENGTH // 3),
    "lines of one letter": "a\n" * (LENGTH // 2),
}
Way = Callable[[httpx.Client, str], httpx.Response]


def estimate(web: httpx.Client, script: str) -> httpx.Response:
    return web.post("/gradio_api/run/estimate", json={"data": ["voiceover", {"script": script}]})


def submit(web: httpx.Client, script: str) -> httpx.Response:
    return web.post("/gradio_api/run/submit", json={"data": ["voiceover", {"script": script}]})


def openai(web: httpx.Client, script: str) -> httpx.Response:
    return web.post("/v1/audio/speech", json={"input": script, "voice": "auto"})


def tool(web: httpx.Client, script: str) -> httpx.Response:
    call = {"name": "estimate", "arguments": {"kind": "voiceover", "spec": {"script": script}}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    return web.post("/gradio_api/mcp/", json=asked, headers={"Accept": "application/json, text/event-stream"})


def segments(web: httpx.Client, script: str) -> httpx.Response:
    """What no job has: refused, once the text has passed every check at the border."""
    return web.post("/gradio_api/run/segments", json={"data": [script]})


WAYS: tuple[tuple[Way, tuple[int, ...]], ...] = (
    (estimate, (200, 500)), (submit, (200, 500)), (openai, (400,)), (tool, (200,)), (segments, (500,)),
)  # fmt: skip
"""Each way in, and what it may answer; 500 is Gradio's way of refusing in a sentence."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("long") / "data") as running:
        yield running


class Watch:
    """Asks for a sign of life every 20 ms, once before it begins too; `longest` is how long one answer took at most."""

    def __init__(self, url: str) -> None:
        self.longest = 0.0
        self._url, self._begun, self._done = url, threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Watch:
        self._thread.start()
        assert self._begun.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as web:
            while not self._done.wait(0.02):
                asked = time.monotonic()
                with contextlib.suppress(httpx.TimeoutException):
                    web.get("/healthz").raise_for_status()
                self.longest = max(self.longest, time.monotonic() - asked)
                self._begun.set()


def cancel_all(web: httpx.Client) -> None:
    jobs: list[dict[str, Any]] = web.post("/gradio_api/run/jobs", json={"data": []}).json()["data"][0]
    for job in jobs:
        if job["state"] in ("queued", "waiting", "running"):
            web.post("/gradio_api/run/cancel", json={"data": [job["id"]]})


@pytest.mark.slow
@pytest.mark.realtime
@pytest.mark.parametrize("shape", SHAPES)
def test_others_are_answered_while_a_long_script_is_read(studio: RunningStudio, shape: str) -> None:
    gaps = {}
    with httpx.Client(base_url=studio.url, timeout=60) as web:
        for way, answers in WAYS:
            with Watch(studio.url) as watch:
                answer = way(web, SHAPES[shape])
                assert answer.status_code in answers, (way.__name__, answer.status_code, answer.text[:200])
                if answer.status_code != 200:
                    assert 10 < len(answer.text) < 2_000 and "Traceback" not in answer.text
                if way is submit:
                    cancel_all(web)
            gaps[way.__name__] = watch.longest
    assert max(gaps.values()) < LONGEST_GAP, gaps


@pytest.mark.slow
def test_a_script_beyond_the_longest_is_refused_in_words(studio: RunningStudio) -> None:
    script = "a " * 1_000_001
    with httpx.Client(base_url=studio.url, timeout=60) as web:
        for way in (estimate, submit):
            answer = way(web, script)
            assert answer.status_code >= 400 and "at most 2000000 characters" in answer.text and len(answer.text) < 1_000
