"""The studio's own source files, read once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("app", "tabs", "api", "capabilities", "studio", "engines", "media")


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        return self.path.relative_to(ROOT).parts[0].removesuffix(".py")

    @property
    def is_networks(self) -> bool:
        """Whether it lies in a folder of networks, `engines/**/networks/`: written in torch, imported by functions alone."""
        return self.room == "engines" and any(folder == "networks" for folder in self.name.split("/")[:-1])

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    def imports(self, *, at_module_level: bool = False) -> list[tuple[int, str]]:
        """Line and dotted name of everything imported; at module level alone, what runs when the module is imported."""
        return self._on_import if at_module_level else self._anywhere

    @cached_property
    def _anywhere(self) -> list[tuple[int, str]]:
        return list(self._imports(ast.walk(self.tree)))

    @cached_property
    def _on_import(self) -> list[tuple[int, str]]:
        return list(self._imports(_run_on_import(self.tree)))

    def _imports(self, nodes: Iterator[ast.AST]) -> Iterator[tuple[int, str]]:
        for node in nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = self.path.relative_to(ROOT).parent.parts
                    base = ".".join((*package[: len(package) - node.level + 1], base)).rstrip(".")
                yield node.lineno, base


def _run_on_import(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        for_types_alone = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        if not for_types_alone and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _run_on_import(child)


@cache
def studio_sources() -> list[Source]:
    """Every Python file of the rooms."""
    return [
        Source(path) for room in ROOMS for path in (ROOT / f"{room}.py", *sorted((ROOT / room).rglob("*.py"))) if path.is_file()
    ]


def test_sources() -> list[Source]:
    return [Source(path) for folder in ("tests", "bench") for path in sorted((ROOT / folder).rglob("*.py"))]


test_sources.__test__ = False  # type: ignore[attr-defined]
