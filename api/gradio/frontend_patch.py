"""Two functions of Gradio's page that take time by the square of its components are served in a quicker form.

`update_loading_stati_state` tells every component of the page, at the beginning and at the end of each event, how the event
goes, and searches the whole tree of components for each: with three hundred components a pressed key keeps the browser busy for
a third of a second. Here a component hears of it where there is something to show: events of the studio hide Gradio's own
progress (`tabs.common.wiring.QUIET`), and what is hidden and was hidden needs no telling. An error, a stream or a finding about
a value is always told.

`find_attached_events` looks through all events for each component when a page opens; here they are sorted by component once.

The scripts come from the installed package and are changed as text; where the text is another, they are served as they are, and
tests/repository/test_library_internals.py says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import gradio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS = "/assets/"


@dataclass(frozen=True)
class Replacement:
    """What stands in the script whose name begins with `file`, and what takes its place."""

    file: str
    old: str
    new: str


REPLACEMENTS = (
    Replacement(
        "Blocks-",
        "async update_loading_stati_state(){await Promise.all(Object.entries(this.loading_stati.current).map(",
        "async update_loading_stati_state(){const told=this.told_of??={};await Promise.all("
        "Object.entries(this.loading_stati.current).filter(([id,now])=>{const before=told[id];"
        "told[id]=now.show_progress!=='hidden'||now.status==='error'||!!now.validation_error"
        "||!!now.stream_state&&now.stream_state!=='closed';"
        "return told[id]||before}).map(",
    ),
    Replacement(
        "core-",
        "find_attached_events(e,t){let n=t.filter(t=>t.targets.find(([t])=>t===e.id))"
        ".map(t=>{let n=t.targets.find(([t])=>t===e.id);return n?n[1]:null}).filter(Boolean);"
        "return e.props.shared_props.attached_events=n,e}",
        "find_attached_events(e,t){const known=this.attached_by??=new WeakMap;let by=known.get(t);"
        "if(!by){by=new Map;for(const one of t){const seen=new Set;for(const[id,event]of one.targets)if(!seen.has(id)){"
        "seen.add(id);if(event)by.has(id)?by.get(id).push(event):by.set(id,[event])}}known.set(t,by)}"
        "return e.props.shared_props.attached_events=[...(by.get(e.id)??[])],e}",
    ),
)


@cache
def patched_scripts() -> Mapping[str, bytes]:
    """By file name, the scripts of the installed Gradio that are changed, as they are served."""
    folder = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
    found: dict[str, bytes] = {}
    for replacement in REPLACEMENTS:
        for path in folder.glob(f"{replacement.file}*.js"):
            text = path.read_text("utf-8")
            if text.count(replacement.old) == 1:
                found[path.name] = text.replace(replacement.old, replacement.new).encode()
    return found


class FrontendPatches:
    """Answers with the changed scripts in the place of Gradio's. A browser asks each time whether it has the present one, since
    the name is that of the unchanged one, which it may have kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = None
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(ASSETS):
            body = patched_scripts().get(PurePosixPath(scope["path"]).name)
        if body is None:
            await self._app(scope, receive, send)
            return
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        known = Headers(scope=scope).get("if-none-match", "").removeprefix("W/") == etag
        headers = [(b"etag", etag.encode()), (b"cache-control", b"no-cache"), (b"vary", b"Accept-Encoding")]
        if not known:
            headers += [(b"content-type", b"text/javascript; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else body})
