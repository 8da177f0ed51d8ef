"""Finished sentences in the source: what functions return, collect or warn of, without the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.repository.sources import Source, studio_sources

ROOMS = ("capabilities", "studio", "media")

_COLLECTS = frozenset({"append", "insert", "add", "warn", "on_wait"})
_SENTENCE = re.compile(r"[^\w{]{0,4}[A-Z{].{0,4000}[.!?]", re.DOTALL)


def literal_sentences() -> Iterator[str]:
    """Place and words of each in the layers of the work: forms and cards declare their words and make none."""
    for source in studio_sources():
        if source.room in ROOMS:
            yield from _of_source(source)


def _of_source(source: Source) -> Iterator[str]:
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                for value in _given_out(node):
                    for line, words in _sentences(value):
                        yield f"{source.name}:{line}: {words}"


def _given_out(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and node.value is not None:
        yield node.value
    if isinstance(node, ast.AugAssign):
        yield node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if name in _COLLECTS:
            yield from node.args


def _sentences(node: ast.expr) -> Iterator[tuple[int, str]]:
    """Those that are this value or a part of it; what a call within it gets is not looked at."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        words = _words(node)
        if _SENTENCE.fullmatch(words) and re.search(r"[a-z}] [a-z{]", words):
            yield node.lineno, words
    elif not isinstance(node, ast.Call | ast.Lambda | ast.FormattedValue):
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                yield from _sentences(part)
            elif isinstance(part, ast.comprehension):
                yield from _sentences(part.iter)


def _words(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
