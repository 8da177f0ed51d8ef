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
OWN_ARGUMENTS = {"VoiceRefused", "VoiceTooLong", "VoiceTooShort", "_Status"}
"""Classes that choose their code by themselves."""
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
        """The codes it may take, and as it is written what is none; a variable `code` is one that was chosen before."""
        if not self.call.args or self.maker in OWN_ARGUMENTS:
            return []
        return list(_texts(self.call.args[0], told=self.maker in error_classes() and self.source.name != "media/errors.py"))

    @property
    def retryable(self) -> bool | str | None:
        """Whether trying again may help: None where the class says it, "" where that is decided while it runs."""
        given = next((keyword.value for keyword in self.call.keywords if keyword.arg == "retryable"), None)
        if given is None:
            return None
        return given.value if isinstance(given, ast.Constant) and isinstance(given.value, bool) else ""

    @property
    def parameters(self) -> set[str] | None:
        """Names of what fills the patterns; None where they are given as a mapping."""
        names = [keyword.arg for keyword in self.call.keywords]
        if None in names:
            return None
        return {name for name in names if name is not None and not SETTINGS.get(name, set()) & {"*", self.maker}}


def _texts(node: ast.expr, *, told: bool) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, told=told)
        yield from _texts(node.orelse, told=told)
    elif isinstance(node, ast.JoinedStr | ast.BinOp) or (told and ast.unparse(node) != "code"):
        yield f"({ast.unparse(node)})"


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


MADE_ELSEWHERE = {
    "studio/workers/process/exit_reason.py": "WorkerDied",
    "studio/comfyui/client/status.py": "RunFailed",
    "studio/environments/pip.py": "InstallFailed",
}
"""Modules that choose a code first and raise it later, and the class in which it is raised."""


@dataclass(frozen=True)
class Raised:
    """What the source says of one code."""

    classes: frozenset[str]
    """Of the errors that bear it; none for what is only a part of another message."""
    retryable: frozenset[bool | str | None]
    """What its sites say: None where they leave it to the class, "" where they decide it while they run."""


@cache
def raised() -> dict[str, Raised]:
    """By code, the classes in which it is raised, and whether trying again may help."""
    classes: dict[str, set[str]] = {}
    again: dict[str, set[bool | str | None]] = {}

    def note(code: str, sort: str, retryable: bool | str | None) -> None:
        classes.setdefault(code, set()).add(sort)
        again.setdefault(code, set()).add(retryable)

    for site in sites():
        sort = "WorkerDied" if site.maker == "ExitReason.of" else site.maker
        if sort in error_classes():
            for code in site.codes:
                note(code, sort, site.retryable)
    for sort, code in _codes_of_classes():
        note(code, sort, None)
    for code, places in codes_in_source().items():
        for sort in {MADE_ELSEWHERE.get(where.rpartition(":")[0], "") for where in places} - {""}:
            if code not in classes:
                note(code, sort, None)
    return {code: Raised(frozenset(sorts), frozenset(again[code])) for code, sorts in classes.items()}


@cache
def _codes_of_classes() -> list[tuple[str, str]]:
    """The codes that classes of errors declare themselves, for literal sentences or as a default, by the class."""
    return [
        (node.name, part.value)
        for source in studio_sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and node.name in error_classes()
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and is_code(part.value) and not _in_call(node, part)
    ]


def _in_call(whole: ast.AST, part: ast.AST) -> bool:
    calls = (call for call in ast.walk(whole) if isinstance(call, ast.Call) and _name(call.func) != "__init__")
    return any(part in call.args for call in calls)
