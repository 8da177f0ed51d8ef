"""HTML comes from templates, where everything inserted is escaped; nothing goes around that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tabs.common.templating import render
from tests.repository.sources import ROOT, Source, studio_sources

TAG = re.compile(r"</?[a-z][a-z0-9-]*[\s>/]|<[a-z][a-z0-9-]*$")
"""Also one that is begun here and closed in another string."""
UNESCAPED = re.compile(r"\|\s*safe\b|\bautoescape\s+false|\bMarkup\b")
DRAWING = [source for source in studio_sources() if source.room in ("tabs", "api")]
TEMPLATES = sorted(path for room in ("tabs", "api") for path in (ROOT / room).rglob("templates/*.html"))


def written_texts(source: Source) -> Iterator[tuple[int, str]]:
    """Every string of a module that is not its documentation, parts of f-strings too, with its line."""
    told = {
        id(node.value)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # docstrings, of attributes too
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_no_string_of_the_page_holds_a_tag() -> None:
    texts = ((source, line, text) for source in DRAWING for line, text in written_texts(source))
    assert not [
        f"{source.name}:{line} {text[:60]!r}"
        for source, line, text in texts
        if TAG.search(text.replace("(?P<", "("))  # a named group of a regular expression is no tag
    ]


def test_nothing_is_inserted_unescaped() -> None:
    assert len(TEMPLATES) > 20
    around = [source.name for source in DRAWING if re.search(r"\bMarkup\(|\bmarkupsafe\b", source.text)]
    for path in TEMPLATES:
        name = path.relative_to(ROOT).as_posix()
        around += [f"{name}: {found}" for found in UNESCAPED.findall(path.read_text("utf-8"))]
    assert not around


def test_values_stand_in_quotes_where_they_are_attributes() -> None:
    """Escaping guards an attribute's value only between quotes."""
    bare = re.compile(r"=\{\{")
    assert not [path.name for path in TEMPLATES if bare.search(path.read_text("utf-8"))]


def test_what_a_template_inserts_is_escaped_and_missing_values_are_errors() -> None:
    drawn = render("common/note.html", style='"><b>', sentence="<script>alert(1)</script>")
    assert drawn == '<div class="g"><div class="&#34;&gt;&lt;b&gt;">&lt;script&gt;alert(1)&lt;/script&gt;</div></div>'
