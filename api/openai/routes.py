"""OpenAI-compatible routes: /v1/audio/speech, transcriptions and translations, /v1/models. Everything runs as an ordinary job."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.datastructures import UploadFile

from api.openai.errors import WrongParameter, openai_answers
from api.openai.speech import OpenAISpeechAdapter, SpeechCall
from api.openai.transcripts import EVENTS, checked_granularities, is_streamed, shape_of, transcript_body, transcript_events
from api.openai.translations import translator
from api.security.incoming import read_json
from engines.contract import EngineKind
from engines.speech.former import FORMER_ENGINES
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.files import slug
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.validation import validated

AUTO = "auto"
AUTO_NAMES = frozenset(
    {AUTO, "", "whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"}
)
"""Model names of OpenAI that mean "the best ready engine"."""

COPY_BYTES = 1 << 20


def add_openai_routes(app: FastAPI, studio: Services, uploads: Path) -> None:
    """Declare the routes on `app`, before Gradio is mounted at "/".

    Args:
        uploads: the folder for uploaded sounds.
    """
    _add_models(app, studio)
    _add_transcriptions(app, studio, uploads)
    _add_speech(app, studio)


def _add_models(app: FastAPI, studio: Services) -> None:
    def listed() -> list[dict[str, Any]]:
        rows = (*studio.engines.statuses(EngineKind.SPEECH), *studio.engines.statuses(EngineKind.TRANSCRIPTION))
        return [_model(name) for name in (AUTO, *(row.card.id for row in rows if row.ready))]

    @app.get("/v1/models")
    @openai_answers
    async def models() -> Response:
        return JSONResponse({"object": "list", "data": await run_in_threadpool(listed)})

    @app.get("/v1/models/{model}")
    @openai_answers
    async def model(model: str) -> Response:
        for found in await run_in_threadpool(listed):
            if found["id"] == model:
                return JSONResponse(found)
        raise _no_model(model)


def _add_transcriptions(app: FastAPI, studio: Services, uploads: Path) -> None:
    @app.post("/v1/audio/transcriptions")
    @openai_answers
    async def transcriptions(request: Request) -> Response:
        return await _written_down(request, studio, uploads, "transcribe")

    @app.post("/v1/audio/translations")
    @openai_answers
    async def translations(request: Request) -> Response:
        return await _written_down(request, studio, uploads, "translate")


async def _written_down(request: Request, studio: Services, uploads: Path, task: str) -> Response:
    """Return the answer to a call with a sound. `task` is "transcribe" or "translate"."""
    async with request.form() as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise WrongParameter("openai.file-missing", param="file")
        fields = {name: str(value) for name, value in form.items() if not isinstance(value, UploadFile)}
        streamed = is_streamed(fields) and task == "transcribe"  # translations have no stream in this API
        shape = shape_of(fields, streamed=streamed)
        asked = (*form.getlist("timestamp_granularities[]"), *form.getlist("timestamp_granularities"))
        granularities = checked_granularities([str(value) for value in asked])
        engine, options = await run_in_threadpool(_listener, studio, fields, task)
        path = await run_in_threadpool(_stored, sent, uploads)
    spec = {"audio": str(path), "engine": engine, "language": fields.get("language") or AUTO, "options": options}
    job = await run_in_threadpool(_finished, studio, "transcription", spec)
    if streamed:
        return StreamingResponse(transcript_events(job), media_type=EVENTS)
    content, media_type = await run_in_threadpool(transcript_body, job, shape, granularities, task)
    return PlainTextResponse(content) if isinstance(content, str) else JSONResponse(content, media_type=media_type)


def _listener(studio: Services, fields: Mapping[str, str], task: str) -> tuple[str, dict[str, Any]]:
    """Return the engine of a call (for a translation one that translates) and its options."""
    engine = _engine(studio, fields.get("model", ""), EngineKind.TRANSCRIPTION)
    options: dict[str, Any] = {}
    if task == "translate":
        engine = translator(studio, "" if engine == AUTO else engine)
        options["translate"] = True
    takes_prompt = engine != AUTO and "prompt" in studio.catalog.get(engine).Options.model_fields
    return engine, options | ({"prompt": fields["prompt"]} if takes_prompt and fields.get("prompt") else {})


def _stored(sent: UploadFile, uploads: Path) -> Path:
    """Store an uploaded file under its name in a new folder."""
    name = Path(sent.filename or "sound").name
    folder = uploads / secrets.token_hex(16)
    folder.mkdir(parents=True)
    path = folder / f"{slug(Path(name).stem, 'sound')}{Path(name).suffix[:8]}"
    with path.open("wb") as file:
        while block := sent.file.read(COPY_BYTES):
            file.write(block)
    return path


def _add_speech(app: FastAPI, studio: Services) -> None:
    desk = OpenAISpeechAdapter(studio)

    @app.post("/v1/audio/speech")
    @openai_answers
    async def speech(request: Request) -> Response:
        try:
            body = read_json(await request.body())
        except InvalidInput as error:
            raise WrongParameter("openai.body-wrong", param="body", problem=error.message) from None
        call = validated(SpeechCall, body, "parameter")
        engine = _engine(studio, call.model, EngineKind.SPEECH)
        with desk.own_voices_named(call, engine):
            if call.stream_format:
                parts, media_type = await run_in_threadpool(desk.stream, call, engine)
                return StreamingResponse(parts, media_type=media_type)
            spec = await run_in_threadpool(desk.spec, call, engine)
            job = await run_in_threadpool(_finished, studio, "voiceover", spec)
        made, media_type = await run_in_threadpool(desk.finished, job, call)
        if isinstance(made, Path):
            return FileResponse(made, media_type=media_type)
        return StreamingResponse(made, media_type=media_type)


def _engine(studio: Services, name: str, capability: EngineKind) -> str:
    """Return the engine for a model name.

    Raises:
        WrongParameter: there is none of that name for this work.
    """
    if name in AUTO_NAMES:
        return AUTO
    if capability is EngineKind.SPEECH and name in FORMER_ENGINES:
        return name
    try:
        engine = studio.catalog.get(name)
    except NotFound as error:
        raise _no_model(name, error.hint) from None
    if engine.card.capability is not capability:
        raise WrongParameter("openai.model-unfit", param="model", engine=engine.card.title)
    return name


def _finished(studio: Services, kind: str, spec: Mapping[str, Any]) -> Job:
    """Submit a job and return it when it is done.

    Raises:
        GreenroomError: it failed or was cancelled.
    """
    job = studio.jobs.submit(kind, spec)
    while not job.state.ended:
        job = studio.jobs.wait(job.id, 5.0)
    if job.error is not None:
        raise job.error.raised()
    if job.state is JobState.CANCELLED:
        raise GreenroomError("job.was-cancelled", retryable=True, job=job.id)
    return job


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "greenroom"}


def _no_model(name: str, hint: str = "") -> WrongParameter:
    return WrongParameter("openai.model-unknown", param="model", openai_code="model_not_found", status=404, model=name, hint=hint)
