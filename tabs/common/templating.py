"""HTML of the page: Jinja2 templates in a folder `templates` beside the modules of each tab, compiled at first use.

Gradio inserts a piece's value into the page unchanged, so templates escape everything, and an undefined value in a template
raises an error. Modules collect values and call `render`; shared markup is a macro (common/templates/macros.html) and never a
string of HTML in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.ext import Extension

from tabs.common import formats

_TABS = Path(__file__).resolve().parents[1]
_STATIC = Path(__file__).resolve().parent / "static"
_FOLDERS = ("common", "director", "voiceover", "conversation", "character_swap", "lip_sync", "text_to_video", "system")
_KEPT_MACROS = {
    "common/macros.html": (
        "age",
        "audition",
        "button",
        "chip",
        "icon",
        "icon_link",
        "link",
        "output_actions",
        "prose",
        "compare_tools",
    ),
    "voiceover/macros.html": ("segment_actions",),
}
"""Macros that depend only on their arguments. They are available in every template, and their latest results are cached."""
_KEPT = 4096
_WRAPPERS = ("piece", "table")
"""Macros that are called with content."""
_MARK = re.compile(r"\{[%{#]|[%}#]\}|(?<![ \t])[ \t]*+\n\s*+")
_CLOSING = {"{%": "%}", "{{": "}}", "{#": "#}"}


class JoinedLines(Extension):
    """Removes line breaks of a template with the indentation after them.

    Between tags and blocks a break is dropped; within a text or a tag it becomes one space. Line numbers in errors stay right.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        parts, end, closing = [], 0, ""
        for match in _MARK.finditer(source):
            found = match.group()
            if closing:
                closing = "" if found == closing else closing
            elif found in _CLOSING:
                closing = _CLOSING[found]
            elif found.isspace():
                before, after = source[max(0, match.start() - 1) : match.start()], source[match.end() : match.end() + 1]
                space = "" if before in (">", "}", "") or after in ("<", "{", "") else " "
                parts += [source[end : match.start()], f"{space}{{#{found}#}}"]  # a comment keeps line numbers
                end = match.end()
        return "".join([*parts, source[end:]])


def render(template: str, /, **values: object) -> str:
    """Return the HTML of a template, such as "common/jobs/job_card.html" in tabs/common/templates."""
    found = _environment.get_template(template)
    try:  # as Template.render, which copies every global into each context and takes three times as long for a small piece
        return "".join(found.root_render_func(found.new_context({**_environment.globals, **values}, shared=True)))
    except Exception:
        _environment.handle_exception()


def code_spans(text: str) -> list[str]:
    """Split a sentence at its backticks: every second part is a command."""
    return re.split(r"`([^`]+)`", text)


def addresses(text: str) -> Iterable[tuple[str, str]]:
    """Yield each word of a sentence as a web address ("" for none) and the rest of the word."""
    for word in text.split(" "):
        address = word.rstrip(".,;") if word.startswith(("https://", "http://")) else ""
        yield address, word[len(address) :]


def scripts() -> str:
    """Return all scripts of common/static, beginning with the one that the others extend."""
    files = sorted(_STATIC.rglob("*.js"), key=lambda path: (path.name != "page.js", path.name))
    return "\n".join(path.read_text("utf-8") for path in files)


def _made() -> Environment:
    environment = Environment(
        loader=PrefixLoader({folder: FileSystemLoader(_TABS / folder / "templates") for folder in _FOLDERS}),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        extensions=[JoinedLines],
    )
    for words in (formats.about, formats.ago, formats.clock, formats.many, formats.percent, formats.size, code_spans, addresses):
        environment.filters[words.__name__] = words
    wrappers = environment.get_template("common/macros.html").module
    environment.globals |= {name: getattr(wrappers, name) for name in _WRAPPERS}
    for file, names in _KEPT_MACROS.items():
        macros = environment.get_template(file).module
        # The same buttons are drawn at each poll of a running job. `typed`, because a Markup equals the str that it contains.
        environment.globals |= {name: lru_cache(_KEPT, typed=True)(getattr(macros, name)) for name in names}
    return environment


_environment = _made()
