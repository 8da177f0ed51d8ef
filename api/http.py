"""The studio's own HTTP routes: whether it lives, whether it can work, its memory, and its sounds by id."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from api.files import media_response
from studio.errors import GreenroomError, NotFound
from studio.studio import Studio

log = logging.getLogger(__name__)


def add_routes(app: FastAPI, studio: Studio) -> None:
    """Declare the routes on `app`, before Gradio is mounted at "/" and takes the rest."""
    _add_health(app, studio)
    _add_media(app, studio)


def _add_health(app: FastAPI, studio: Studio) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, bool]:
        """Alive: the process answers. Says nothing else, so it needs no guard of its own."""
        return {"ok": True}

    @app.get("/readyz")
    def readyz() -> Response:
        """Able to work: the job database answers and workers can be asked; 503 and a reason otherwise."""
        try:
            studio.jobs.change_counter()
            studio.workers.snapshot()
        except GreenroomError as error:
            return JSONResponse({"ready": False, **error.as_dict()}, 503)
        except Exception:
            log.exception("The studio is not ready.")
            return JSONResponse({"ready": False, "reason": "The studio cannot reach its job database or its workers."}, 503)
        return JSONResponse({"ready": True})

    @app.get("/memory")
    def memory() -> dict[str, Any]:
        """The same as the /memory endpoint of the API."""
        return studio.memory.report()


def _add_media(app: FastAPI, studio: Studio) -> None:
    """Sounds and files for the page's own players: looked up by id, so that no path is ever asked for."""

    @app.get("/media/outputs/{output}")
    def output_file(output: str, download: bool = False) -> Response:
        return _found(lambda: studio.library.get(output).path, download=download)

    @app.get("/media/segments/{key}")
    def segment_file(key: str) -> Response:
        return _found(lambda: studio.segments.path(key))

    @app.get("/media/voices/{voice}")
    def voice_file(voice: str) -> Response:
        return _found(lambda: studio.voices.get(voice).path)


def _found(look_up: Any, *, download: bool = False) -> Response:
    try:
        return media_response(look_up(), download=download)
    except NotFound as error:
        return JSONResponse({"error": str(error)}, 404)
    except GreenroomError as error:
        return JSONResponse({"error": str(error)}, 400)
