"""Makes docs/reference/: public calls, settings and errors, out of what they are made from, and api/error_codes.toml.

.venv/bin/python -m tests.tools.reference
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import yaml

from api.command_line.words import example_of
from api.error_codes import of_call, of_every_call
from api.http.v1.openapi import document
from api.operations.operation import Access, Operation
from api.operations.registry import GROUPS
from api.problems import STATUSES
from tests.repository.sources import ROOT
from tests.tools import error_codes, error_reference

FOLDER = ROOT / "docs" / "reference"

CALLS = """# Public calls

Everything that a program can ask of the studio, each call once. The same names, arguments and answers hold for

- **HTTP**: `POST /api/v1/NAME` with the arguments as a JSON object, `GET` with a query where it says so; the document is at
  `/api/v1/openapi.json`. Errors are `application/problem+json` with a [code](errors.md).
- **gradio_client**: `Client(url).predict(…, api_name="/NAME")`.
- **Language models**: the tool `NAME` of [the MCP server](../how-to/lan.md#mcp), where it says so.
- **The terminal**: `./launch.sh call NAME key=value …`.

Each call names the [codes](errors.md) of its errors, `area.*` being every code of an area. Any call may end with {every}.

[How to use them](../how-to/api.md) tells of files, of work that takes long, and of errors. In the examples a word in capitals
stands for an id that an earlier call gave, and `@WORD` for a file of yours. This page is made by
`python -m tests.tools.reference`; its examples are run by a test.
"""

SETTINGS = """# Settings

Every setting with its default. A change goes into [settings.yaml](../../settings.yaml), or into an environment variable for one
start: `GREENROOM_` with the group and the key in capitals, `GREENROOM_SERVER__PORT=7900` say. An unknown key or a value that is
not allowed stops the start with a sentence that names it. This page is made by `python -m tests.tools.reference`.
"""

_ACCESS = {Access.READS: "reads", Access.WRITES: "changes something", Access.DELETES: "deletes or ends something"}
_SETTING = re.compile(r"  (?P<key>\w+):\s*(?P<value>.*?)\s*(?:#\s*(?P<why>.*))?$")


def calls_page() -> str:
    """docs/reference/operations.md"""
    schemas = document()["components"]["schemas"]
    return "".join(
        [
            CALLS.replace("{every}", _codes(of_every_call())),
            *(part for group in GROUPS for part in _group(group.title, group.about, group.operations, schemas)),
        ]
    )


def _group(title: str, about: str, operations: Mapping[str, Operation], schemas: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n\n{about}\n"
    for operation in operations.values():
        yield from _call(operation, schemas)


def _call(operation: Operation, schemas: Mapping[str, Any]) -> Iterator[str]:
    facts = [_ACCESS[operation.access]]
    facts += ["waits for its job"] if operation.waits else []
    facts += ["GET too"] if operation.by_get else []
    facts += [] if operation.tool else ["no tool"]
    yield f"\n### {operation.name}\n\n{operation.summary} *({', '.join(facts)})*\n"
    if operation.description:
        yield f"\n{operation.description}\n"
    properties = operation.input.model_json_schema().get("properties", {})
    if properties:
        yield "\n| argument | kind | default | |\n| --- | --- | --- | --- |\n"
        required = operation.input.model_json_schema().get("required", [])
        for name, field in properties.items():
            kind = "file" if name in operation.files else _kind(field)
            default = "" if name in required else f"`{json.dumps(field.get('default'), ensure_ascii=False)}`"
            yield f"| `{name}` | {kind} | {default} | {_cell(field.get('description', ''))} |\n"
    yield f"\nGives {_gives(operation)}."
    statuses = sorted({status for kind, status in STATUSES if kind in operation.errors})
    yield f" May be refused with {', '.join(map(str, statuses))}.\n" if statuses else "\n"
    own = of_call(operation.name)
    if own:
        yield f"\nIts errors: {_codes(own)}.\n"
    yield f"\n```\n{example_of(operation)}\n```\n"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _gives(operation: Operation) -> str:
    if operation.parts:
        return ", ".join(f"`{name}`" for name in operation.output.model_fields)
    schema = operation.answers.json_schema(mode="serialization")
    if schema.get("type") == "array":
        item = next(iter(schema.get("$defs", {}).values())) if "$ref" not in schema["items"] else _named(schema, schema["items"])
        return f"a list, each with {_fields(item)}"
    if set(schema.get("properties", {})) == {"url", "name", "media_type", "size"}:
        return "a file"
    return _fields(schema)


def _named(schema: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema["$defs"][item["$ref"].rpartition("/")[2]]
    return found


def _fields(schema: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in schema.get("properties", {})) or "an object"


def _kind(field: Mapping[str, Any]) -> str:
    kinds = [one.get("type", "") for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    names = {"string": "text", "integer": "whole number", "boolean": "true or false", "array": "list", "object": "object"}
    return names.get(kinds[0], kinds[0])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def settings_page() -> str:
    """docs/reference/settings.md"""
    text = (ROOT / "settings.yaml").read_text("utf-8")
    defaults = yaml.safe_load(text)
    why = dict(_reasons(text))
    lines = [SETTINGS]
    for group, settings in defaults.items():
        lines.append(f"\n## {group}\n\n| setting | default | why |\n| --- | --- | --- |\n")
        for key, value in settings.items():
            lines.append(
                f"| `{group}.{key}` | `{json.dumps(value, ensure_ascii=False)}` | {_cell(why.get((group, key), ''))} |\n"
            )
    return "".join(lines)


def _reasons(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The comment of each setting, with what goes on in the lines below it."""
    group, found, words = "", ("", ""), [""]
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            group = line.partition(":")[0]
        if re.fullmatch(r"\s{3,}#.*", line) and found[1]:
            words.append(line.strip().removeprefix("#").strip())
        elif setting := _SETTING.fullmatch(line):
            if found[1]:
                yield found, " ".join(filter(None, words))
            found, words = (group, setting["key"]), [setting["why"] or ""]
    yield found, " ".join(filter(None, words))


PAGES: Mapping[str, Callable[[], str]] = {
    "operations.md": calls_page,
    "settings.md": settings_page,
    "errors.md": error_reference.page,
}


def main() -> None:
    error_codes.write()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
