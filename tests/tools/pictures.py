"""Take the documents' pictures again: `.venv/bin/python -m tests.tools.pictures` starts a studio of its own and looks at it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from gradio_client.exceptions import AppError
from playwright.sync_api import sync_playwright

from tests.conftest import QUIET
from tests.repository.sources import ROOT
from tests.servers import RunningStudio, running_studio

PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_studio(Path(folder) / "data") as studio,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, *root])
        page = opened(browser, studio.url, "dark", WIDE)
        page.locator("#script textarea").fill((ROOT / "tests/data/narration.txt").read_text("utf-8"))
        page.get_by_role("button", name="Generate", exact=True).click()
        page.locator("#card .chip.done").wait_for(timeout=180_000)
        page.locator("#player .play").click()
        page.wait_for_timeout(6_000)
        page.locator("#player .play").click()
        page.evaluate("document.querySelector('#script textarea').scrollTop = 0")
        page.screenshot(path=PICTURES / "voiceover.png")
        page.get_by_role("tab", name="Voices", exact=True).click()
        page.wait_for_timeout(800)
        page.screenshot(path=PICTURES / "voices.png")
        opened(browser, studio.url, "light", WIDE).screenshot(path=PICTURES / "voiceover-light.png")
        opened(browser, studio.url, "dark", PHONE).screenshot(path=PICTURES / "voiceover-phone.png")
        at_work(browser, studio)
        with running_studio(Path(folder) / "full", **full_machine()) as full:
            at_a_refusal(browser, full)
        browser.close()


def at_work(browser: Any, studio: RunningStudio) -> None:
    """The System tab while five narrations stand in line."""
    client = studio.client()
    for title in ("The lighthouse, part one", "The lighthouse, part two", "Evening news", "A letter home", "Night watch"):
        script = "\n\n".join(f"In {title} it is paragraph {number}, and it goes on for a while." for number in range(1500))
        client.predict("voiceover", {"script": script, "title": title, "engine": "hibari"}, api_name="/submit")
    client.predict("voiceover", {"script": "Good evening.", "title": "A greeting", "engine": "espeak"}, api_name="/submit")
    client.predict("espeak", api_name="/load")
    for mode, section, name in (("light", "Engines", "system"), ("dark", "Jobs", "system-jobs")):
        page = opened(browser, studio.url, mode, WIDE)
        page.get_by_role("tab", name="System", exact=True).click()
        page.locator("#system-tabs").get_by_role("tab", name=section, exact=True).click()
        page.wait_for_timeout(4_000)
        page.screenshot(path=PICTURES / f"{name}.png")


def full_machine() -> dict[str, str]:
    """Settings under which this machine counts as nearly full."""
    used = psutil.virtual_memory().percent / 100
    low = {"HARD_LIMIT": f"{0.6 * used:.3f}", "ADMIT_LIMIT": f"{0.8 * used:.3f}", "WAIT_SECONDS": "0"}
    return {f"GREENROOM_MEMORY__{name}": value for name, value in low.items()}


def at_a_refusal(browser: Any, studio: RunningStudio) -> None:
    """The System tab of such a machine, after an engine was asked for."""
    with suppress(AppError):
        studio.client().predict("animatic", api_name="/load")
    page = opened(browser, studio.url, "dark", WIDE)
    page.get_by_role("tab", name="System", exact=True).click()
    page.locator("#memory").get_by_text("refused", exact=True).wait_for()
    page.wait_for_timeout(2_000)
    page.screenshot(path=PICTURES / "system-refusal.png")


def opened(browser: Any, url: str, mode: str, size: dict[str, int]) -> Any:
    page = browser.new_context(viewport=size, color_scheme=mode).new_page()
    page.goto(url)
    page.get_by_role("button", name="Generate", exact=True).wait_for()
    page.wait_for_timeout(1_500)
    return page


if __name__ == "__main__":
    main()
