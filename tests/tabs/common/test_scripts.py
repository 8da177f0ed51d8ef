"""The page's scripts are one file that a browser keeps until it changes."""

from __future__ import annotations

import httpx

from tabs.common.scripts import script_address
from tabs.common.templating import scripts
from tests.servers import RunningStudio


def test_the_page_names_its_scripts_and_browsers_keep_them(server: RunningStudio) -> None:
    page = httpx.get(server.url).text
    assert '<head><meta name="color-scheme" content="light dark">' in page and page.count(f'src="{script_address()}"') == 1
    assert page.index("page.js?v=") < page.index('type="module"'), "it runs before Gradio's own"
    assert "window.fetch =" not in page
    answer = httpx.get(f"{server.url}/{script_address()}", headers={"accept-encoding": "gzip"})
    assert answer.text == scripts() and "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript") and answer.headers["content-encoding"] == "gzip"
    old = httpx.get(f"{server.url}/page.js?v=of-an-earlier-version")
    assert old.text == scripts() and old.headers["cache-control"] == "no-cache"
