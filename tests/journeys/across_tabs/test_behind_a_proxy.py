"""The page behind a reverse proxy that shows the studio under a path, and behind the studio's own door."""

from __future__ import annotations

from typing import Any

import pytest
from gradio_client import Client

from tests.api.security.proxy import path_proxy
from tests.browser import new_context
from tests.conftest import ROOT_PATH, TOKEN
from tests.servers import RunningStudio

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("strip", [True, False], ids=["path-taken-off", "path-passed-on"])
def test_the_studio_under_a_path_of_a_proxy(guarded: RunningStudio, chromium: Any, strip: bool) -> None:
    """Signs in by hand, then makes a narration: page, styles, queue, events and players all stay under the path."""
    with path_proxy(guarded.port, ROOT_PATH, strip=strip) as proxy:
        address = f"http://127.0.0.1:{proxy.port}{ROOT_PATH}"
        context = new_context(chromium)
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open the studio", exact=True).click()
        page.get_by_role("tab", name="Voiceover", exact=True).wait_for(timeout=60_000)
        page.get_by_label("Script").first.fill(f"Under a path, {'off' if strip else 'on'}.")
        page.get_by_role("button", name="Generate", exact=True).click()
        page.locator(".player audio").first.wait_for(state="attached", timeout=60_000)
        sound = page.locator(".player audio").first.evaluate("audio => audio.src")
        assert sound.startswith(f"{address}/media/outputs/")
        assert context.request.get(sound).ok
        font = page.evaluate("document.fonts.load('16px \"Hanken Grotesk\"').then(found => found.length)")
        assert font > 0
        context.close()
        assert not errors
        assert {target for target in proxy.foreign if not target.startswith(b"/favicon")} == set()
        client = Client(address, verbose=False, headers={"Authorization": f"Bearer {TOKEN}"})
        assert client.predict("And a program.", api_name="/voiceover")[2]["state"] == "done"
