"""A language server from the page: chosen, tried, asked to rewrite a script; each change seen, one left, the rest
taken and undone; then it is gone in the middle."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import fresh_page
from tests.servers import RunningStudio, running_studio
from tests.studio.language.chat_server import KEY, ChatServer, breaks_off, chat_server, says

pytestmark = pytest.mark.journey
SCRIPT = "# News\n\nAnna: The hall (built in 1998) holds 40 people. It was warm.\n\nBen: We sold 12 tickets."
PATIENCE = 60_000
SAID = {"hall": "The hall holds forty people.", "sold": "We sold twelve tickets.", "shade": ""}


def rewrites(body: dict[str, Any]) -> str:
    """A rewriter's answers, each in the shape that was asked."""
    asked = body["messages"][-1]["content"]
    if "response_format" not in body:
        return "For narrations, and for films with voices."
    if "colour" in asked:
        return json.dumps({"shade": "teal", "sure": True})
    return json.dumps({"say": next(said for word, said in SAID.items() if word in asked)})


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        running.behaviour, running.key = says(rewrites), KEY
        yield running


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("language") / "data", GREENROOM_WEIGHTS__OFFLINE="false") as opened:
        yield opened


def test_a_server_is_set_and_tried_rewrites_a_script_and_is_gone_in_the_middle(
    window: Any, studio: RunningStudio, server: ChatServer
) -> None:
    with fresh_page(window, studio.url) as page:
        page.get_by_text("Rewrite or translate", exact=True).click()
        note = page.locator("#rewriting-note")
        expect(note).to_contain_text("There is no language model.", timeout=PATIENCE)
        expect(page.locator("#rewrite-ear")).to_be_disabled(timeout=PATIENCE)
        expect(note.get_by_role("button", name="Set up Qwen2.5 Coder 1.5B")).to_be_visible()
        page.get_by_role("tab", name="System", exact=True).click()
        page.get_by_role("tab", name="Language", exact=True).click()
        told = page.locator("#language-told")
        page.get_by_label("Address of a language server").fill("http://169.254.169.254")
        page.get_by_role("button", name="Use and test").click()
        expect(told).to_contain_text("is never asked", timeout=PATIENCE)
        page.get_by_label("Address of a language server").fill(server.url.removesuffix("/v1"))
        page.get_by_role("button", name="Use and test").click()
        expect(told).to_contain_text("wants another key", timeout=PATIENCE)
        page.locator("#language-key input").fill(KEY)
        page.get_by_role("button", name="Use and test").click()
        expect(told).to_contain_text("tiny-chat answers", timeout=PATIENCE)
        expect(told).to_contain_text("keeps a JSON schema while it writes")
        expect(page.locator("#language")).to_contain_text(re.compile("tiny-chat of Ollama on this machine"))
        assert KEY not in page.content()

        page.get_by_role("tab", name="Voiceover", exact=True).click()
        expect(page.locator("#rewrite-ear")).to_be_enabled(timeout=PATIENCE)
        script = page.locator("#script textarea")
        script.fill(SCRIPT)
        page.get_by_role("button", name="Rewrite for the ear").click()
        changes = page.get_by_role("region", name="Proposals")
        changes.get_by_role("button", name="Put 2 of 2 into the script").wait_for(timeout=PATIENCE)
        expect(script).to_have_value(SCRIPT)
        expect(changes.locator("del").first).to_contain_text("(built in 1998)")
        changes.get_by_role("button", name="Leave sentence 2 as it was").click()
        changes.get_by_role("button", name="Put 1 of 2 into the script").click(timeout=PATIENCE)
        expect(script).to_have_value(SCRIPT.replace("The hall (built in 1998) holds 40 people.", SAID["hall"]))
        script.press("Control+z")
        expect(script).to_have_value(SCRIPT)

        server.queued.append(says(rewrites))
        server.behaviour = breaks_off("{")
        page.get_by_role("button", name="Rewrite for the ear").click()
        expect(page.locator("#card")).to_contain_text("1 of 2 sentences were answered", timeout=PATIENCE)
        expect(changes.get_by_role("button", name="Put 1 of 1 into the script")).to_be_visible(timeout=PATIENCE)
        expect(script).to_have_value(SCRIPT)
