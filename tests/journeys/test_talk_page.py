"""Talking in a real browser: spoken to with a recorded voice, answered, interrupted, corrected; reloaded, nothing is lost.

The language server is a scripted stand-in. Whoever listens is the best recogniser that is here; what it writes down is the same
to the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import fresh_page
from tests.journeys.test_conversation_page import MICROPHONE, recording
from tests.model_weights import model_weights
from tests.servers import RunningStudio, running_studio, wait_until
from tests.studio.language.chat_server import ChatServer, chat_server, says

pytestmark = pytest.mark.journey
PATIENCE = 90_000
SETTINGS = re.compile(r"A ship's cook\..{1,200}headphones")
ANSWER = "Well, yes. " + " ".join(f"This is sentence number {number} of a long story." for number in range(1, 25))


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        running.behaviour = says(ANSWER, piece=40)
        yield running


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, server: ChatServer) -> Iterator[RunningStudio]:
    data = tmp_path_factory.mktemp("talk") / "data"
    data.mkdir()
    for root in model_weights():
        (data / "weights").symlink_to(root)
    with running_studio(data, GREENROOM_LANGUAGE__URL=server.url) as opened:
        yield opened


def test_it_is_spoken_to_answers_and_is_interrupted(window: Any, studio: RunningStudio, server: ChatServer) -> None:
    with fresh_page(window, studio.url) as page:
        page.add_init_script(MICROPHONE)
        page.reload()
        page.get_by_role("tab", name="Conversation", exact=True).click()
        ready = page.locator("#talk-ready .talk-ready[data-can=yes]")
        ready.wait_for(timeout=PATIENCE)
        if '"listen": false' in (ready.get_attribute("data-settings") or ""):
            pytest.skip("No recogniser is here.")
        stage = page.locator("#talk .talk")
        stage.get_by_role("button", name="Talk", exact=True).click()
        expect(stage).to_have_attribute("data-state", "listening", timeout=PATIENCE)

        page.evaluate("data => microphone.hear(data)", recording("LJ001-0008"))
        expect(stage.locator("li.you .words .said")).to_have_count(1, timeout=PATIENCE)
        expect(stage.locator("li.studio .words .said")).to_contain_text("Well, yes.", timeout=PATIENCE)
        page.evaluate("data => { microphone.hear(data) }", recording("LJ001-0002"))
        cut = stage.locator("li.studio").first.locator("del.never")
        expect(cut).to_contain_text("of a long story.", timeout=PATIENCE)
        heard = stage.locator("li.studio").first.locator(".said").inner_text()
        assert ANSWER.startswith(heard) and ANSWER.startswith(f"{heard} {cut.inner_text()}"[: len(ANSWER)])
        expect(stage.locator("li.studio").first.locator(".remark")).to_contain_text("first sound", timeout=PATIENCE)
        expect(stage.locator("li.studio")).to_have_count(2, timeout=PATIENCE)
        chat = server.questions[-1]["messages"]
        assert [one["role"] for one in chat] == ["system", "user", "assistant", "user"]
        assert chat[2]["content"] == heard

        expect(stage.locator("li.studio").nth(1).locator(".said")).to_contain_text("Well, yes.", timeout=PATIENCE)
        page.keyboard.press("Escape")
        expect(stage.locator("li.studio.now")).to_have_count(0, timeout=PATIENCE)
        stage.get_by_label("Write instead of speaking").fill("And in writing?")
        stage.get_by_role("button", name="Send", exact=True).click()
        expect(stage.locator("li.studio").nth(2).locator(".said")).to_contain_text("Well, yes.", timeout=PATIENCE)
        stage.get_by_role("button", name="End", exact=True).click()
        expect(stage.get_by_role("button", name="Talk", exact=True)).to_be_visible()


def test_what_was_chosen_is_there_after_a_reload(window: Any, studio: RunningStudio) -> None:
    with fresh_page(window, studio.url) as page:
        page.get_by_role("tab", name="Conversation", exact=True).click()
        kept = "localStorage.getItem('greenroom.form.conversation')"
        before = page.evaluate(kept)
        tries = count(1)

        def stored() -> bool:  # nothing is before what was kept earlier has been put back
            page.locator("#talk-persona textarea").fill(f"A ship's cook {'who has seen it all' * next(tries)}")
            return bool(page.evaluate(kept) != before)

        wait_until(stored, 60, 0.5)
        page.locator("#talk-echo").get_by_text("I wear headphones").click()
        page.locator("#talk-persona textarea").fill("A ship's cook.")
        expect(page.locator("#talk-ready .talk-ready")).to_have_attribute("data-settings", SETTINGS, timeout=PATIENCE)
        page.reload()
        page.get_by_role("tab", name="Conversation", exact=True).click()
        expect(page.locator("#talk-persona textarea")).to_have_value("A ship's cook.", timeout=PATIENCE)
        expect(page.locator("#talk-ready .talk-ready")).to_have_attribute("data-settings", SETTINGS, timeout=PATIENCE)
