"""Texts of the command line: the list of calls, the help of one, and readable answers."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from api.operations.operation import Operation
from api.operations.registry import GROUPS

WIDTH = 100
USAGE = "./launch.sh call [--data FOLDER] [--url URL] [--token TOKEN] [--json] [--output FOLDER] NAME [key=value …]"


def listed() -> str:
    """Return the list of all calls, each with its summary."""
    lines = [f"Usage: {USAGE}", "       ./launch.sh call NAME --help tells its arguments.", ""]
    for group in GROUPS:
        lines += [f"{group.title}", *(f"  {name:18} {one.summary}" for name, one in group.operations.items()), ""]
    return "\n".join(lines)


def help_of(operation: Operation) -> str:
    """Return the help of a call: what it does, its arguments and its answer."""
    schema = operation.input.model_json_schema()
    lines = [*_wrapped(f"{operation.summary} {operation.description}".strip(), ""), "", "Arguments:"]
    for name, one in schema.get("properties", {}).items():
        needed = name in schema.get("required", ())
        default = "needed" if needed else json.dumps(one.get("default"), ensure_ascii=False)
        kind = "file" if name in operation.files else _kind(one)
        lines += [f"  {name} ({kind}, {default})", *_wrapped(one.get("description", ""), "      ")]
    if not schema.get("properties"):
        lines.append("  none")
    return "\n".join([*lines, "", "Example:", f"  {example_of(operation)}", ""])


def example_of(operation: Operation) -> str:
    """Return the example of a call as a command line."""
    words = [f"{name}={_typed(value)}" for name, value in operation.example.items()]
    return " ".join(["./launch.sh call", operation.name, *words])


def answer_lines(answer: Any, operation: Operation) -> Iterator[str]:
    """Format an answer for reading: parts by name, a file by its path, everything else as JSON."""
    if operation.parts:
        for name, value in answer.items():
            yield f"{name}: {_brief(value)}"
    elif _is_file(answer):
        yield _brief(answer)
    else:
        yield json.dumps(answer, ensure_ascii=False, indent=2)


def progress_line(job: Mapping[str, Any]) -> str:
    note = f", {job['note']}" if job.get("note") else ""
    return f"{job['state']} {100 * float(job['progress']):.0f} %{note}"


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and {"url", "name", "media_type", "size"} <= value.keys()


def _brief(value: Any) -> str:
    if _is_file(value):
        return str(value.get("saved") or value["url"])
    if isinstance(value, dict) and "state" in value:
        return f"{value['id']} {value['state']}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kind(field: Mapping[str, Any]) -> str:
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "array": "list in JSON"}
    kinds = [one.get("type") for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    return names.get(str(kinds[0]), "JSON") if kinds else "JSON"


def _typed(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}'" if any(sign in text for sign in " \"'{}[]*?$&|;<>()") and "'" not in text else _quoted(text)


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else text


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
