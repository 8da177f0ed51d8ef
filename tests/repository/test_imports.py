"""The arrows of the house, drawn from the code: imports run downwards, and the heavy libraries stay where they belong."""

from __future__ import annotations

from tests.repository.sources import ROOMS, Source, studio_sources

FLOOR = {"media": 0, "engines": 1, "studio": 2, "capabilities": 3, "tabs": 4, "api": 4, "app": 5}
SOURCES = studio_sources()
HEAVY = frozenset({"torch", "torchaudio", "transformers", "diffusers", "faster_whisper"})


def heads(source: Source, *, at_module_level: bool = False) -> list[tuple[int, str]]:
    return [(line, name.partition(".")[0]) for line, name in source.imports(at_module_level=at_module_level)]


def upward_arrows(source: Source) -> list[str]:
    return [
        f"{source.name}:{line} imports {head}"
        for line, head in heads(source)
        if head in FLOOR and head != source.room and FLOOR[head] >= FLOOR[source.room]
    ]


def test_every_room_is_looked_at() -> None:
    assert {source.room for source in SOURCES} == set(ROOMS)


def test_imports_run_downwards() -> None:
    """Also between the rooms of one floor: tabs and api know nothing of each other."""
    assert not [arrow for source in SOURCES for arrow in upward_arrows(source)]


def test_an_upward_import_is_seen(tmp_path, monkeypatch) -> None:
    (tmp_path / "media").mkdir()
    path = tmp_path / "media" / "bad.py"
    path.write_text("def f():\n    from studio.jobs import model\n")
    monkeypatch.setattr("tests.repository.sources.ROOT", tmp_path)
    assert upward_arrows(Source(path)) == ["media/bad.py:2 imports studio"]


def test_gradio_stays_upstairs() -> None:
    strays = [
        f"{source.name}:{line}"
        for source in SOURCES
        for line, head in heads(source)
        if head in ("gradio", "gradio_client") and source.room not in ("app", "tabs", "api")
    ]
    assert not strays


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
