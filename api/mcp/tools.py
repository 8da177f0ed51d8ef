"""Public calls as tools of a language model: their descriptions, their arguments as a schema, and hints."""

from __future__ import annotations

from typing import Any

from mcp.types import Tool, ToolAnnotations

from api.operations.files import FILE
from api.operations.operation import Access, Operation
from api.operations.registry import OPERATIONS

LONG_WORK = "Waits for the result; for long work use `submit` with the same fields, and ask `job` for its state."

ERROR_CODES = "greenroom/error-codes"
"""In the `_meta` of a tool: the codes of errors that it may end with, for the program around the model."""

INSTRUCTIONS = (
    "Greenroom is a local voice and video studio. It speaks scripts in chosen voices, writes down speech, makes faces speak, "
    "puts people into videos and makes video clips. Typical order: voices (which names can speak), voiceover (make a narration), "
    "outputs (find results). Results are files with an address; fetch them with the same authorization as these calls. Work runs "
    "as jobs in the studio whether or not anyone waits: submit gives a job at once, job says how far it is, cancel stops it. "
    "Before work that may take long, estimate says how long and whether it fits into memory now. Engines that are not ready say "
    "in one sentence what is missing (see engines). A refused call says what was wrong with it: mend that and call again. Where "
    "the machine itself seems at fault, doctor finds out."
)


def tools() -> dict[str, Tool]:
    """Return every public call that is a tool, by name."""
    return {name: _tool(operation) for name, operation in OPERATIONS.items() if operation.tool}


def _tool(operation: Operation) -> Tool:
    said = (operation.summary, operation.description, _returns(operation), LONG_WORK if operation.waits else "")
    return Tool(
        name=operation.name,
        description=" ".join(filter(None, said)),
        inputSchema=_schema(operation),
        annotations=ToolAnnotations(
            title=operation.name.replace("_", " ").capitalize(),
            readOnlyHint=operation.reads,
            destructiveHint=None if operation.reads else operation.access is Access.DELETES,
            openWorldHint=False,
        ),
        _meta={ERROR_CODES: list(operation.codes)},
    )


def _returns(operation: Operation) -> str:
    """Return the sentence on the parts of an answer, for calls with several."""
    if not operation.parts:
        return ""
    return f"Returns: {', '.join(operation.output.model_fields)}."


def _schema(operation: Operation) -> dict[str, Any]:
    schema = operation.input.model_json_schema()
    properties = schema.get("properties", {})
    for name, field in properties.items():
        field.pop("title", None)
        if name in operation.files:
            field["description"] = f"{field.get('description', '')} {FILE}".strip()
    kept = {key: schema[key] for key in ("required", "$defs") if schema.get(key)}
    return {"type": "object", "properties": properties, "additionalProperties": False, **kept}
