"""What import-linter cannot tell of imports, since it knows no difference between a module and a function that imports: model
libraries wait for a worker to load an engine, and no module needs, at import, one that needs it. Its contracts are in
pyproject.toml; test_contracts.py holds them."""

from __future__ import annotations

from tests.repository.sources import ROOMS, Source, studio_sources

SOURCES = studio_sources()
HEAVY = frozenset({"torch", "torchaudio", "transformers", "diffusers", "faster_whisper"})


def heads(source: Source, *, at_module_level: bool = False) -> list[tuple[int, str]]:
    return [(line, name.partition(".")[0]) for line, name in source.imports(at_module_level=at_module_level)]


def test_every_room_is_looked_at() -> None:
    assert {source.room for source in SOURCES} == set(ROOMS)


def test_heavy_libraries_wait_for_a_worker() -> None:
    """torch and its kin are imported by engine code alone, and only when a worker loads the engine."""
    strays = [
        f"{source.name}:{line} {head}"
        for source in SOURCES
        for line, head in heads(source, at_module_level=source.room == "engines")
        if head in HEAVY and not source.is_networks
    ]
    assert not strays


def test_networks_wait_for_a_worker() -> None:
    """What is written in torch is imported at module level only by its like."""
    folders = {source.name.rpartition("/")[0].replace("/", ".") for source in SOURCES if source.is_networks}
    strays = [
        f"{source.name}:{line} {name}"
        for source in SOURCES
        for line, name in source.imports(at_module_level=True)
        if not source.is_networks and any(f"{name}.".startswith(f"{folder}.") for folder in folders)
    ]
    assert len(folders) >= 2 and not strays


def test_no_circles() -> None:
    """No module needs, at import, a module that needs it at import."""
    modules = {source.name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): source for source in SOURCES}
    needs = {
        module: {name for _, name in source.imports(at_module_level=True) if name in modules and name != module}
        for module, source in modules.items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for needed in sorted(needs[module]):
                visit(needed, (*trail, module))
            done.add(module)

    for module in sorted(modules):
        visit(module, ())
