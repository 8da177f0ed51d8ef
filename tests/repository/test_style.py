"""Sizes and habits that keep the code readable, held by measure."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from tests.repository.sources import ROOT, Source, studio_sources, test_sources

SOURCES = studio_sources()
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
LARGEST_FOLDER = 15
FULLER = frozenset({""})
"""The root, where tools look for their files."""
PUBLIC_TWICE = {"Transcript"}
"""Names that programs of others use in two places: in the contract of engines and in the OpenAPI document."""
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K]|raise NotImplementedErro[r])\b")
MACHINE_PATHS = re.compile("/" + r"(work|farm|opt/wheels)/")


def test_files_are_short() -> None:
    lengths = {source.name: source.text.count("\n") for source in SOURCES}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}


def test_folders_are_small() -> None:
    """A family that grows becomes a package: names are found by folder, not by prefix. The same holds for tests."""
    modules = Counter(source.path.parent.relative_to(ROOT).as_posix() for source in (*SOURCES, *test_sources()))
    assert not {folder: count for folder, count in modules.items() if count > LARGEST_FOLDER}


def test_folders_of_other_files_are_small() -> None:
    """The same for messages, templates, styles, fonts, manifests and documents."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    files = Counter(folder for name in filter(None, listed) if (folder := name.rpartition("/")[0]) not in FULLER)
    assert not {folder: count for folder, count in files.items() if count > LARGEST_FOLDER}


def test_functions_are_short() -> None:
    assert not [long for source in SOURCES for long in long_functions(source)]


def long_functions(source: Source) -> list[str]:
    return [
        f"{source.name}:{node.lineno} {node.name} has {length} lines"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def test_no_class_name_stands_twice() -> None:
    """One name means one thing, so that a search for it ends at the one definition."""
    places = defaultdict(list)
    for source in SOURCES:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{source.name}:{node.lineno}")
    assert not {name: found for name, found in places.items() if len(found) > 1 and name not in PUBLIC_TWICE}


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{source.name}:{number} {line.strip()}"
        for source in (*SOURCES, *test_sources())
        for number, line in enumerate(source.text.splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found


def test_every_module_says_what_it_is() -> None:
    silent = [source.name for source in SOURCES if source.text.strip() and not ast.get_docstring(source.tree)]
    assert not silent


def test_nothing_names_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    found = []
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".sh", ".yaml", ".toml", ".lock", ".in", ".css", ".js", ""} and path.is_file():
            found += [
                f"{name}:{number}"
                for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
                if MACHINE_PATHS.search(line)
            ]
    assert not found


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=lambda command: command[0])
def test_ruff_is_content(command: tuple[str, ...]) -> None:
    result = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_mypy_is_content() -> None:
    rooms = ["app.py", "api", "tabs", "capabilities", "studio", "engines", "media"]
    result = subprocess.run([sys.executable, "-m", "mypy", *rooms], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
