"""The parts of Gradio that the studio changes or relies on without a promise, one test for each: a new Gradio that is built
otherwise is named here, before a page is blank or a button dead. requirements.in keeps Gradio below the next version for the
same reason; raise the bound only with these green."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio import queueing, routes
from gradio_client import Client, utils

from api.gradio.client_patch import SPOKEN, TOLD, PlainDictResponses
from api.gradio.raw_calls import ROUTE as RAW_ROUTE
from tabs.common import theme as look
from tabs.common.notices.notices import HANDLERS
from tabs.common.wiring import clicked
from tabs.page import Page
from tests.repository.sources import ROOT


def broken(place: str, what: str) -> str:
    return f"Gradio {gr.__version__} has changed under the patch in {place}: {what}"


@pytest.fixture(scope="module")
def page() -> Page:
    with Page() as made:
        text = gr.Textbox()
        gr.HTML().click(lambda: None, queue=False)
        gr.Button().click(lambda value: value, text, text, api_name="echo")
    return made


def test_stub_files_are_still_written_by_the_function_that_is_replaced() -> None:
    """api/gradio/skip_stubs.py: an import hook puts a function that does nothing in this one's place."""
    place = "api/gradio/skip_stubs.py"
    source = (Path(gr.__file__).parent / "component_meta.py").read_text("utf-8")
    assert re.search(r"^def create_or_modify_pyi\(", source, re.MULTILINE), broken(place, "the function is gone")
    assert re.search(r"^ +create_or_modify_pyi\(", source, re.MULTILINE), broken(place, "nothing calls it any more")
    program = (
        "from api.gradio.skip_stubs import skip_stub_files, _leave_as_they_are as nothing; skip_stub_files();"
        "import gradio.component_meta as m; print(m.create_or_modify_pyi is nothing)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"], broken(place, "it is not replaced when Gradio is imported")


def test_the_configuration_is_worked_out_once_it_is_mounted(page: Page) -> None:
    """tabs/page.py: before the page is mounted, get_config_file answers {}."""
    place = "tabs/page.py (get_config_file)"
    assert page.config == {}, broken(place, "the end of the page's `with` asks for a configuration in another way")
    source = inspect.getsource(routes.mount_gradio_app)
    assert source.index("custom_mount_path = ") > 0, broken(place, "mount_gradio_app sets no custom_mount_path")
    from fastapi import FastAPI

    mounted = FastAPI()
    gr.mount_gradio_app(mounted, page, path="/")
    config = page.config
    assert len(config["components"]) >= 3 and len(config["dependencies"]) == 2, broken(
        place, "a mounted page has no configuration"
    )


def _echo(value: str) -> str:
    return value


def test_a_browser_gets_a_lean_copy_and_clients_the_whole() -> None:
    """tabs/common/browser_copy.py: public endpoints are known by the type of their components and by having no targets."""
    place = "tabs/common/browser_copy.py"
    from fastapi import FastAPI

    with Page() as made:
        button, text, unseen = gr.Button(), gr.Textbox(), gr.State()
        button.click(lambda value: value, text, text, api_visibility="private", show_progress="hidden")
        text.submit(lambda value: value, text, text, api_visibility="private")
        gr.api(_echo, api_name="echo")
    gr.mount_gradio_app(FastAPI(), made, path="/")
    config = made.config
    kinds = {one["id"]: one["type"] for one in config["components"]}
    stand_ins = {one for one, kind in kinds.items() if kind == "api"}
    assert stand_ins, broken(place, "values of an endpoint have components of another type")
    shown = config["page"][""]
    assert not stand_ins & set(shown["components"]) and {button._id, text._id} <= set(shown["components"])
    assert [config["dependencies"][one]["show_progress_on"] for one in shown["dependencies"]] == [[unseen._id], None]
    assert not stand_ins & set(re.findall(r"\d+", json.dumps(shown["layout"]))), broken(place, "the layout names them otherwise")
    assert list(made.get_api_info()["named_endpoints"]) == ["/echo"]
    assert made.get_api_info(page="")["named_endpoints"] == {}, broken(place, "the page is told of the API in another way")


def test_what_the_page_does_for_every_event_is_as_when_it_was_measured() -> None:
    """tabs/common/browser_copy.py and static/scripts/unwatched.js: progress of an event goes to `show_progress_on` alone where
    that is given, and a list of another class than Array is not watched. Without these the page only takes longer."""
    scripts = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    bundle = "\n".join(
        path.read_text("utf-8") for path in scripts.glob("*.js") if path.name.startswith(("index-", "Blocks-", "core-"))
    )
    assert re.search(r"show_progress_on\|\|this\.outputs", bundle), broken(
        "tabs/common/browser_copy.py", "progress goes elsewhere"
    )
    assert "targets.find(" in bundle, broken("static/scripts/unwatched.js", "events are looked up in another way")
    assert re.search(r"if\((\w+)!==\w+&&\1!==\w+\)return \w+;", bundle), broken(
        "static/scripts/unwatched.js", "every list is watched"
    )


def test_the_queue_sleeps_as_long_as_it_is_told(page: Page) -> None:
    """tabs/page.py: the queue of an idle studio looks for calls fifty times a second."""
    place = "tabs/page.py (queue)"
    queue = getattr(page, "_queue", None)
    assert isinstance(queue, queueing.Queue), broken(place, "a page has no _queue")
    fresh = gr.Blocks()._queue
    for name in ("sleep_when_free", "progress_update_sleep_when_free"):
        assert hasattr(fresh, name), broken(place, f"the queue has no {name}")
        assert f"sleep(self.{name})" in inspect.getsource(queueing.Queue), broken(place, f"nothing sleeps by {name}")
        assert getattr(queue, name) > getattr(fresh, name), broken(place, f"{name} is set anew after the page set it")


def test_a_press_of_a_drawn_button_carries_its_data() -> None:
    """tabs/common/wiring.py: `clicked` reads the private _data of an event; without it every drawn button would be dead."""
    event = gr.EventData(None, {"act": "play", "output": 3})
    assert clicked(event) == {"act": "play", "output": "3"}, broken("tabs/common/wiring.py (clicked)", "an event has no _data")


def test_dark_colours_are_among_the_arguments_of_a_theme() -> None:
    """tabs/common/theme.py: which colours have a dark one is read from the arguments of Base.set."""
    place = "tabs/common/theme.py (theme)"
    parameters = inspect.signature(gr.themes.Base.set).parameters
    dark = {name for name in parameters if name.endswith("_dark")}
    assert len(dark) > 100, broken(place, "set names no dark colours")
    made = look.theme()
    assert made.body_background_fill_dark == made.body_background_fill == "var(--g-bg)", broken(place, "a dark colour is lost")


async def _config_through_the_patch(body: bytes) -> bytes:
    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/config", "headers": [(b"user-agent", b"gradio_client/2")]}
    await PlainDictResponses(answers)(scope, None, send)  # type: ignore[arg-type]
    return bytes(sent[-1]["body"])


def test_a_client_is_told_a_protocol_that_leaves_dicts_alone(page: Page) -> None:
    """api/gradio/client_patch.py: the name of the protocol in /config is replaced as text."""
    import asyncio

    place = "api/gradio/client_patch.py (PlainDictResponses)"
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    with gr.Blocks() as plain:
        gr.Textbox()
    application = FastAPI()
    gr.mount_gradio_app(application, plain, path="/")
    body = TestClient(application).get("/config").content
    assert body.count(SPOKEN) == 1, broken(place, f"/config does not say {SPOKEN.decode()}")
    told = asyncio.run(_config_through_the_patch(body))
    assert SPOKEN not in told and json.loads(told)["protocol"] == "sse_v2.1", broken(place, "the replacement failed")
    client = inspect.getsource(sys.modules[Client.__module__])
    name = TOLD.decode().split('"')[3]
    assert f'protocol == "{name}"' in client, broken(place, f"gradio_client {version('gradio_client')} knows no {name}")
    value = {"path": "/x.wav", "kind": "audio"}
    assert utils.is_file_obj_with_meta(value) is False, broken(place, "a dict with a path counts as a file")


def test_gradio_stays_below_a_version_that_was_not_tried() -> None:
    (bound,) = re.findall(r"^gradio\[mcp\]>=[\d.]+,<([\d.]+)$", (ROOT / "requirements.in").read_text("utf-8"), re.MULTILINE)
    numbers = [tuple(map(int, one.split(".")[:2])) for one in (gr.__version__, bound)]
    assert numbers[0] < numbers[1] == (numbers[0][0], numbers[0][1] + 1)


def gradio_routes() -> set[str]:
    """Method and path of everything that a bare page declares."""
    with gr.Blocks() as bare:
        gr.Textbox()
    application = routes.App.create_app(bare)
    found = set()
    for route in _flat(application.routes):
        for method in sorted(getattr(route, "methods", None) or {"*"}):
            found.add(f"{method} {route.path}")
    return found


def _flat(held: Any) -> Iterator[Any]:
    for route in held:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            yield from _flat(inner)
        if hasattr(route, "path"):
            yield route


def test_page_handlers_are_posted_where_page_js_and_the_notices_look() -> None:
    """page.js wraps window.fetch and notices.py reads the path: both know Gradio's route for handlers."""
    place = "tabs/common/static/scripts/page.js and tabs/common/notices/notices.py"
    declared = {route.partition(" ")[2] for route in gradio_routes()}
    assert any(re.fullmatch(r"/gradio_api/(?:run|api)/\{api_name\}/?", path) for path in declared), broken(place, "no /run/")
    script = next((ROOT / "tabs").rglob("page.js")).read_text("utf-8")
    assert f"/gradio_api{HANDLERS}" in script and HANDLERS == "/run/predict"
    bundle = Path(gr.__file__).parent / "templates" / "frontend"
    texts = [path.read_text("utf-8", "replace") for path in (bundle / "assets").glob("index-*.js")]
    posting = [text for text in texts if re.search(r"/run/?\$", text)]
    assert posting, broken(place, "the page's own script posts its handlers elsewhere than to /run/…")
    assert any("fetch(" in text for text in posting), broken(place, "the page asks without fetch")


def test_raw_calls_lie_where_they_are_completed(page: Page) -> None:
    """api/gradio/raw_calls.py: the body of a call to these routes is completed before Gradio reads it."""
    place = "api/gradio/raw_calls.py (RawCalls)"
    named = {route for route in gradio_routes() if route.startswith("POST") and "{api_name}" in route}
    declared = {route for route in named if "/call/v2/" not in route}  # takes values by name and fills in defaults itself
    paths = [route.partition(" ")[2].replace("{api_name}", "voiceover") for route in declared]
    assert paths, broken(place, "no route takes the name of an endpoint")
    missed = [path for path in paths if not RAW_ROUTE.fullmatch(path)]
    assert not missed, broken(place, f"calls come in at {missed} too")
    fields = set(routes.PredictBody.model_fields)
    assert "data" in fields, broken(place, f"a call's body has {sorted(fields)} and no data")
