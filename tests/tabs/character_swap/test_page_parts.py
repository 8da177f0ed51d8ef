"""What the Character Swap tab draws and hands on, without a browser: controls of any template, badges, an imported workflow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from capabilities.character_swap.builtin import BUILTIN
from capabilities.registry import all_capabilities
from studio.errors import InvalidInput
from studio.services import Services
from studio.settings import load_settings
from studio.workflows.manifest import Parameter
from tabs.character_swap.gallery import about_choice, choices, gallery
from tabs.character_swap.import_workflow import WorkflowImport
from tabs.character_swap.parameter_pool import ParameterPool
from tests.studio.comfyui import graphs
from tests.studio.comfyui.servers import StandInServer


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInServer]:
    server = StandInServer(tmp_path_factory.mktemp("comfyui") / "base")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, stand_in: StandInServer) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("swap-page") / "data"
    made = Services.open(load_settings(data={"folder": folder}, comfyui={"url": stand_in.url}), all_capabilities)
    yield made
    made.close()


def values_of(pool: ParameterPool, parameters: Sequence[Parameter], given: dict[str, Any] | None = None) -> dict[Any, Any]:
    """What a page that shows these parameters sends."""
    updates = pool.show(parameters, given)
    return {component: updates[component].get("value") for component in pool.components}


def test_every_shipped_template_fits_into_the_pool(studio: Services) -> None:
    """No parameter is without a control, and what the controls say at first is what the template takes."""
    with gr.Blocks():
        pool = ParameterPool("pool", ())
    for template in studio.templates.all():
        manifest = template.usable()
        updates = [pool.show(manifest.parameters)[component] for component in pool.components]
        shown = [update for update in updates if update.get("visible")]
        assert {update["label"] for update in shown} == {each.title for each in manifest.parameters}
        told = pool.values(manifest.parameters, values_of(pool, manifest.parameters))
        seeds = {each.key for each in manifest.parameters if each.kind == "seed"}
        given = [each for each in manifest.parameters if each.default not in (None, "")]
        assert set(told) >= {each.number_key or each.key for each in given} - seeds
        completed = template.complete(told)
        counted = {each.number_key: each.key for each in manifest.parameters if each.number_key}
        indices = {counted[key]: value - 1 for key, value in told.items() if key in counted}
        plain = {key: value for key, value in told.items() if key not in counted}
        assert all(completed[key] == value for key, value in {**plain, **indices}.items())


def test_given_options_are_shown_and_come_back() -> None:
    parameters = (
        Parameter(key="steps", kind="integer", title="Steps", default=6, minimum=1, maximum=60),
        Parameter(key="seed", kind="seed", title="Seed"),
        Parameter(key="mode", kind="choice", title="Mode", default="a", choices=("a", "b"), advanced=True),
    )
    with gr.Blocks():
        pool = ParameterPool("pool", parameters)
    given = {"steps": 9, "seed": 12, "mode": "b"}
    assert pool.values(parameters, values_of(pool, parameters, given)) == given
    assert pool.values(parameters, values_of(pool, parameters)) == {"steps": 6, "mode": "a"}  # an empty seed is drawn


def test_badges_say_how_each_template_stands(studio: Services) -> None:
    without = {one.id: one for one in choices(studio.templates, False, None)}
    assert next(iter(without)) == BUILTIN and without[BUILTIN].state == "ready"
    assert {one.badge for one in without.values()} == {"built in", "no ComfyUI"}
    assert "under Settings" in about_choice(without[BUILTIN], False, "")
    asked = {one.id: one for one in choices(studio.templates, True, studio.comfyui.inventory())}
    scail = asked["scail2-swap"]
    assert re.fullmatch(r"ComfyUI too old, \d+ nodes and 7 models missing", scail.badge)
    assert any("is missing in" in sentence for sentence, _ in scail.missing)
    assert any("no nodes called" in sentence for sentence, _ in scail.missing)
    (studio.paths.workflows).mkdir(exist_ok=True)
    (studio.paths.workflows / "torn.manifest.yaml").write_text("id: torn\ntitle: <b>Torn</b>\n")
    try:
        torn = {one.id: one for one in choices(studio.templates, True, None)}["torn"]
        assert torn.state == "broken" and "<b>Torn" not in gallery([torn], BUILTIN)
    finally:
        (studio.paths.workflows / "torn.manifest.yaml").unlink()


def test_an_exported_workflow_becomes_a_template(studio: Services, tmp_path: Path) -> None:
    with gr.Blocks():
        importing = WorkflowImport(studio)
    export = tmp_path / "Inverted clip.json"
    export.write_text(json.dumps(graphs.video("given.mp4", 12.0, "any/out")))
    given = importing._given(str(export))
    said, read, title = given[importing.said], given[importing._read], given[importing.title]
    memory, rows = given[importing.memory], given[importing.table]
    assert title == "Inverted clip" and "4 places" in said and memory == 2.0 and "names no model files" in said
    asked: dict[str, Any] = {row[1]: row for row in rows}
    assert asked["frame_rate"][0] and asked["frame_rate"][3:] == ["number", "12.0"]
    asked["frame_rate"][2] = "Speed"
    made = importing._written(read, title, "other", 5.5, [*reversed(rows)])
    template = studio.templates.get(made)
    manifest = template.usable()
    assert manifest.memory_gib == 5.5 and manifest.tier == "medium"
    assert template.own and [place.kind.value for place in manifest.inputs] == ["video"]
    assert [each.title for each in manifest.parameters] == ["Speed"]
    assert {one.id: one.state for one in choices(studio.templates, True, studio.comfyui.inventory())}[made] == "ready"
    with pytest.raises(InvalidInput, match="already"):
        importing._written(read, title, "other", None, rows)


def test_what_is_no_workflow_is_refused_in_words(studio: Services, tmp_path: Path) -> None:
    with gr.Blocks():
        importing = WorkflowImport(studio)
    (tmp_path / "no.json").write_text("[1, 2")
    given = importing._given(str(tmp_path / "no.json"))
    assert "not JSON" in given[importing.said] and given[importing._read] is None
    with pytest.raises(InvalidInput, match="no workflow"):
        importing._written(None, "Title", "other", None, [])
