"""The routes of Gradio: each is either open or closed, and a route on neither list is closed.

The templates are those that Gradio declares. A test fails and names the route when a new version adds one.
"""

from __future__ import annotations

from starlette.routing import compile_path

READ = frozenset({"GET", "HEAD"})
WRITE = frozenset({"POST"})

WANTED: dict[str, frozenset[str]] = {
    "/": READ,
    "/assets/{path:path}": READ,
    "/static/{path:path}": READ,
    "/theme.css": READ,
    "/favicon.ico": READ,
    "/manifest.json": READ,
    "/robots.txt": READ,
    "/config": READ,
    "/config/": READ,
    "/gradio_api/theme.css": READ,
    "/gradio_api/app_id": READ,  # an open page asks it after a restart
    "/gradio_api/app_id/": READ,
    "/gradio_api/info": READ,
    "/gradio_api/info/": READ,
    "/gradio_api/openapi.json": READ,
    "/gradio_api/startup-events": READ,
    "/gradio_api/heartbeat/{session_hash}": READ,
    "/gradio_api/file={path_or_url:path}": READ,
    "/gradio_api/upload": WRITE,
    "/gradio_api/upload_progress": READ,
    "/gradio_api/queue/join": WRITE,
    "/gradio_api/queue/data": READ,
    "/gradio_api/queue/status": READ,
    "/gradio_api/cancel": WRITE,
    "/gradio_api/reset": WRITE,
    "/gradio_api/reset/": WRITE,
    "/gradio_api/run/{api_name}": WRITE,
    "/gradio_api/run/{api_name}/": WRITE,
    "/gradio_api/api/{api_name}": WRITE,
    "/gradio_api/api/{api_name}/": WRITE,
    "/gradio_api/call/{api_name}": WRITE,
    "/gradio_api/call/{api_name}/": WRITE,
    "/gradio_api/call/{api_name}/{event_id}": READ,
    "/gradio_api/call/v2/{api_name}": WRITE,
    "/gradio_api/call/v2/{api_name}/": WRITE,
    "/gradio_api/call/v2/{api_name}/{event_id}": READ,
}
"""Routes that the page, gradio_client and raw calls use, with their methods."""

SHUT = frozenset({
    "/login", "/login/", "/logout", "/gradio_api/user", "/gradio_api/user/", "/gradio_api/token", "/gradio_api/token/",
    "/gradio_api/login_check", "/gradio_api/login_check/",  # Gradio's login, which AuthMiddleware replaces
    "/gradio_api/file/{path:path}",  # the former form of file=
    "/gradio_api/proxy={url_path:path}",  # fetches from elsewhere
    "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}", "/svelte/{path:path}",  # of components of others
    "/gradio_api/component_server", "/gradio_api/component_server/",  # no component of the page has functions on the server
    "/gradio_api/stream/{event_id}", "/gradio_api/stream/{event_id}/close",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
    "/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",  # none of them streams
    "/gradio_api/process_recording",  # cuts recordings of the screen
    "/gradio_api/deep_link", "/gradio_api/runs", "/gradio_api/runs/",  # keep what was asked for on disk
    "/gradio_api/dev/reload", "/gradio_api/vibe-code", "/gradio_api/vibe-code/", "/gradio_api/vibe-edit",
    "/gradio_api/vibe-edit/", "/gradio_api/undo-vibe-edit", "/gradio_api/undo-vibe-edit/",
    "/gradio_api/vibe-starter-queries", "/gradio_api/vibe-starter-queries/",  # edit the program
    "/monitoring", "/monitoring/summary", "/monitoring/{key}",
    "/pwa_icon", "/pwa_icon/{size}", "/openapi.json",
})  # fmt: skip
"""Routes of Gradio that the studio does not use."""

_PATTERNS = [(compile_path(template)[0], methods) for template, methods in WANTED.items()]


def is_wanted(method: str, path: str) -> bool:
    """Return whether a request is for an open route."""
    return any(method in methods and pattern.match(path) is not None for pattern, methods in _PATTERNS)
