"""What every test may use: one running studio, its client, and a browser; and the order of the tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from api.gradio.skip_stubs import skip_stub_files
from tests.browser import PATIENCE, fresh_page, new_context
from tests.servers import RunningStudio, running_studio

skip_stub_files()  # before any test imports Gradio

settings.register_profile("greenroom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("greenroom")  # a busy machine is no reason to fail

_NOT_WANTED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",  # two pages behind the address line of each window: a second of work each time
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    "MediaRouter", "OptimizationHints", "PaintHolding",  # Playwright's own, which the last such argument would undo
)  # fmt: skip
QUIET = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--mute-audio", "--autoplay-policy=no-user-gesture-required",
         f"--disable-features={','.join(_NOT_WANTED)}")  # fmt: skip


LONGEST = (
    "test_kill_narration", "speech.torch_engines.test_engines", "test_musetalk", "test_liveportrait",
    "capabilities.video.test_wan", "test_recognisers", "loading.test_loading", "video.wan.test_wan",
    "verification.test_review", "test_launch",
)  # fmt: skip
"""Files that take a minute or more, the longest first: begun last, they would keep one process busy while others are done."""


LONGEST_JOURNEYS = (
    "test_a_portrait_speaks", "test_a_clip_from", "test_no_text_runs", "test_the_studio_under", "test_a_designed_voice",
    "test_a_losing_take", "test_models_page", "test_a_face_is_swapped", "test_every_screen_fits", "test_a_job_is_there_again",
    "test_jobs_are_searched", "test_what_was_asked", "test_a_narration",
)  # fmt: skip
"""The same for journeys, each of which is given out by itself (tests/sharing_out.py)."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What "--dist loadfile" means here."""
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.sharing_out import SharedOut

    return SharedOut(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then slow ones, then journeys: what breaks often is told early. Tests of the code's text are left out
    of the coverage, whose measuring would make them half as slow again."""

    for item in items:
        if item.nodeid.startswith("tests/repository/"):
            item.add_marker(pytest.mark.no_cover)  # they read the code, and run next to nothing of it

    def place(item: pytest.Item) -> tuple[int, int]:
        stage = 2 if item.get_closest_marker("journey") else 1 if item.get_closest_marker("slow") else 0
        if stage == 2:
            return stage, next(
                (place for place, part in enumerate(LONGEST_JOURNEYS) if part in item.nodeid), len(LONGEST_JOURNEYS)
            )
        name = item.nodeid.split("::")[0].removesuffix(".py").replace("/", ".")
        found = next((place for place, ending in enumerate(LONGEST) if name.endswith(ending)), len(LONGEST))
        return stage, found if stage == 1 else 0

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _only_the_settings_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("GREENROOM_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GREENROOM_ENVIRONMENTS__INSTALL_ON_GPU", "false")  # no test fetches gigabytes, with a GPU or without


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio for all tests that leave it as usable as they found it."""
    with running_studio(tmp_path_factory.mktemp("studio") / "data", measured=True) as studio:
        yield studio


@pytest.fixture(scope="session")
def client(server: RunningStudio) -> Any:
    """A gradio_client of the shared studio."""
    return server.client()


TOKEN = "a-token-for-the-tests-only"
ROOT_PATH = "/greenroom"


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio behind its door, which knows that a proxy shows it under ROOT_PATH; for tests that leave it usable."""
    settings = {"GREENROOM_SERVER__TOKEN": TOKEN, "GREENROOM_SERVER__ROOT_PATH": ROOT_PATH}
    with running_studio(tmp_path_factory.mktemp("guarded") / "data", **settings) as studio:
        yield studio


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless browser; $CHROMIUM names it, else the one on PATH."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.fail("No Chromium was found; ./launch.sh test says how to get one.")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, *root])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium: Any) -> Any:
    """One browser context for all pages that `fresh_page` opens: what they are made of is fetched and read once."""
    return new_context(chromium, accept_downloads=True)


@pytest.fixture
def page(window: Any, server: RunningStudio) -> Iterator[Any]:
    """The shared studio's page, freshly opened; fails the test when the page threw an error or asked another machine."""
    with fresh_page(window, server.url) as page:
        yield page
