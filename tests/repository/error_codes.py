"""Where the studio's errors are raised and with what: read out of the source, for the check and for the reference."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from media.messages.catalogue import is_code
from tests.repository.sources import Source, studio_sources

ROOT_CLASS = "GreenroomError"
MAKERS = {"Message.of", "ExitReason.of", "within"}
"""Calls beside the constructors of errors whose first argument is a code."""
SETTINGS = {
    "retryable": frozenset({"*"}),
    "trouble": frozenset({"InstallFailed"}),
    "param": frozenset({"WrongParameter"}),
    "openai_code": frozenset({"WrongParameter"}),
    "status": frozenset({"WrongParameter", "UnexpectedAnswer"}),
    "body": frozenset({"UnexpectedAnswer"}),
    "unasked": frozenset({"ExitReason.of"}),
    "stalled": frozenset({"ExitReason.of"}),
}
"""Keyword arguments that are no parameters of the message, and whose they are."""


@dataclass(frozen=True)
class Site:
    """One call that makes an error or a message."""

    source: Source
    call: ast.Call
    maker: str

    @property
    def where(self) -> str:
        return f"{self.source.name}:{self.call.lineno}"

    @property
    def codes(self) -> list[str]:
        """The codes it may take; a literal sentence stands among them as it is."""
        return list(_texts(self.call.args[0])) if self.call.args else []

    @property
    def parameters(self) -> set[str] | None:
        """Names of what fills the patterns; None where they are given as a mapping."""
        names = [keyword.arg for keyword in self.call.keywords]
        if None in names:
            return None
        return {name for name in names if name is not None and not SETTINGS.get(name, set()) & {"*", self.maker}}


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.JoinedStr | ast.BinOp):
        yield ast.unparse(node)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


@cache
def error_classes() -> dict[str, frozenset[str]]:
    """Every class of errors with all its ancestors, by name."""
    bases: dict[str, set[str]] = {}
    for source in studio_sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(_name(base) for base in node.bases)

    def ancestors(name: str, seen: frozenset[str]) -> frozenset[str]:
        above = bases.get(name, set()) - seen
        return frozenset(above).union(*(ancestors(one, seen | above) for one in above)) if above else frozenset()

    lines = {name: ancestors(name, frozenset({name})) for name in bases}
    return {name: above for name, above in lines.items() if name == ROOT_CLASS or ROOT_CLASS in above}


@cache
def sites() -> list[Site]:
    """Every call of a class of errors, and of what makes messages."""
    found = []
    for source in studio_sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                name = _name(node.func)
                maker = f"{_name(node.func.value)}.{name}" if isinstance(node.func, ast.Attribute) else name
                if name in error_classes():
                    found.append(Site(source, node, name))
                elif maker in MAKERS or (name == "within" and isinstance(node.func, ast.Attribute)):
                    found.append(Site(source, node, maker if maker in MAKERS else "within"))
    return found


@cache
def codes_in_source() -> dict[str, list[str]]:
    """Every text of the source that has the form of a code, with the places where it stands."""
    found: dict[str, list[str]] = {}
    for source in studio_sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_code(node.value):
                found.setdefault(node.value, []).append(f"{source.name}:{node.lineno}")
    return found
