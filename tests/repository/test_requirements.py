"""What the studio asks for is what it imports, no more and no less."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions

from tests.repository.sources import ROOMS, ROOT, studio_sources


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> set[str]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / "requirements.in").read_text().splitlines()]
    return {canonical(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines if line}


def imported(*, needed_to_import: bool = False) -> dict[str, str]:
    """Distributions that the rooms import, each with one place.

    Args:
        needed_to_import: of the engines only what is imported with the module; what one imports when it loads, its networks
            included, belongs to its own environment, which has its own lock.
    """
    distributions = packages_distributions()
    found: dict[str, str] = {}
    for source in studio_sources():
        if needed_to_import and source.is_networks:
            continue
        for line, name in source.imports(at_module_level=needed_to_import and source.room == "engines"):
            head = name.partition(".")[0]
            if head in ROOMS or head in sys.stdlib_module_names or head == "__future__":
                continue
            for distribution in distributions.get(head, [head]):
                found.setdefault(canonical(distribution), f"{source.name}:{line}")
    return found


def test_every_import_is_asked_for() -> None:
    assert not {name: place for name, place in imported(needed_to_import=True).items() if name not in required()}


def test_locks_are_universal_and_hashed() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "tests" / "requirements.lock"):
        entries = re.split(r"\n(?=[a-z0-9])", lock.read_text())[1:]
        assert len(entries) > 10
        for entry in entries:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]
            assert "==" in entry.splitlines()[0]


def test_the_lock_holds_no_torch_and_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"^(torch|nvidia-cu|triton)", text, re.MULTILINE)
    assert "://" not in text and "--find-links" not in text


def test_every_requirement_is_locked() -> None:
    locked = {
        canonical(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    }
    assert required() <= locked
