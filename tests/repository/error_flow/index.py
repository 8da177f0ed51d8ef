"""Names, functions and classes of the studio's source, and the classes that an annotation names."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

from tests.repository.sources import Source, studio_sources

Types = frozenset[str]
"""Classes that a value may be of, or hold: a list of jobs counts as a job."""

NONE: Types = frozenset()

ANY_ENGINE = "engines.contract.engine.Engine"
OPEN = frozenset({ANY_ENGINE, "studio.jobs.capability.Capability"})
"""Classes whose methods are followed no further down: code that takes any engine, or any kind of job, does not say which. The
methods of a kind of engine lead to its engines (`reach.engine_methods`), and the name of a kind of job to its class."""


@dataclass(frozen=True)
class Found:
    """What a name stands for: a class or a function by its full name, a module, or a variable with its assignment."""

    kind: Literal["class", "function", "module", "variable"]
    name: str
    module: Module | None = None
    value: ast.Assign | ast.AnnAssign | None = None


@dataclass(eq=False)
class Module:
    source: Source
    name: str
    own: dict[str, Found] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the name here: the module, and the name there; "" where the module itself is meant."""


@dataclass(eq=False)
class Class:
    name: str
    module: Module
    node: ast.ClassDef
    methods: dict[str, str] = field(default_factory=dict)
    bases: list[str] = field(default_factory=list)
    properties: set[str] = field(default_factory=set)
    on_making: list[str] = field(default_factory=list)
    """Methods that run when one is made: validators and what follows the constructor."""

    @property
    def is_protocol(self) -> bool:
        return any("Protocol" in ast.unparse(base) for base in self.node.bases)


@dataclass(eq=False)
class Function:
    name: str
    module: Module
    node: ast.FunctionDef | ast.AsyncFunctionDef
    owner: Class | None

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.node))


class Index:
    """All of it, built once."""

    def __init__(self) -> None:
        self.modules: dict[str, Module] = {}
        self.classes: dict[str, Class] = {}
        self.functions: dict[str, Function] = {}
        self.below: dict[str, set[str]] = defaultdict(set)
        """Subclasses of a class, and classes that have all methods of a protocol."""
        self._set: dict[str, defaultdict[str, list[tuple[ast.expr | None, ast.expr | None]]]] = {}
        for source in studio_sources():
            self._add(source)
        self._inherit()

    def _add(self, source: Source) -> None:
        name = source.name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        module = self.modules[name] = Module(source, name)
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    module.imported[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0],
                        "",
                    )
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    module.imported[alias.asname or alias.name] = (node.module or "", alias.name)
        self._define(module, source.tree.body, name, None)

    def _define(self, module: Module, body: list[ast.stmt], prefix: str, owner: Class | None) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._define_function(module, node, f"{prefix}.{node.name}", owner)
            elif isinstance(node, ast.ClassDef):
                made = self.classes[f"{prefix}.{node.name}"] = Class(f"{prefix}.{node.name}", module, node)
                module.own.setdefault(node.name, Found("class", made.name))
                self._define(module, node.body, made.name, made)
            elif isinstance(node, ast.If | ast.Try | ast.With):
                self._define(module, [*node.body, *getattr(node, "orelse", [])], prefix, owner)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and owner is None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        module.own.setdefault(target.id, Found("variable", target.id, module, node))

    def _define_function(
        self, module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, owner: Class | None
    ) -> None:
        self.functions[name] = Function(name, module, node, owner)
        if owner is None:
            module.own.setdefault(node.name, Found("function", name))
            return
        owner.methods[node.name] = name
        marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
        if "property" in marks:
            owner.properties.add(node.name)
        if "validator" in marks or node.name in ("__post_init__", "model_post_init", "__new__"):
            owner.on_making.append(name)

    def _inherit(self) -> None:
        for made in self.classes.values():
            for base in made.node.bases:
                found = self.resolve(made.module, base.value if isinstance(base, ast.Subscript) else base)
                made.bases += [found.name] if found is not None and found.kind == "class" else []
        for name in self.classes:
            for above in self.line(name)[1:]:
                self.below[above].add(name)
        have = {name: self._shapes(name) for name in self.classes}
        implementing = [name for name, made in self.classes.items() if not made.is_protocol]
        for name, made in self.classes.items():
            wanted = {method: given for method, given in have[name].items() if not method.startswith("__")}
            if made.is_protocol and wanted:
                self.below[name] |= {
                    one for one in implementing if all(given <= have[one].get(method, NONE) for method, given in wanted.items())
                }

    def _shapes(self, name: str) -> dict[str, frozenset[str]]:
        """The methods of a class with the names of their arguments: those of a class that fits a protocol have them too."""
        shapes: dict[str, frozenset[str]] = {}
        for one in self.line(name):
            for method, full in self.classes[one].methods.items():
                given = self.functions[full].node.args
                shapes.setdefault(method, frozenset(each.arg for each in (*given.args, *given.kwonlyargs)) | {method})
        return shapes

    def line(self, name: str) -> list[str]:
        """A class with all it inherits from, the nearest first."""
        found: list[str] = []
        waiting = [name]
        while waiting:
            one = waiting.pop(0)
            if one in self.classes and one not in found:
                found.append(one)
                waiting += self.classes[one].bases
        return found

    def methods(self, name: str, method: str, *, below: bool = True) -> frozenset[str]:
        """What a call of this method of that class may run: its own, and those of the classes below it."""
        found = set()
        for one in (name, *(self.below[name] if below and name not in OPEN else ())):
            found.update(
                next(([self.classes[k].methods[method]] for k in self.line(one) if method in self.classes[k].methods), [])
            )
        return frozenset(found)

    def resolve(self, module: Module, node: ast.expr, depth: int = 0) -> Found | None:
        """What a dotted name means in a module; None for what is not of the studio's."""
        if isinstance(node, ast.Name):
            return self._named(module, node.id, depth)
        if not isinstance(node, ast.Attribute):
            return None
        base = self.resolve(module, node.value, depth)
        if base is None:
            return None
        if base.kind == "module":
            return self._in_module(base.name, node.attr, depth)
        inner = f"{base.name}.{node.attr}"
        return Found("class", inner) if base.kind == "class" and inner in self.classes else None

    def _named(self, module: Module, name: str, depth: int) -> Found | None:
        if name in module.own:
            return module.own[name]
        if name not in module.imported or depth > 8:
            return None
        place, there = module.imported[name]
        return self._in_module(place, there, depth + 1) if there else Found("module", place)

    def _in_module(self, place: str, name: str, depth: int) -> Found | None:
        module = self.modules.get(place)
        found = self._named(module, name, depth) if module is not None else None
        if found is not None:
            return found
        return Found("module", f"{place}.{name}") if f"{place}.{name}" in self.modules else None

    def annotated(self, module: Module, node: ast.expr | None, depth: int = 0) -> Types:
        """The classes of the studio's that an annotation names, those of what it holds included."""
        if node is None or depth > 6:
            return NONE
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self.annotated(module, ast.parse(node.value, mode="eval").body, depth + 1)
            except SyntaxError:  # a text within Annotated or Literal
                return NONE
        if isinstance(node, ast.Name | ast.Attribute):
            return self._annotated_by_name(module, node, depth)
        parts = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
        return NONE.union(*(self.annotated(module, one, depth + 1) for one in parts))

    def _annotated_by_name(self, module: Module, node: ast.expr, depth: int) -> Types:
        found = self.resolve(module, node)
        if found is not None and found.kind == "class":
            return frozenset({found.name})
        if found is None or found.value is None or found.module is None:
            return NONE
        value = found.value.value
        if isinstance(value, ast.Call):  # a TypeVar: its bound
            parts = [*value.args[1:], *(one.value for one in value.keywords if one.arg == "bound")]
            return NONE.union(*(self.annotated(found.module, one, depth + 1) for one in parts))
        return self.annotated(found.module, value, depth + 1)

    def result(self, name: str) -> Types:
        """What a function gives, by its annotation."""
        made = self.functions[name]
        if made.owner is not None and made.node.returns is not None and ast.unparse(made.node.returns) == "Self":
            return frozenset({made.owner.name})
        return self.annotated(made.module, made.node.returns)

    def set_on_self(self, method: str, attribute: str) -> list[tuple[ast.expr | None, ast.expr | None]]:
        """Annotation and value of each assignment to `self.attribute` in a method."""
        if method not in self._set:
            self._set[method] = defaultdict(list)
            for name, annotation, value in _set_on_self(self.functions[method].node):
                self._set[method][name].append((annotation, value))
        return self._set[method][attribute]


def _set_on_self(function: ast.AST) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and (name := _on_self(node.target)):
            yield name, node.annotation, node.value
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                same = isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(parts)
                values = node.value.elts if same and isinstance(node.value, ast.Tuple) else [node.value] * len(parts)
                yield from ((name, None, value) for one, value in zip(parts, values, strict=True) if (name := _on_self(one)))


def _on_self(node: ast.expr) -> str:
    """The attribute's name where this is `self.name`; else ""."""
    own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if own and isinstance(node, ast.Attribute) else ""


@cache
def index() -> Index:
    return Index()
