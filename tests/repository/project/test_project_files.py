"""The files that a repository is judged by in its first minute: they parse, agree with each other, and ask for little."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repository.sources import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
GUIDES = [ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def test_all_are_here() -> None:
    assert [path.stem for path in WORKFLOWS] == ["check", "release", "test"]
    assert [path.stem for path in FORMS] == ["bug", "engine", "idea"]
    assert all(
        (ROOT / name).is_file() for name in (".editorconfig", ".pre-commit-config.yaml", ".github/pull_request_template.md")
    )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_whole_and_asks_for_little(path: Path) -> None:
    workflow = read(path)
    assert workflow["name"] and workflow[True], "`on` reads as true in YAML 1.1"
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name
        assert set(job.get("permissions", {})) <= {"contents", "packages"}, name
        assert "packages" not in job.get("permissions", {}) or path.stem == "release", "a release alone keeps images"
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), step
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
            assert "${{ github.event" not in step.get("run", ""), "text of a stranger in a shell"


def test_tests_run_on_every_python_and_both_processors() -> None:
    matrix = read(ROOT / ".github" / "workflows" / "test.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix == {"python": ["3.11", "3.12", "3.13"], "runner": ["ubuntu-24.04", "ubuntu-24.04-arm"]}


def test_a_release_image_waits_for_a_dockerfile() -> None:
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    assert bool(list(ROOT.glob("**/Dockerfile"))) == ("docker build" in release)


def test_commands_of_workflows_and_guides_are_taken_by_the_launcher() -> None:
    usage = subprocess.run([str(ROOT / "launch.sh"), "--help"], capture_output=True, text=True, check=True).stdout
    text = "\n".join(path.read_text("utf-8") for path in (*WORKFLOWS, *GUIDES, *FORMS, ROOT / ".pre-commit-config.yaml"))
    commands = set(re.findall(r"\./launch\.sh (-*[a-z]+)", text))
    assert {"check", "test", "--version", "doctor"} <= commands
    assert not [command for command in commands if f"./launch.sh {command}" not in usage and f"[{command}" not in usage]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_github_takes(path: Path) -> None:
    form = read(path)
    assert form["name"] and form["description"] and form["body"]
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 0
    for part in form["body"]:
        assert part["type"] in ("markdown", "textarea", "input", "dropdown", "checkboxes")
        assert part["attributes"].get("label") or part["type"] == "markdown"
        assert ("options" in part["attributes"]) == (part["type"] in ("dropdown", "checkboxes"))
        assert set(part) <= {"type", "id", "attributes", "validations"}


def test_a_bug_asks_for_the_version_and_the_support_bundle() -> None:
    assert {"version", "bundle"} <= {part.get("id") for part in read(ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml")["body"]}


def test_hooks_run_the_tools_of_the_lock() -> None:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    hooks = {hook["id"]: hook for hook in repository["hooks"]}
    assert set(hooks) == {"ruff", "ruff-format", "mypy", "shellcheck"}
    locked = (ROOT / "tests" / "requirements.lock").read_text("utf-8")
    for hook in hooks.values():
        assert hook["language"] == "system"
        tool = hook["entry"].split()[0]
        assert tool.startswith(".venv/bin/") and re.search(rf"^{Path(tool).name}(?:-py)?==", locked, re.MULTILINE)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_links_of_a_guide_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)[^)]*\)", path.read_text("utf-8"))
    assert targets and not [target for target in targets if target != "https" and not (ROOT / target).exists()]


def test_the_editor_and_the_formatter_agree() -> None:
    (length,) = re.findall(r"^max_line_length = (\d+)$", (ROOT / ".editorconfig").read_text("utf-8"), re.MULTILINE)
    assert f"line-length = {length}" in (ROOT / "pyproject.toml").read_text("utf-8")
