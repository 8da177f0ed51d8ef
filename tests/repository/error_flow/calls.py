"""What one function calls, by the types that its annotations give."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache

from tests.repository.error_flow.index import NONE, Found, Types, index

PASSED_ON = frozenset(
    {"list", "tuple", "sorted", "set", "iter", "next", "reversed", "enumerate", "zip", "max", "min", "dict", "frozenset",
     "filter", "cast", "replace", "copy", "chain", "partial"}
)  # fmt: skip
"""Functions whose result is, or holds, what they are given."""


TELLING = (
    ast.AnnAssign, ast.Assign, ast.For, ast.AsyncFor, ast.comprehension, ast.NamedExpr, ast.With, ast.AsyncWith,
    ast.Subscript, ast.arg,
)  # fmt: skip
"""What tells of which class a name is, or calls a special method."""


class Calls:
    """Types of names within one function, and the functions that it calls, hands on, or reads as properties."""

    def __init__(self, name: str) -> None:
        self._of = index()
        made = self._of.functions[name]
        self._name, self._made_of, self._module, self._owner = name, made, made.module, made.owner
        self._types: defaultdict[str, Types] = defaultdict(frozenset)
        self.called: set[str] = set()
        self.by_name: set[str] = set()
        """Names of methods of values whose type is not known, such as an engine in its worker."""
        parts = made.node.args
        arguments = [*parts.posonlyargs, *parts.args, *parts.kwonlyargs, *filter(None, [parts.vararg, parts.kwarg])]
        for argument in arguments:
            self._types[argument.arg] = self._of.annotated(self._module, argument.annotation)
        if self._owner is not None and arguments and "staticmethod" not in map(ast.unparse, made.node.decorator_list):
            self._types[arguments[0].arg] = frozenset({self._owner.name})

    def follow(self) -> Calls:
        """Read the whole function; `called` and `by_name` hold everything afterwards."""
        telling = [node for node in self._made_of.nodes if isinstance(node, TELLING)]
        for node in (*telling, *telling):  # twice: a name may be read before the line that gives it
            self._learn(node)
        for node in self._made_of.nodes:
            if isinstance(node, ast.Name | ast.Attribute | ast.Call):
                self.types(node)
        self.called.discard(self._name)
        return self

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.AnnAssign):
            self._bind(node.target, self._of.annotated(self._module, node.annotation))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, self.types(node.value))
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._call_special(self.types(node.iter), "__iter__", "__next__")
            self._bind(node.target, self.types(node.iter))
        elif isinstance(node, ast.NamedExpr):
            self._bind(node.target, self.types(node.value))
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                managers = self.types(item.context_expr)
                entered = self._call_special(managers, "__enter__", "__exit__", "__aenter__")
                if item.optional_vars is not None:
                    self._bind(item.optional_vars, managers | entered)
        elif isinstance(node, ast.Subscript):
            self._call_special(self.types(node.value), "__getitem__")
        elif isinstance(node, ast.arg) and node.annotation is not None:
            self._types[node.arg] |= self._of.annotated(self._module, node.annotation)

    def _bind(self, target: ast.expr, types: Types) -> None:
        if isinstance(target, ast.Name):
            self._types[target.id] |= types
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._bind(part, types)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, types)

    def _call_special(self, types: Types, *names: str) -> Types:
        found = NONE.union(*(self._of.methods(one, name) for one in types for name in names))
        self.called |= found
        return NONE.union(*(self._of.result(one) for one in found))

    def types(self, node: ast.expr, depth: int = 0) -> Types:
        """Of which classes a value may be; what its reading calls is noted."""
        if depth > 12:
            return NONE
        if isinstance(node, ast.Name):
            return self._of_name(node)
        if isinstance(node, ast.Attribute):
            return self._of_attribute(node, depth)
        if isinstance(node, ast.Call):
            return self._of_call(node, depth)
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
            for generator in node.generators:
                self._bind(generator.target, self.types(generator.iter, depth + 1))
            return self.types(node.value if isinstance(node, ast.DictComp) else node.elt, depth + 1)
        if isinstance(node, ast.Constant | ast.Compare | ast.Lambda | ast.JoinedStr):
            return NONE
        parts = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
        parts = parts[:1] if isinstance(node, ast.Subscript) else parts
        return NONE.union(*(self.types(one, depth + 1) for one in parts))

    def _of_name(self, node: ast.Name) -> Types:
        if node.id in self._types:
            return self._types[node.id]
        return self._of_found(self._of.resolve(self._module, node))

    def _of_found(self, found: Found | None) -> Types:
        if found is None or found.kind == "module":
            return NONE
        if found.kind == "function":
            self.called.add(found.name)
            return NONE
        if found.kind == "variable":
            self.called |= functions_in(found)  # a table of functions
            return variable(found)
        return frozenset({found.name})

    def _outside(self, node: ast.Attribute) -> Found | None:
        """What a dotted name means that begins with no name of this function."""
        first = ast.unparse(node).partition(".")[0].partition("(")[0]
        return None if first in self._types else self._of.resolve(self._module, node)

    def _of_attribute(self, node: ast.Attribute, depth: int) -> Types:
        found = self._outside(node)
        if found is not None:
            return self._of_found(found)
        result = NONE
        for one in self.types(node.value, depth + 1):
            methods = self._of.methods(one, node.attr, below=not _inherited(node))
            self.called |= methods
            line = [*self._of.line(one), *self._of.below[one]]
            if not methods:
                result |= attribute(one, node.attr)
            elif any(node.attr in self._of.classes[name].properties for name in line):
                result |= NONE.union(*(self._of.result(method) for method in methods))
        return result

    def _of_call(self, node: ast.Call, depth: int) -> Types:
        given = NONE.union(*(self.types(one, depth + 1) for one in (*node.args, *(word.value for word in node.keywords))))
        called = node.func
        if isinstance(called, ast.Name):
            if called.id in PASSED_ON:
                return given
            if called.id == "super" and self._owner is not None:
                return frozenset(self._owner.bases)
        found = None
        if isinstance(called, ast.Attribute):
            found = self._outside(called)
        elif isinstance(called, ast.Name) and called.id not in self._types:
            found = self._of.resolve(self._module, called)
        if found is not None and found.kind == "function":
            self.called.add(found.name)
            return self._of.result(found.name)
        if found is not None and found.kind == "class":
            return self._made(frozenset({found.name}))
        return self._of_method(called, depth) if isinstance(called, ast.Attribute) else self._made(self.types(called, depth + 1))

    def _made(self, types: Types) -> Types:
        """Note what making one of these runs, or calling one."""
        for one in types:
            line = self._of.line(one)
            first = next(
                (self._of.classes[name].methods["__init__"] for name in line if "__init__" in self._of.classes[name].methods), ""
            )
            self.called.update(filter(None, [first]), *(self._of.classes[name].on_making for name in line))
            self.called |= self._of.methods(one, "__call__")
        return types

    def _of_method(self, called: ast.Attribute, depth: int) -> Types:
        owners, result, known = self.types(called.value, depth + 1), NONE, False
        for one in owners:
            methods = self._of.methods(one, called.attr, below=not _inherited(called))
            held = NONE if methods else attribute(one, called.attr)
            self.called |= methods
            self._call_special(held, "__call__")
            result |= held.union(*(self._of.result(method) for method in methods))
            known = known or bool(methods or held)
        if known:
            return result
        if not owners:
            self.by_name.add(called.attr)
        elif called.attr.startswith(("model_validate", "validate_")):
            self._made(owners)
        return owners  # what a container gives is what it holds


def _inherited(node: ast.Attribute) -> bool:
    """Whether this is a method of `super()`."""
    return isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "super"


@cache
def variable(found: Found) -> Types:
    """Of which classes the value of a module's variable is, or which it names."""
    of, node, module = index(), found.value, found.module
    if node is None or module is None:
        return NONE
    types = of.annotated(module, node.annotation) if isinstance(node, ast.AnnAssign) else NONE
    for part in ast.walk(node.value) if node.value is not None else ():
        if isinstance(part, ast.Name | ast.Attribute):
            there = of.resolve(module, part)
            if there is not None and there.kind == "class":
                types |= {there.name}
            elif there is not None and there.kind == "function":
                types |= of.result(there.name)
    return types


@cache
def _begun(name: str) -> Calls:
    """A function of which only the arguments were read."""
    return Calls(name)


@cache
def functions_in(found: Found) -> frozenset[str]:
    """The functions that the value of a module's variable names."""
    of, node, module = index(), found.value, found.module
    parts = ast.walk(node.value) if node is not None and node.value is not None else ()
    named = [of.resolve(module, part) for part in parts if module is not None and isinstance(part, ast.Name | ast.Attribute)]
    return frozenset(one.name for one in named if one is not None and one.kind == "function")


_ATTRIBUTES: dict[tuple[str, str], Types] = {}


def attribute(owner: str, name: str) -> Types:
    """Of which classes an attribute is: by its annotation in the class, or by what methods set it to."""
    if (owner, name) in _ATTRIBUTES:
        return _ATTRIBUTES[owner, name]
    _ATTRIBUTES[owner, name] = NONE  # while it is found out: one attribute may be set from another
    of = index()
    types = NONE
    for one in (*of.line(owner), *sorted(of.below[owner])):
        made = of.classes[one]
        for node in made.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                types |= of.annotated(made.module, node.annotation)
            elif isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
                types |= variable(Found("variable", name, made.module, node))
        for method in made.methods.values():
            for annotation, value in of.set_on_self(method, name):
                types |= of.annotated(made.module, annotation)
                types |= _begun(method).types(value) if value is not None else NONE
    _ATTRIBUTES[owner, name] = types
    return types


@cache
def calls_of(name: str) -> Calls:
    return Calls(name).follow()
