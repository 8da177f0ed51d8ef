"""What the page weighs for a browser: its HTML, the time until it answers a press, and the work of the browser's main thread.

The reference is the same studio with its page as Gradio gives it: public endpoints and their descriptions inside, sent as it is.
Both run at the same time; browsers without a cache visit them in turns, so that a busy machine slows both.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from bench.figures import Figure, tell
from bench.page.page_traffic import QUIET
from tests.repository.sources import ROOT
from tests.servers import RunningStudio, running_studio

PAIRS = 8
WHOLE = "whole-page"
PRESS, ANSWER = "#example", "document.querySelector('#script textarea')?.value.length > 20"


@dataclass(frozen=True)
class Visit:
    """Seconds until a press was answered, and of the main thread's work by then and shortly after."""

    usable: float
    main_thread: float


def visit(browser: Any, url: str) -> Visit:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})  # of the thread itself, whatever else the machine does
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(PRESS, timeout=300_000)
    page.click(PRESS)
    page.wait_for_function(ANSWER, timeout=300_000)
    usable = time.perf_counter() - begun
    page.wait_for_timeout(800)
    measured = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
    context.close()
    return Visit(usable, measured["TaskDuration"])


def sizes(url: str) -> tuple[int, int]:
    """Bytes of the page's HTML: as it is, and as it travels to a browser."""
    with httpx.stream("GET", url, headers={"accept-encoding": "gzip"}) as answer:
        body = answer.read()
        return len(body), answer.num_bytes_downloaded


def ratios(pairs: list[tuple[Visit, Visit]], what: str) -> list[float]:
    return [getattr(lean, what) / getattr(whole, what) for lean, whole in pairs]


def told(name: str, pairs: list[tuple[Visit, Visit]], what: str) -> None:
    ours, whole = ([getattr(pair[place], what) for pair in pairs] for place in (0, 1))
    ratio = statistics.median(ratios(pairs, what))
    note = f"the median of the pairs' ratios is {ratio:.2f}"
    tell(Figure(name, "s", ours, statistics.median(whole), "the whole page", "at most 0.75 of it", note))


def measured(lean: RunningStudio, whole: RunningStudio) -> list[tuple[Visit, Visit]]:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=[*QUIET, *root])
        for studio in (lean, whole):
            visit(browser, studio.url)  # each server's first page is made anew
        pairs = []
        for number in range(PAIRS):
            first, second = (lean, whole) if number % 2 else (whole, lean)
            visits = {studio.url: visit(browser, studio.url) for studio in (first, second)}
            pairs.append((visits[lean.url], visits[whole.url]))
        browser.close()
    return pairs


def serve_whole_page(arguments: list[str]) -> int:
    """A studio with Gradio's unmodified page, in this process."""
    import app
    from api.gradio import skip_stubs
    from api.http import compression

    skip_stubs.skip_stub_files()
    app.quieten(Path(arguments[-1]))
    import gradio

    from tabs import page
    from tabs.common.theme import head

    class Untouched:
        def __init__(self, inner: Any, **_: Any) -> None:
            self.inner = inner

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.inner(scope, receive, send)

    mount = gradio.mount_gradio_app
    patches = (
        mock.patch.object(gradio, "mount_gradio_app", lambda *given, **more: mount(*given, head=head(), **more)),
        mock.patch.object(page, "lean", lambda config: config),
        mock.patch.object(page.Page, "get_api_info", page.gr.Blocks.get_api_info),
        mock.patch.object(compression, "Compression", Untouched),
        mock.patch.object(compression, "PageCache", Untouched),
    )
    for patch in patches:
        patch.start()
    return app.main(arguments)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, running_studio(Path(folder) / "lean") as lean:
        program = [sys.executable, "-m", "bench.page.page_weight", WHOLE]
        with mock.patch("tests.servers.APP", program), running_studio(Path(folder) / "whole", PYTHONPATH=str(ROOT)) as whole:
            plain, packed = sizes(lean.url)
            reference, _ = sizes(whole.url)
            pairs = measured(lean, whole)
    tell(Figure("HTML of the page", "kB", [plain / 1000], reference / 1000, "the whole page", "at most 340 kB"))
    tell(Figure("HTML as it travels", "kB", [packed / 1000], reference / 1000, "the whole page", "at most 68 kB"))
    told("Page until it answers", pairs, "usable")
    told("Main thread of a visit", pairs, "main_thread")
    return 0 if plain <= 340_000 and packed <= 68_000 else 1


if __name__ == "__main__":
    sys.exit(serve_whole_page(sys.argv[2:]) if sys.argv[1:2] == [WHOLE] else main())
