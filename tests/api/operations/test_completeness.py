"""Everything that the page can do has an endpoint: what the tabs call of the studio, the API calls too."""

from __future__ import annotations

import ast
from pathlib import Path

from api.error_codes import OF_NO_CALL, OF_OTHER_MESSAGES, areas, of_every_call, of_job
from api.operations.registry import GROUPS, OPERATIONS
from capabilities.registry import kinds as kinds_of_jobs
from media.messages import catalogue
from tests.repository.error_codes import raised
from tests.repository.sources import ROOT

PARTS = frozenset(
    {
        "jobs", "voices", "library", "engines", "memory", "weights", "environments", "auditions", "narrations", "workers", "disk",
        "templates", "comfyui", "run_times",
    }
)  # fmt: skip
"""Parts of the studio by which a handler of the page does anything at all."""

ELSEWHERE = {
    "jobs.put_back": "the page's Undo for some seconds after a person's press; a program says what it means",
    "library.put_back": "likewise",
    "voices.put_back": "likewise",
    "jobs.values": "a dict's values, of jobs by engine",
    "engines.choose": "what a form foretells; a call without an engine chooses the same way",
    "engines.form": "what a form shows; the options' schema is in /engines",
    "engines.rules": "what a form shows; the same rules refuse a spec",
    "engines.status": "one row of /engines",
    "environments.declared": "part of each row of /environments",
    "library.recent_removals": "part of /disk",
    "memory.need": "part of the figures in /engines and /memory",
    "memory.reservations": "part of /memory",
    "narrations.count": "part of /estimate",
    "narrations.resolver": "the part of a narration that resolves voices",
    "voices.get": "one row of /voices",
    "voices.renamed": "the new name is in /voices",
    "voices.resolve": "what a call does with a voice's name",
    "workers.residency": "part of /engines",
    "workers.lease": "an open lease is in the job's state",
    "comfyui.configured": "whether /comfyui_models has an answer",
    "comfyui.known_inventory": "/comfyui_models, as last read",
    "comfyui.standing": "its row in /memory, and whether /comfyui_models has an answer",
}
"""What the page calls and the API does not, and where a program finds the same."""

WEIGHTS_SHOWN = frozenset(
    {"first_models", "gated", "get", "here_bytes", "offline", "roots", "state", "whole_bytes", "missing_bytes"}
)
"""Facts of weights that the page shows one by one and /weights gives as rows."""


def called(room: str) -> dict[str, str]:
    """Each "part.method" that is called, as `….part.method(…)` or `part.method(…)`, with one place of it."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                owner = owner.func if isinstance(owner, ast.Call) else owner
                name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
                name = name.removesuffix("_of")  # narrations_of(context) gives that part too
                if name.lstrip("_") in PARTS:
                    found.setdefault(f"{name.lstrip('_')}.{node.func.attr}", f"{path.name}:{node.lineno}")
    return found


def events(room: str) -> set[str]:
    """Names that are events or parts of the page itself and only sound like the studio's."""
    made = {
        "click",
        "change",
        "select",
        "upload",
        "input",
        "wire",
        "refreshed",
        "update_choices",
        "setdefault",
        "items",
        "append",
        "split",
    }
    return {name for name in called(room) if name.partition(".")[2] in made and name != "voices.update"}


def test_what_the_page_does_a_program_can_do() -> None:
    page, programs = called("tabs"), called("api")
    assert len(page) > 20 and {"voices.update", "jobs.submit", "library.delete"} <= page.keys()
    weights = {f"weights.{name}" for name in WEIGHTS_SHOWN}
    missing = page.keys() - programs.keys() - ELSEWHERE.keys() - weights - events("tabs")
    assert not {name: page[name] for name in missing}, "add an endpoint, or say where a program finds the same"


def test_every_exception_is_still_one() -> None:
    page, programs = called("tabs"), called("api")
    assert not [name for name in ELSEWHERE if name in programs], "the API has it: take it off the list"
    assert [name for name in ELSEWHERE if name in page]


def test_every_kind_of_job_that_the_page_starts_can_be_handed_in(tmp_path: Path) -> None:
    """Kinds are handed in with /submit; the common ones have a call of their own that waits."""
    kinds = {
        node.args[0].value
        for path in sorted((ROOT / "tabs").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "submit"
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }
    assert {"voiceover", "transcription"} <= kinds
    declared = {
        node.value.value
        for path in sorted((ROOT / "capabilities").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "kind"
        if isinstance(node.value, ast.Constant)
    }
    assert kinds <= declared
    assert "submit" in OPERATIONS


def test_every_module_of_calls_is_in_the_registry() -> None:
    room = ROOT / "api" / "operations"
    names = {path: path.parent.name if path.name == "calls.py" else path.stem for path in room.rglob("*.py")}
    modules = {name for path, name in names.items() if "\nGROUP = Group(" in path.read_text("utf-8")}
    assert modules == {group.name for group in GROUPS} and len(OPERATIONS) > 50


def test_every_area_of_errors_is_of_a_call_or_of_none() -> None:
    """Which codes a call ends with is checked by every test that calls: tests/servers.py."""
    names = {name for operation in OPERATIONS.values() for name in operation.codes} | {
        one for kind in kinds_of_jobs() for one in of_job(kind)
    }
    declared = {name.partition(".")[0] for name in names}
    assert (declared | OF_NO_CALL) - OF_OTHER_MESSAGES == areas() - OF_OTHER_MESSAGES
    assert not OF_OTHER_MESSAGES & {code.partition(".")[0] for code, found in raised().items() if found.classes}
    known = set(catalogue.codes())
    assert not {name for name in names if not name.endswith(".*") and name not in known}


def test_a_call_declares_its_own_codes_and_those_of_its_job_and_of_every_call() -> None:
    said = {name: operation.declares for name, operation in OPERATIONS.items()}
    assert said["voices"]("storage.full") and not said["voices"]("script.empty") and not said["voices"]("voice.unknown")
    assert said["delete_voice"]("voice.unknown") and not said["delete_voice"]("voice.name-taken")
    assert (
        said["voiceover"]("script.empty")
        and said["voiceover"]("worker.out-of-memory")
        and not said["voiceover"]("lora.changes-nothing")
    )
    assert said["text_to_video"]("wan.configuration-damaged") and not said["upscale"]("script.empty")
    assert set(of_every_call()) <= set(OPERATIONS["recipe"].codes) and "weights.offline" in of_job("download_weights")
