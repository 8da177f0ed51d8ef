"""What stays in the studio's memory after 3,000 raw calls, 200 clients and 200 page visits: nothing more than after the first.

They come in rounds, some of each; the plateau is the memory once the first quarter of them is over. A visit is what a browser
does, over HTTP: the page, its streams and its first handlers, and the streams closed; five pages before
and five after all rounds are opened by a Chromium, where there is one. `SOAK_PART=0.1` asks for a tenth of everything.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.figures import Figure, tell
from tests.servers import RunningStudio, running_studio

PART = float(os.environ.get("SOAK_PART", "1"))
CALLS, CLIENTS, VISITS, ROUNDS = round(3000 * PART), round(200 * PART), round(200 * PART), 20
BROWSERS = 5
AT_ONCE = 4
MOST_MB = 60
REST_SECONDS = 20
"""gradio_client notices its end at the server's next heartbeat, every fifteen seconds."""


@dataclass(frozen=True)
class Holding:
    """What the server process holds at one moment."""

    megabytes: float
    files: int
    threads: int

    @classmethod
    def of(cls, process: psutil.Process) -> Holding:
        with process.oneshot():
            return cls(process.memory_info().rss / 1e6, process.num_fds(), process.num_threads())


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder, running_studio(Path(folder) / "data") as studio:
        process = psutil.Process(studio.process.pid)
        held = [Holding.of(process)]
        with visitors(studio) as visit, ThreadPoolExecutor(AT_ONCE) as threads:
            browse(studio.url)
            for number in range(ROUNDS):
                works = [*[lambda: call(studio.url)] * share(CALLS, number), *[lambda: client(studio)] * share(CLIENTS, number)]
                works += [lambda: visit()] * share(VISITS, number)
                for done in [threads.submit(work) for work in works]:
                    done.result()
                held.append(Holding.of(process))
                print(f"  round {number + 1:2} of {ROUNDS}: {held[-1].megabytes:.0f} MB, {held[-1].files} files, "
                      f"{held[-1].threads} threads", flush=True)  # fmt: skip
            browse(studio.url)
        time.sleep(REST_SECONDS)
        return judged(held, Holding.of(process))


def judged(held: list[Holding], end: Holding) -> int:
    """Print the figures; 0 when the memory at the end is near that of the plateau."""
    plateau = held[ROUNDS // 4]
    rise = end.megabytes - plateau.megabytes
    asked = f"{CALLS:,} calls, {CLIENTS} clients, {VISITS} visits"
    tell(Figure("Memory of the server after the soak", "MB", [end.megabytes], plateau.megabytes, "after a quarter of it",
                f"at most {MOST_MB} MB more", f"{asked}; {rise:+.0f} MB; {held[0].megabytes:.0f} MB at the start"))  # fmt: skip
    tell(Figure("Open files of the server after the soak", "", [end.files], held[0].files, "at the start"))
    tell(Figure("Threads of the server after the soak", "", [end.threads], held[0].threads, "at the start"))
    return 0 if rise <= MOST_MB else 1


def share(total: int, number: int) -> int:
    """How many of `total` fall to one round."""
    return total * (number + 1) // ROUNDS - total * number // ROUNDS


def call(url: str) -> None:
    """A program without a client: it asks, and fetches the answer."""
    with httpx.Client(base_url=f"{url}/gradio_api/call/jobs", timeout=120) as web:
        event = web.post("", json={"data": []}).raise_for_status().json()["event_id"]
        answer = web.get(f"/{event}").text
    if "event: complete" not in answer:
        raise RuntimeError(f"The call was not answered: {answer[:200]}")


def client(studio: RunningStudio) -> None:
    """A gradio_client for one call; one that gives up on the configuration, on a busy machine, is made anew."""
    for tries in range(3):
        try:
            made = studio.client()
            break
        except httpx.TimeoutException:
            if tries == 2:
                raise
    made.predict(api_name="/jobs")
    made.close()


@contextmanager
def visitors(studio: RunningStudio) -> Iterator[Callable[[], None]]:
    """Gives what visits the page once."""
    config = httpx.get(f"{studio.url}/config", timeout=60).json()
    values = {one["id"]: one.get("props", {}).get("value") for one in config["components"]}
    handlers = [
        {"fn_index": one["id"], "data": [values.get(given) for given in one["inputs"]]}
        for one in config["dependencies"]
        if any(event == "load" for _, event in one["targets"]) and one["backend_fn"]
    ]
    jobs = next(one["id"] for one in config["dependencies"] if one.get("api_name") == "jobs")
    yield lambda: visit(studio.url, handlers, jobs)


def visit(url: str, handlers: list[dict[str, Any]], jobs: int) -> None:
    session = uuid.uuid4().hex
    with httpx.Client(base_url=url, timeout=120) as web, ExitStack() as streams:
        web.get("/").raise_for_status()
        alive = streams.enter_context(web.stream("GET", f"/gradio_api/heartbeat/{session}")).iter_text()
        next(alive)
        for handler in handlers:
            web.post("/gradio_api/run/predict", json={**handler, "session_hash": session}).raise_for_status()
        asked = {"fn_index": jobs, "data": ["", 50, "", ""], "session_hash": session}
        web.post("/gradio_api/queue/join", json=asked).raise_for_status()
        with web.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as told:
            for line in told.iter_lines():
                if line.startswith("data:") and json.loads(line[5:])["msg"] == "close_stream":
                    break


def browse(url: str) -> None:
    """A few pages in a real browser, where there is one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        return
    from playwright.sync_api import sync_playwright

    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=["--disable-gpu", "--mute-audio", *root])
        for _ in range(BROWSERS):
            page = browser.new_page()
            page.goto(url)
            page.get_by_role("button", name="Generate", exact=True).wait_for(timeout=120_000)
            page.wait_for_timeout(2000)
            page.close()
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
