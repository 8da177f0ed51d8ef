"""The studio's own HTTP routes: health, readiness, memory, and files by id."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from api.http.changes import add_change_channel
from api.http.conversation.channel import add_conversation_channel
from api.http.media import media_response
from api.http.metrics import CONTENT_TYPE, Metrics
from api.http.rehearsal import add_rehearsal_channel
from api.openai.realtime.socket import add_realtime_channel
from api.problems import unexpected
from api.security.responses import told_in_short
from capabilities.conversation.account.accounts import accounts_of
from capabilities.conversation.account.export import turn_file
from capabilities.conversation.account.observer import keeper_for
from capabilities.conversation.past import PastTalks
from capabilities.conversation.session.sessions import ConversationSessions
from capabilities.director.film.capability import RenderFilm
from studio.doctor.support_bundle import bundle_name, support_bundle
from studio.errors import GreenroomError, NotFound, storage_error_of
from studio.files import file_within
from studio.library.model import SERVED_EXTENSIONS
from studio.preprocessing import assets_of
from studio.pronunciations.csv_files import to_csv
from studio.services import Services
from studio.version import studio_version
from studio.voices.preview import VoicePreviews

log = logging.getLogger(__name__)

LONGEST_NAME = 100
"""Maximum length of a title in the name of a downloaded file."""

SEGMENT_KEY = re.compile("[0-9a-f]{64}")


def add_routes(app: FastAPI, studio: Services, auditions: VoicePreviews) -> None:
    """Declare the routes on `app`. Call it before Gradio is mounted at "/", because Gradio takes all other paths."""
    _add_health(app, studio)
    add_change_channel(app, studio)
    add_rehearsal_channel(app, studio)
    sessions = ConversationSessions(studio, lambda id, parts, via: (keeper_for(studio, via=via),))
    add_conversation_channel(app, sessions)
    add_realtime_channel(app, sessions)
    _add_results(app, studio)
    _add_listening(app, studio, auditions)
    _add_downloads(app, studio)
    _add_projects(app, studio)
    _add_conversations(app, studio)


def _add_health(app: FastAPI, studio: Services) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, bool | str]:
        """Liveness: the process answers, with its version. No token is required, so nothing else is told."""
        return {"ok": True, "version": studio_version()}

    @app.get("/readyz")
    def readyz() -> Response:
        """Readiness: the job database answers, files can be written, and workers can be asked. Otherwise 503 with a reason."""
        try:
            studio.jobs.ensure_stored()
            studio.jobs.list(limit=1)
            studio.disk.check_writable()
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

    metrics = Metrics(studio)

    @app.get("/metrics")
    def scrape() -> Response:
        """Metrics for a Prometheus server, with the same protection as other routes."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)


def _add_results(app: FastAPI, studio: Services) -> None:
    """Declare routes for outputs, uploads and pictures of the page, which are looked up by id or name and never by path."""

    @app.get("/media/outputs/{output}")
    def output_file(output: str, download: bool = False) -> Response:
        return _found(lambda: studio.library.get(output).path, download=download, name=_title_of(studio, output))

    @app.get("/media/outputs/{output}/{part}")
    def output_part(output: str, part: str, download: bool = False) -> Response:
        """A file that belongs to an output, by its ending: srt, vtt, json."""
        return _found(lambda: _companion(studio, output, part), download=download, name=_title_of(studio, output))

    @app.get("/media/signed/{output}")
    def signed_copy(output: str) -> Response:
        """A copy with a signed statement of how it was made; a ZIP with the statement where the format holds none."""
        return _found(lambda: studio.signed_copies.get(output), download=True, name=_title_of(studio, output))

    @app.get("/media/segments/{key}")
    def segment_file(key: str) -> Response:
        return _found(lambda: studio.segments.path(key) if SEGMENT_KEY.fullmatch(key) else None)

    @app.get("/media/assets/{asset}")
    def asset_file(asset: str) -> Response:
        """An upload that is kept for swaps."""
        return _found(lambda: assets_of(studio.paths).get(asset).path)

    @app.get("/media/portraits/{name}")
    def portrait_file(name: str) -> Response:
        """A portrait that ships with the studio, by its file's name."""
        shipped = {path.name: path for path in (studio.site.assets / "portraits").glob("*.*g")}
        return _found(lambda: shipped.get(name))


def _add_listening(app: FastAPI, studio: Services, auditions: VoicePreviews) -> None:
    """Declare routes for voices and words that the page plays before they are used."""

    @app.get("/media/voice-samples")
    def voice_sample(voice: str = "") -> Response:
        return _found(lambda: auditions.clip(voice))

    @app.get("/media/pronunciations")
    def pronunciation(word: str = "", saying: str = "", voice: str = "", language: str = "") -> Response:
        """A word as an entry of the pronunciation list has it said."""
        return _found(lambda: auditions.word(word, saying, voice, language))


def _add_downloads(app: FastAPI, studio: Services) -> None:
    """Declare routes for files that are written when they are asked for: templates, tables, voices, the support bundle."""

    @app.get("/media/templates/{template}")
    def template_graph(template: str) -> Response:
        """The graph of a template, which ComfyUI opens."""
        try:
            found = studio.templates.get(template)
        except NotFound as error:
            return JSONResponse(told_in_short(error), 404)
        headers = _as_download(f"{found.id}.json")
        return JSONResponse({node: dict(told) for node, told in found.graph.items()}, headers=headers)

    @app.get("/media/pronunciations.csv")
    def pronunciation_table() -> Response:
        headers = _as_download("pronunciations.csv")
        return Response(to_csv(studio.pronunciations.list()), media_type="text/csv; charset=utf-8", headers=headers)

    @app.get("/media/support-bundle")
    def bundle() -> Response:
        content = support_bundle(studio, studio.disk)
        return Response(content, media_type="application/zip", headers=_as_download(bundle_name()))

    @app.get("/media/voices/{voice}/export")
    def voice_export(voice: str) -> Response:
        return _found(lambda: studio.voices.export(voice), download=True)


def _add_projects(app: FastAPI, studio: Services) -> None:
    @app.get("/media/projects/{name}")
    def project_file(name: str) -> Response:
        exported = studio.paths.root / "uploads" / "projects"
        return _found(lambda: file_within(exported / name, (exported,)), download=True)

    @app.get("/media/project-files/{project}/{name}")
    def project_picture(project: str, name: str) -> Response:
        desk = studio.capability(RenderFilm).desk
        return _found(lambda: desk.files.find(desk.projects.get_folder(project), f"files/{name}", "file")[0])


def _add_conversations(app: FastAPI, studio: Services) -> None:
    @app.get("/media/conversations/{talk}")
    def conversation_file(talk: str, format: str = "wav", download: bool = False) -> Response:
        """A conversation as sound, script, subtitles or data; of a rehearsal its report."""
        return _found(lambda: PastTalks(studio).export(talk, format), download=download)

    @app.get("/media/conversations/{talk}/turns/{turn}")
    def conversation_turn(talk: str, turn: str) -> Response:
        """The sound of one turn as it was spoken or heard."""
        return _found(lambda: turn_file(accounts_of(studio.paths), talk, turn, studio.paths.cache))


def _as_download(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}


def _companion(studio: Services, output: str, part: str) -> Path:
    for path in studio.library.get(output).companions:
        if path.suffix == f".{part}" and path.suffix in {*SERVED_EXTENSIONS, ".json"}:
            return path
    raise NotFound("file.not-of-output")


def _title_of(studio: Services, output: str) -> str:
    """Return the file name of a downloaded output: its title without characters that file names cannot have; "" if it has
    none."""
    try:
        title = studio.library.get(output).title
    except NotFound:
        return ""
    kept = "".join(one if one.isprintable() and one not in '/\\:*?"<>|' else " " for one in title)
    return " ".join(kept.split()).strip(". ")[:LONGEST_NAME]


def _found(look_up: Callable[[], Path | None], *, download: bool = False, name: str = "") -> Response:
    try:
        return media_response(look_up(), download=download, name=name)
    except NotFound as error:
        return JSONResponse(told_in_short(error), 404)
    except GreenroomError as error:
        return JSONResponse(told_in_short(error), 409)
    except Exception as error:
        log.exception("A file could not be given out.")
        if (storage := storage_error_of(error)) is not None:
            return JSONResponse(told_in_short(storage), 507)
        return JSONResponse(told_in_short(unexpected()), 500)
