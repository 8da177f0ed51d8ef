"""Pages in a browser for the tests."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 60_000
"""Milliseconds that a page has for what it is waited for, which on a busy machine may be long."""

LATE_ANSWERS = """(() => {
  let state = SEED
  const chance = () => { state = (state * 1664525 + 1013904223) % 4294967296; return state / 4294967296 }
  const a_while = () => new Promise(done => setTimeout(done, chance() < 0.3 ? 300 + 1200 * chance() : 60 * chance()))
  const ask = window.fetch
  window.fetch = async (...asked) => {
    if (!String(asked[0]?.url || asked[0]).includes('/gradio_api/run/')) return ask(...asked)
    const answer = await ask(...asked)
    await a_while()
    return answer
  }
})()"""
"""Answers come late and in another order than they were asked, as on a busy machine or over a bad network: the environment
variable GREENROOM_LATE_ANSWERS holds the seed, and every journey has to hold then as well."""


def new_context(chromium: Any, **options: Any) -> Any:
    """A browser context, which is a browser that has been nowhere yet."""
    context = chromium.new_context(**options)
    context.set_default_timeout(PATIENCE)
    if seed := os.environ.get("GREENROOM_LATE_ANSWERS"):
        context.add_init_script(LATE_ANSWERS.replace("SEED", str(int(seed))))
    return context


def until(page: Any, condition: Callable[[], object], step: int = 50) -> None:
    """Let the page go on until `condition()` holds; fails when it does not within PATIENCE."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        page.wait_for_timeout(step)


def until_quiet(page: Any, seconds: float = 1.5) -> None:
    """Let the page go on until it has asked nothing of its studio for so long, and has every answer."""
    unanswered: set[Any] = set()
    last = time.monotonic()

    def begun(request: Any) -> None:
        nonlocal last
        if "/gradio_api/run/" in request.url:
            unanswered.add(request)
            last = time.monotonic()

    def ended(request: Any) -> None:
        nonlocal last
        if request in unanswered:
            unanswered.discard(request)
            last = time.monotonic()

    heard = {"request": begun, "requestfinished": ended, "requestfailed": ended}
    for event, act in heard.items():
        page.on(event, act)
    until(page, lambda: not unanswered and time.monotonic() - last > seconds)
    for event, act in heard.items():
        page.remove_listener(event, act)


CALLS = "**/gradio_api/run/predict*"
"""Where the page asks its studio."""
UNDER_WAY = 10
"""Seconds for the answers that are on their way."""


@contextmanager
def held_back(page: Any, meant: Callable[[str, str], bool]) -> Iterator[list[Any]]:
    """Hold the first answer for which `meant`, given the request's text and the answer's, is true, until the block ends; gives a
    list that holds it then.

    Every answer that was fetched reaches the page: a request that is let go of meanwhile is sent once more by the browser, and
    the studio, which remembers what it has told a page, would not tell again what the lost answer held.
    """
    held: list[tuple[Any, Any]] = []
    fetched: list[Any] = []
    over = False

    def hold(route: Any) -> None:
        if over:
            route.continue_()
            return
        fetched.append(route)
        try:
            answer = route.fetch()
            if held or not meant(route.request.post_data or "", answer.text()):
                route.fulfill(response=answer)
            else:
                held.append((route, answer))
        finally:  # also of a request that the page itself gave up, whose answer nobody takes
            if not held or held[0][0] is not route:
                fetched.remove(route)

    page.route(CALLS, hold)
    yield held
    over = True
    route, answer = held[0]
    with page.expect_event("requestfinished", lambda request: request == route.request):
        route.fulfill(response=answer)
    deadline = time.monotonic() + UNDER_WAY
    while fetched != [route] and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    page.unroute_all(behavior="ignoreErrors")


@contextmanager
def fresh_page(window: Any, url: str) -> Iterator[Any]:
    """A studio's page as a stranger opens it: nothing is stored of an earlier one, though the browser has its files already.

    Args:
        window: the browser context that it is opened in.

    Raises:
        AssertionError: at the end, when the page threw an error or asked anything of another machine.
    """
    window.clear_cookies()
    page = window.new_page()
    errors: list[str] = []
    outside: list[str] = []
    here = (url, url.replace("http", "ws", 1), "data:", "blob:")
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(here) else outside.append(request.url))
    session = window.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "local_storage,indexeddb"})
    session.detach()
    page.goto(url)  # never wait for "networkidle": the heartbeat keeps the network busy
    page.get_by_role("tab", name="Voiceover", exact=True).wait_for()
    yield page
    page.close()
    assert not errors
    assert not outside
