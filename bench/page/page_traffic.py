"""What an open page sends while nothing happens, and while a narration runs: requests and bytes by the minute, in Chromium.

The reference is a page of the same Gradio that asks for news by a timer twice a second, as its guide shows it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.figures import Figure, tell
from bench.start.start_time import free_port
from tests.servers import long_script, running_studio

SECONDS = 20
QUIET = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--mute-audio")  # fmt: skip


class Traffic:
    """Counts what a page asks for."""

    def __init__(self, page: Any) -> None:
        self.requests = self.bytes = 0
        page.on("requestfinished", self._finished)

    def _finished(self, request: Any) -> None:
        sizes = request.sizes()
        self.requests += 1
        self.bytes += sum(
            sizes[part] for part in ("requestBodySize", "requestHeadersSize", "responseBodySize", "responseHeadersSize")
        )

    def during(self, page: Any, seconds: float) -> float:
        """Requests a minute over that time."""
        self.requests = self.bytes = 0
        page.wait_for_timeout(1000 * seconds)
        return 60 * self.requests / seconds


def ticking_page(port: int) -> None:
    """A page that draws the time twice a second, in this process."""
    import gradio as gr

    with gr.Blocks() as demo:
        shown = gr.HTML()
        gr.Timer(0.5).tick(lambda: f"<b>{time.time():.0f}</b>", None, shown)
    demo.launch(server_port=port, prevent_thread_lock=True, quiet=True)


def main() -> int:
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from playwright.sync_api import sync_playwright

    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    port = free_port()
    threading.Thread(target=ticking_page, args=(port,), daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, running_studio(Path(folder) / "data") as studio, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=browser_path, args=[*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        )
        page = browser.new_page()
        traffic = Traffic(page)
        page.goto(studio.url)
        page.get_by_role("button", name="Generate", exact=True).wait_for()
        page.wait_for_timeout(3000)
        idle = traffic.during(page, SECONDS)
        page.locator("#script textarea").fill(long_script(400))
        page.get_by_role("button", name="Generate", exact=True).click()
        page.locator("#card .chip.running").wait_for(timeout=60_000)
        busy, busy_bytes = traffic.during(page, SECONDS / 2), traffic.bytes
        page.close()
        page = browser.new_page()
        traffic = Traffic(page)
        page.goto(f"http://127.0.0.1:{port}")
        page.wait_for_timeout(3000)
        ticking = traffic.during(page, SECONDS)
        browser.close()
    tell(Figure("Requests of an idle page", "a minute", [idle], ticking, "a page with a timer", "none"))
    tell(
        Figure(
            "Requests while a narration runs",
            "a minute",
            [busy],
            ticking,
            "a page with a timer",
            note=f"{busy_bytes / 1000:.0f} kB in 10 s",
        )
    )
    return 0 if idle == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
