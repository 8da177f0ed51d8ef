"""From the public calls to the codes that they can end with."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator
from functools import cache

from api.operations.registry import OPERATIONS
from capabilities.registry import BUILT_IN
from media.messages import catalogue
from media.messages.catalogue import is_code
from tests.repository.error_codes import raised
from tests.repository.error_flow.calls import calls_of
from tests.repository.error_flow.index import ANY_ENGINE, Class, Function, index

APART = (
    "studio.jobs.runner.",
    "api.problems.status_of",
    "studio.services.Services.__init__",
    "studio.services.Services.open",
    "studio.services.Services.close",
)
"""What a call does not run, although names lead there: jobs run on their own, the studio is open already,
and what only compares codes raises none."""

IN_EVERY_WORKER = ("engines.worker.",)
"""What answers when a method of an engine is called."""

NO_ENGINE_THERE = ("engines.", "media.", "studio.comfyui.", "studio.language.connection.")
"""Where methods of such names are those of networks and of HTTP."""

ASKED_BEFORE = {"check_options", "check_request"}
"""Methods that an engine may have beside those of its kind, asked in the studio before there is a worker."""

LOADS_ANY = "studio.workers.engine_service.EngineService.load"

HANDED_IN = {
    "studio.workers.pool.WorkerPool._acquire": "studio.memory.manager.MemoryManager.admit_load",
    "studio.weights.weights.WeightStore._fetch": "studio.weights.fetch.main",
    "studio.workers.pool.WorkerPool._claim": "studio.memory.manager.MemoryManager.reuse",
}
"""Functions that call what the studio gave them when it opened, or that start a program of the studio's."""

BEFORE = ("accept", "prepare", "title", "lane")
"""What of a kind of job runs before it is queued."""


@cache
def kinds() -> dict[str, str]:
    """The class of each kind of job."""
    found = {}
    for entry in BUILT_IN:
        module, _, name = entry.partition(":")
        found[getattr(importlib.import_module(module), name).kind] = f"{module}.{name}"
    return found


@cache
def engine_methods() -> dict[str, frozenset[str]]:
    """What a call of an engine's method may run, by its name: the engines that have it, with all that they
    do in their worker."""
    of = index()
    contracts = [one for one in of.classes.values() if one.name.startswith("engines.contract.") and one.is_protocol]
    wanted = {name for one in contracts for name in one.methods if one.name.endswith(("Engine", "Embedding"))} | ASKED_BEFORE
    found: dict[str, set[str]] = {name: set() for name in wanted}
    for made in of.classes.values():
        if _is_engine(made):
            for name in wanted & made.methods.keys():
                in_studio = "classmethod" in map(ast.unparse, of.functions[made.methods[name]].node.decorator_list)
                found[name].update([made.methods[name]] if in_studio else [*made.methods.values(), *in_every_worker()])
    return {name: frozenset(methods) for name, methods in found.items()}


def _is_engine(made: Class) -> bool:
    return made.name.startswith("engines.") and ANY_ENGINE in index().line(made.name)


@cache
def in_every_worker() -> frozenset[str]:
    return frozenset(name for name in index().functions if name.startswith(IN_EVERY_WORKER))


@cache
def steps(name: str) -> frozenset[str]:
    """The functions that a function leads to, jobs that it waits for or queues included."""
    return frozenset(_steps(name))


def _steps(name: str) -> Iterator[str]:
    calls = calls_of(name)
    yield from calls.called
    if name == LOADS_ANY:
        yield from (made.methods["load"] for made in index().classes.values() if _is_engine(made) and "load" in made.methods)
    if name in HANDED_IN:
        yield HANDED_IN[name]
    if not name.startswith(NO_ENGINE_THERE):
        for method in calls.by_name & engine_methods().keys():
            yield from engine_methods()[method]
    for kind in (*_kinds(name, "submit"), *_kinds(name, "finished")):
        yield from _job(kind, BEFORE)
    for kind in _kinds(name, "estimate"):
        yield from _job(kind, ("estimate",))


def _kinds(name: str, method: str) -> Iterator[str]:
    """The kinds of job that a function queues ("submit"), waits for ("finished") or asks the cost of ("estimate")."""
    made = index().functions[name]
    for node in made.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method and node.args:
            yield from _kinds_named(made, node.args[0])


def _kinds_named(made: Function, node: ast.expr) -> Iterable[str]:
    """The kind of job that an argument names: all of them where it is only known when it runs."""
    if isinstance(node, ast.Constant):
        return [node.value] if node.value in kinds() else []
    owner = index().resolve(made.module, node.value) if isinstance(node, ast.Attribute) and node.attr == "kind" else None
    if owner is not None:
        return [kind for kind, name in kinds().items() if name == owner.name]
    return kinds() if made.name in OF_ANY_KIND else []


OF_ANY_KIND = ("api.operations.work.submit", "api.operations.work.estimate", "studio.jobs.service.JobService.retry")
"""Functions that submit or estimate what they are given."""


def _job(kind: str, methods: Iterable[str]) -> Iterator[str]:
    """These methods of a kind of job, and what checks its spec."""
    of, name = index(), kinds()[kind]
    for method in methods:
        yield from (of.classes[one].methods[method] for one in of.line(name)[:-1] if method in of.classes[one].methods)
    for base in of.classes[name].node.bases:  # Capability[Spec]
        for spec in of.annotated(of.classes[name].module, base):
            yield from (method for one in of.line(spec) for method in of.classes[one].on_making)


def reached(start: Iterable[str]) -> set[str]:
    """Every function that these lead to."""
    functions, seen, waiting = index().functions, set[str](), list(start)
    while waiting:
        name = waiting.pop()
        if name not in seen and name in functions and not name.startswith(APART):
            seen.add(name)
            waiting += [one for one in steps(name) if one not in seen]
    return seen


@cache
def error_codes() -> frozenset[str]:
    return frozenset(code for code, told in raised().items() if told.classes) & frozenset(catalogue.codes())


@cache
def codes_in(name: str) -> frozenset[str]:
    """Codes of errors that stand in a function, in the constants that it names, and in errors that choose their own."""
    of, made = index(), index().functions[name]
    found = {one.value for one in made.nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    for node in made.nodes:
        if isinstance(node, ast.Name | ast.Attribute):
            there = of.resolve(made.module, node)
            if there is not None and there.value is not None and there.value.value is not None:
                found.update(_texts(there.value.value))
        elif isinstance(node, ast.Call):
            there = of.resolve(made.module, node.func)
            if there is not None and there.kind == "class" and not _says_its_code(node):
                found.update(code for one in of.line(there.name)[:1] for code in _texts(of.classes[one].node))
    return frozenset(found & error_codes())


def _says_its_code(node: ast.Call) -> bool:
    return bool(node.args) and any(is_code(text) for text in _texts(node.args[0]))


@cache
def _texts(node: ast.AST) -> frozenset[str]:
    return frozenset(one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def codes(start: Iterable[str]) -> set[str]:
    """Every code that these functions can end with."""
    names = reached(start)
    if names & in_every_worker():
        names |= {name for name in index().functions if name.startswith(ENDS_WORKERS)}
    by_sentence = {TOLD} if names & in_every_worker() else set[str]()
    return by_sentence.union(*(codes_in(name) for name in names))


TOLD = "engine.told"
"""Of engines that raise sentences, as they may until 1.0."""

ENDS_WORKERS = "studio.workers.pool.WorkerPool."
"""What ends a worker from outside, with a reason that becomes the error of who waits for it."""

AROUND_JOBS = ("studio.jobs.context.", "studio.jobs.failure.", "studio.jobs.lanes.")
AROUND_CALLS = ("api.operations.calling.", "api.operations.files.", "api.http.v1.arguments.", "api.http.v1.routes.",
                "api.mcp.server.", "api.gradio.endpoints.")  # fmt: skip


def of_jobs() -> dict[str, set[str]]:
    """The codes with which each kind of job can fail, those before it is queued included."""
    runner = set[str]().union(*(codes_in(name) for name in index().functions if name.startswith("studio.jobs.runner.")))
    around = [name for name in index().functions if name.startswith(AROUND_JOBS)]
    return {kind: runner | codes([*_job(kind, (*BEFORE, "run")), *around]) for kind in kinds()}


def of_every_call() -> set[str]:
    """The codes with which any call can end, whatever it does."""
    return codes(name for name in index().functions if name.startswith(AROUND_CALLS))


def of_calls() -> dict[str, tuple[str, set[str]]]:
    """For each call the kind of job that it waits for, and the codes with which it can end beside those."""
    found = {}
    for name, operation in OPERATIONS.items():
        function = f"{operation.run.__module__}.{operation.run.__qualname__}"
        found[name] = (next(_kinds(function, "finished"), ""), codes([function, *_checks(operation.input)]))
    return found


def _checks(given: type) -> Iterator[str]:
    """What checks the arguments of a call."""
    of, name = index(), f"{given.__module__}.{given.__qualname__}"
    return (method for one in of.line(name) for method in of.classes[one].on_making)
