"""The public endpoints as tools of a language model: their descriptions, their arguments as a schema, and hints."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import gradio as gr
from mcp.types import Tool, ToolAnnotations

from api.operations.endpoint import arguments_of
from api.operations.operations import QUEUES, Operations

_MACHINE = {"load", "unload", "memory", "memory_history", "machine_events", "set_idle", "environments", "weights"}
_HOUSE = {"move_job", "run_times", "disk", "free_disk", "log", "support_bundle"}
HIDDEN = frozenset(_MACHINE | _HOUSE)
"""Endpoints that are no tools: the studio loads engines for a job and lets them go by itself, and the rest is for whoever
looks after the machine. The doctor stays: it answers why something does not work here."""

READING = frozenset(
    {
        "job", "jobs", "job_history", "voices", "voice_sample", "judge_voice", "export_voice", "segments", "outputs", "recipe",
        "engines", "templates", "template", "comfyui_models", "estimate",
    }
)  # fmt: skip
CALL = re.compile(r"(?<![\w/])/([a-z_]+)\b")
DELETING = re.compile(r"(delete|remove)_.*|cancel")

FILE = (
    "Give the id of an output (see outputs), the path that POST /gradio_api/upload answered, or a data: address in base64. "
    "Addresses of other machines are not fetched."
)
LONG_WORK = " Waits for the result; for long work use submit with the same fields, and ask job for its state."

INSTRUCTIONS = (
    "Greenroom is a local voice and video studio. It speaks scripts in chosen voices, writes down speech, makes faces speak, "
    "puts people into videos and makes video clips. Typical order: voices (which names can speak), voiceover (make a narration), "
    "outputs (find results). Results are files with an address; fetch them with the same authorization as these calls. Work runs "
    "as jobs in the studio whether or not anyone waits: submit gives a job at once, job says how far it is, cancel stops it. "
    "Before work that may take long, estimate says how long and whether it fits into memory now. Engines that are not ready say "
    "in one sentence what is missing (see engines). A refused call says what was wrong with it: mend that and call again. Where "
    "the machine itself seems at fault, doctor finds out."
)


@dataclass(frozen=True)
class ToolCall:
    """One tool and what a call of it must be turned into.

    Args:
        files: names of arguments that are files.
    """

    tool: Tool
    files: frozenset[str]


def tools() -> dict[str, ToolCall]:
    """Every public endpoint that makes sense as a tool, by name."""
    return {name: _tool(name) for name in QUEUES if name not in HIDDEN}


def _tool(name: str) -> ToolCall:
    method = getattr(Operations, name)
    told, arguments, returns = (_as_tools(part) for part in described(method))
    files = frozenset(
        parameter.name
        for parameter in list(inspect.signature(method).parameters.values())[1:]
        if parameter.annotation is gr.FileData or gr.FileData in getattr(parameter.annotation, "__args__", ())
    )
    schema = arguments_of(method).model_json_schema()
    properties = schema.get("properties", {})
    for argument, field in properties.items():
        field.pop("title", None)
        if argument in files:
            field["type"] = "string"
        text = " ".join(filter(None, (arguments.get(argument, ""), FILE if argument in files else "")))
        if text:
            field["description"] = text
    waits = QUEUES[name].get("concurrency_id") == "gpu"
    description = told + (f" Returns: {returns}" if returns else "") + (LONG_WORK if waits else "")
    input_schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if schema.get("required"):
        input_schema["required"] = schema["required"]
    if schema.get("$defs"):
        input_schema["$defs"] = schema["$defs"]
    reading = name in READING
    hints = ToolAnnotations(
        title=name.replace("_", " ").capitalize(),
        readOnlyHint=reading,
        destructiveHint=None if reading else DELETING.fullmatch(name) is not None,
        openWorldHint=False,
    )
    return ToolCall(Tool(name=name, description=description, inputSchema=input_schema, annotations=hints), files)


def _as_tools(said: Any) -> Any:
    """Names of calls as names of tools: "/voices" in a docstring is the tool "voices"."""
    if isinstance(said, dict):
        return {name: _as_tools(text) for name, text in said.items()}
    return CALL.sub(lambda found: found[1] if found[1] in QUEUES else found[0], said)


def described(method: Any) -> tuple[str, dict[str, str], str]:
    """What a docstring says: of the whole, of each argument, of what comes back."""
    text = inspect.getdoc(method) or ""
    body, _, returns = text.partition("\nReturns:\n")
    body, _, listed = body.partition("\nArgs:\n")
    arguments: dict[str, str] = {}
    last = ""
    for line in listed.splitlines():
        if found := re.match(r"    (\w+): (.*)", line):
            last = found[1]
            arguments[last] = found[2].strip()
        elif last and line.strip():
            arguments[last] += f" {line.strip()}"
    return " ".join(body.split()), arguments, " ".join(returns.split())
