"""A studio that answers on a port of this very process, for tests that look at what it keeps in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app import build, quieten
from tests.servers import free_port, wait_until


@dataclass(frozen=True)
class StudioInside:
    """Its address, its parts, and Gradio's page."""

    url: str
    studio: Any
    page: Any


@contextmanager
def studio_inside(data: Path, *, loop: Literal["auto", "asyncio"] = "auto") -> Iterator[StudioInside]:
    """A studio over `data`, served by a thread.

    Args:
        loop: the event loop of the server: uvicorn's choice, or the one of the standard library, whose steps can be watched.
    """
    port = free_port()
    quieten(data)
    import uvicorn
    from starlette.routing import Mount

    from api.gradio.border import GradioBorder
    from api.security.exposure import plan_exposure
    from capabilities.registry import all_capabilities
    from studio.services import Services
    from studio.settings import load_settings

    settings = load_settings(server={"port": port}, data={"folder": data})
    studio = Services.open(settings, all_capabilities)
    try:
        app, endpoints = build(studio, plan_exposure(settings))
        (border,) = [route.app for route in app.routes if isinstance(route, Mount) and isinstance(route.app, GradioBorder)]
        server = uvicorn.Server(
            uvicorn.Config(app, port=port, loop=loop, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield StudioInside(f"http://127.0.0.1:{port}", studio, border.page)
        finally:
            endpoints.close()
            server.should_exit = True
            thread.join(20)
    finally:
        studio.close()
