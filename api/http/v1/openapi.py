"""The OpenAPI document of /api/v1, made from the public calls and their models.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from api.operations.answers.jobs import JobAnswer
from api.operations.files import FILE
from api.operations.operation import Answer, Operation
from api.operations.registry import GROUPS, OPERATIONS
from api.problems import PROBLEM, STATUSES, Problem
from studio.version import studio_version

SCHEMAS = "#/components/schemas/{model}"
ABOUT = (
    "Greenroom is a local voice and video studio. Work runs as jobs in the studio whether or not anyone waits. A call that makes "
    "something waits for it and gives its files as addresses, which are fetched with the same authorization; with "
    "`Accept: text/event-stream` it tells how far the job is meanwhile, as events `job`, and then `result` or `error`. For long "
    "work `submit` gives the job at once. An argument that is a file takes what `POST /uploads` answered, the id of an output, "
    "or a data: address; or the call is sent as a form with the file in it. Errors are problem details (RFC 9457) with a code "
    "that stays; `x-error-codes` of a call names those it may end with, where `area.*` is every code of an area."
)
ALWAYS = {
    400: "The request cannot be read.", 401: "The studio asks for its token.", 413: "The request is too large.",
    429: "Too many wrong tokens came from this address.", 500: "Something went wrong inside the studio.",
    503: "Try again later.",
}  # fmt: skip
_KINDS = {404: "Something that is named is not there.", 409: "It cannot be done as things stand.",
          422: "An argument is wrong; the words name it.", 507: "The disk of the studio is full."}  # fmt: skip


class Upload(Answer):
    """A file that was sent in."""

    file: str
    name: str
    size: int


class Uploads(Answer):
    """Files that were sent in: `file` is what calls take. One that no call names goes after a day."""

    files: list[Upload]


def document(root_path: str = "") -> dict[str, Any]:
    """The whole document, as JSON values."""
    inputs: list[Any] = [(one.name, "validation", TypeAdapter(one.input)) for one in OPERATIONS.values()]
    outputs: list[Any] = [(one.name, "serialization", one.answers) for one in OPERATIONS.values()]
    further: list[Any] = [(kind.__name__, "serialization", TypeAdapter(kind)) for kind in (Problem, Uploads, JobAnswer)]
    found, shared = TypeAdapter.json_schemas([*inputs, *outputs, *further], ref_template=SCHEMAS)
    schemas = {(str(name), mode): schema for (name, mode), schema in found.items()}
    paths: dict[str, Any] = {f"/{one.name}": _path(one, schemas) for one in OPERATIONS.values()}
    paths |= {"/uploads": _uploads(schemas), "/jobs/{job_id}/events": _events()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Greenroom", "version": studio_version(), "description": ABOUT},
        "servers": [{"url": f"{root_path}/api/v1"}],
        "tags": [{"name": group.name, "description": group.about} for group in GROUPS],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": shared.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The studio printed it."}},
        },
    }


def _path(operation: Operation, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    common: dict[str, Any] = {
        "tags": [operation.group.name],
        "summary": operation.summary,
        "description": operation.description or operation.summary,
        "responses": _responses(operation, schemas),
        "x-error-codes": list(operation.codes),
    }
    post = {"operationId": operation.name, **common}
    if operation.input.model_fields:
        post["requestBody"] = _body(operation, schemas[operation.name, "validation"])
    found = {"post": post}
    if operation.by_get:
        found["get"] = {"operationId": f"get_{operation.name}", **common, "parameters": _parameters(operation)}
    return found


def _body(operation: Operation, schema: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schema, "example": dict(operation.example)}}
    if operation.files:
        content["multipart/form-data"] = {"schema": _form(operation)}
    required = any(field.is_required() for field in operation.input.model_fields.values())
    return {"required": required, "content": content, "description": FILE if operation.files else "The arguments by name."}


def _form(operation: Operation) -> dict[str, Any]:
    """The arguments as parts of a form: files as they are, texts as they are, and all else as JSON."""
    properties = {
        name: {"type": "string", "format": "binary"} if name in operation.files else {"type": "string"}
        for name in operation.input.model_fields
    }
    required = [name for name, field in operation.input.model_fields.items() if field.is_required()]
    return {"type": "object", "title": f"{operation.input.__name__}Form", "properties": properties, "required": required}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.input.model_json_schema()
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": one.get("description", ""),
            "schema": {key: value for key, value in one.items() if key != "description"},
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _responses(operation: Operation, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schemas[operation.name, "serialization"]}}
    answers: dict[str, Any] = {"200": {"description": operation.summary, "content": content}}
    statuses = {status for kind, status in STATUSES if kind in operation.errors}
    told = ALWAYS | {status: _KINDS[status] for status in statuses if status in _KINDS}
    return answers | {str(status): _problem(words) for status, words in sorted(told.items())}


def _problem(words: str) -> dict[str, Any]:
    return {"description": words, "content": {PROBLEM: {"schema": {"$ref": SCHEMAS.format(model="Problem")}}}}


def _uploads(schemas: Mapping[Any, Any]) -> dict[str, Any]:
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"type": "object", "title": "UploadForm", "properties": {"files": files}, "required": ["files"]}
    return {
        "post": {
            "operationId": "upload",
            "tags": ["work"],
            "summary": "Send files in, for calls that take some.",
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
            "responses": {
                "200": {
                    "description": "What each file is named by.",
                    "content": {"application/json": {"schema": schemas["Uploads", "serialization"]}},
                },
                **{str(status): _problem(words) for status, words in ALWAYS.items()},
                "507": _problem(_KINDS[507]),
            },
        }
    }


def _events() -> dict[str, Any]:
    return {
        "get": {
            "operationId": "job_events",
            "tags": ["jobs"],
            "summary": "How far a job is, as server-sent events.",
            "description": "Each event `job` is the whole job as it stands (JobAnswer), its id the job's version. The stream "
            "ends with the job; 204 says that there is nothing more to come.",
            "parameters": [
                {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}},
                {
                    "name": "last_event_id",
                    "in": "query",
                    "required": False,
                    "schema": {"type": "string"},
                    "description": "The last event that was seen, for those who cannot send the header Last-Event-ID.",
                },
            ],
            "responses": {
                "200": {"description": "Events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
                "204": {"description": "The job has ended, and its last event was seen."},
                "404": _problem(_KINDS[404]),
                "503": _problem(ALWAYS[503]),
            },
        }
    }
