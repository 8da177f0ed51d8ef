"""Makes docs/reference/errors.md out of the catalogues and of the places where errors are raised.

.venv/bin/python -m tests.tools.error_reference
"""

from __future__ import annotations

import importlib
from itertools import groupby

from api.problems import status_of
from media.errors import error_class, restored
from media.messages import catalogue
from media.messages.languages import SOURCE_LANGUAGE
from media.messages.pattern import Count, Field, Pattern, parsed
from tests.repository.error_codes import Raised, error_classes, raised
from tests.repository.sources import ROOT, studio_sources

PAGE = ROOT / "docs" / "reference" / "errors.md"

HEAD = """# Errors

Every failure that a person should read has a code: `area.what-is-wrong`. It stands in the row of a job, in the answers of the
HTTP API, of MCP and of the command line, and in the log. Codes stay the same from version to version, and programs may compare
them; the words may change, and are made in the language of who reads them. This page is made from the catalogues by
`python -m tests.tools.error_reference`.

A job that failed has `"error": {"code", "parameters", "reason", "hint", "retryable"}`; answers of `/api/v1` are
`application/problem+json` with the same `code` and `parameters`; `gradio_client` raises an `AppError` whose `title` is the
code, and routes of files and of Gradio answer `{"error", "code"}`. What stands as *this* below is a parameter of that name.
**Again** says whether the same request may succeed later without a change; a dash means that it depends on what happened.
"""

PARTS = """
## Parts of messages

Not errors of their own: they stand within the words of others, as a parameter or before the reason.

| code | words |
| --- | --- |
"""


def page() -> str:
    """The whole page."""
    for source in studio_sources():  # a class of errors is known by name once its module is imported
        if any(f"class {name}(" in source.text for name in error_classes()):
            importlib.import_module(source.name.removesuffix(".py").replace("/__init__", "").replace("/", "."))
    nothing = Raised(frozenset(), frozenset())
    told = {code: raised().get(code, nothing) for code in catalogue.codes()}
    areas = [
        f"\n## {area}\n\n| code | when | what to do | again | HTTP |\n| --- | --- | --- | --- | --- |\n"
        + "".join(_row(code, told[code]) for code in codes)
        for area, codes in groupby((code for code in told if told[code].classes), key=lambda code: code.partition(".")[0])
    ]
    parts = "".join(f"| `{code}` | {_words(code, 'reason')} |\n" for code in told if not told[code].classes)
    return HEAD + "".join(areas) + PARTS + parts


def _row(code: str, known: Raised) -> str:
    errors = [
        restored({"code": code, "retryable": sort.retryable_by_default if again is None else again}, sort)
        for sort in map(error_class, sorted(known.classes))
        for again in ({True, False} if "" in known.retryable else known.retryable)
    ]
    again = {error.retryable for error in errors}
    statuses = sorted({status_of(error) for error in errors})
    entry = catalogue.entry(code, SOURCE_LANGUAGE)
    when = entry.when if entry is not None and entry.when else _words(code, "reason")
    words = ("yes" if again == {True} else "no") if len(again) == 1 else "–"
    return f"| `{code}` | {when} | {_words(code, 'hint')} | {words} | {', '.join(map(str, statuses))} |\n"


def _words(code: str, which: str) -> str:
    entry = catalogue.entry(code, SOURCE_LANGUAGE)
    return _shown(parsed(getattr(entry, which))).strip().replace("|", "\\|")


def _shown(pattern: Pattern) -> str:
    """A pattern for readers: fields in italics, and of a choice every branch that says something."""
    words = []
    for part in pattern:
        if isinstance(part, Field) and part.choices:
            branches = list(dict.fromkeys(_shown(branch).strip() for _, branch in part.choices if branch))
            first = next((branch[0] for _, branch in part.choices if branch), "")
            lead = " " if isinstance(first, str) and first.startswith(" ") else ""
            words.append(lead + (branches[0] if len(branches) == 1 else f"({' / '.join(branches)})"))
        elif isinstance(part, Field):
            words.append(f"*{part.name}*")
        else:
            words.append("*n*" if isinstance(part, Count) else part)
    return "".join(words)


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
