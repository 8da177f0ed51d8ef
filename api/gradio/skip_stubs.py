"""Imports Gradio without writing its stub files, which makes the import a third faster.

At every import, Gradio (gradio/component_meta.py, `create_or_modify_pyi`) parses the source of each component and compares it
with the stub file that editors read, to rewrite the file if it differs. The wheel contains correct stub files, and a server has
no editor.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_MODULE = "gradio.component_meta"


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if hasattr(module, "create_or_modify_pyi"):
            module.create_or_modify_pyi = _leave_as_they_are  # type: ignore[attr-defined]


class StubSkipper:
    """Finds that one module like Python, without the writing of stubs. All other modules are left to Python."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        found = PathFinder.find_spec(name, path, target)
        if found is not None and isinstance(found.loader, SourceFileLoader):
            found.loader = _Loader(found.loader.name, found.loader.path)
        return found


def skip_stub_files() -> None:
    """Must run before Gradio is imported; afterwards it changes nothing."""
    if StubSkipper not in sys.meta_path:
        sys.meta_path.insert(0, StubSkipper)


def _leave_as_they_are(*_: object) -> None:
    pass
