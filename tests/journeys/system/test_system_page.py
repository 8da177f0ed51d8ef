"""The System tab as a person uses it: engines found and kept, jobs searched and moved, disk, log, bundle; silent when unseen."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from studio.provenance.certificate import CertificateStore
from tabs.system.page import NEWS_SECONDS
from tests.servers import long_script
from tests.studio.provenance.samples import sign_elsewhere, write_sample

pytestmark = pytest.mark.journey

QUIET_MS = 2_500 * NEWS_SECONDS


def _section(page: Any, name: str) -> None:
    page.locator("#system-tabs").get_by_role("tab", name=name, exact=True).click()


def test_engines_are_found_kept_warm_and_stay_unfolded(page: Any) -> None:
    page.get_by_role("tab", name="System", exact=True).click()
    page.locator("#memory .membar").first.wait_for()
    expect(page.locator("#memory .membar").first).to_have_attribute("aria-label", re.compile("GiB in use"))
    page.get_by_label("Search engines").fill("hibari")
    hibari = page.locator("#engines tbody tr").filter(has_text="Hibari").first
    expect(page.locator("#engines tbody tr").filter(has_text="F5-TTS")).to_have_count(0)
    hibari.locator("summary").filter(has_text="More").click()
    page.get_by_role("button", name="Keep warm", exact=True).click()
    page.get_by_role("button", name="As usual", exact=True).wait_for()
    expect(page.locator("#engines").get_by_text("kept warm")).to_be_visible()
    page.get_by_role("button", name="As usual", exact=True).click()
    expect(page.get_by_role("button", name="As usual", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Keep warm", exact=True), "redrawn, and still unfolded").to_be_visible()


def test_jobs_are_searched_moved_and_stopped(page: Any, client: Any) -> None:
    titles = [f"Queue {name}" for name in ("one", "two", "three", "four", "five")]
    for title in titles:
        client.predict("voiceover", {"script": f"{title}. {long_script(600)}", "title": title}, api_name="/submit")
    page.get_by_role("tab", name="System", exact=True).click()
    _section(page, "Jobs")
    page.locator("#jobs-search").get_by_label("Search").fill("Queue")
    rows = page.locator('#jobs section[aria-label="Jobs"] tbody tr')
    expect(rows).to_have_count(5)
    page.get_by_role("button", name="Move Queue five up", exact=True).click()
    page.get_by_role("button", name="Move Queue five down", exact=True).wait_for()
    for title in titles:
        page.get_by_role("button", name=f"Stop {title}", exact=True).click()
        expect(page.get_by_role("button", name=f"Remove {title} from the list", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove Queue one from the list", exact=True).click()
    expect(rows).to_have_count(4)
    page.locator("#jobs").get_by_text("What work takes here").wait_for()


def test_disk_log_and_bundle(page: Any) -> None:
    page.get_by_role("tab", name="System", exact=True).click()
    _section(page, "Disk")
    page.locator("#disk").get_by_text("Rendered pieces").first.wait_for()
    _section(page, "Log")
    page.locator("#log .said").first.wait_for()
    page.locator("#log-search").get_by_label("Search").fill("no such words anywhere")
    page.locator("#log").get_by_text("No record is like that.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Support bundle").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert {"README.txt", "log.txt", "machine.json", "jobs.json"} <= set(archive.namelist())


def test_a_file_is_checked_and_told_in_words(page: Any, tmp_path: Path) -> None:
    stranger = CertificateStore(tmp_path / "stranger").identity()
    plain = write_sample(tmp_path, "png")
    signed = sign_elsewhere(stranger, plain, tmp_path / "theirs.png", "image/png")
    page.get_by_role("tab", name="System", exact=True).click()
    _section(page, "Check a file")
    expect(page.locator("#provenance")).to_contain_text("nothing is asked of the network")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files to check", exact=True).click()
    chooser.value.set_files([plain, signed])
    told = page.locator("#checked")
    expect(told.get_by_role("region", name="theirs.png")).to_contain_text("whom this studio does not know", timeout=60_000)
    expect(told.get_by_role("region", name="sample.png")).to_contain_text("Nothing signed was found in this file.")


def test_the_tab_asks_for_news_only_while_it_is_seen(page: Any) -> None:
    page.get_by_role("tab", name="System", exact=True).click()
    page.locator("#memory .membar").first.wait_for()
    for _ in range(2):  # an open System tab looks now and then
        page.wait_for_event("request", lambda request: "/gradio_api/" in request.url, timeout=30_000)
    page.get_by_role("tab", name="Voiceover", exact=True).click()
    assert _grows_quiet(page, requests=8)


def _grows_quiet(page: Any, requests: int) -> bool:
    """Whether nothing is asked for QUIET_MS before so many more requests are made: what another tab asks when it opens may come
    late on a busy machine, what a tab asks again and again never ends."""
    for _ in range(requests):
        try:
            page.wait_for_event("request", lambda request: "/gradio_api/" in request.url, timeout=QUIET_MS)
        except PlaywrightTimeout:
            return True
    return False
