"""An exported workflow becomes a person's own template: suggestions for the form, two files, and nothing half written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.comfyui.client.inventory import ModelFile, ServerInventory
from studio.errors import InvalidInput
from studio.workflows import (
    Chosen,
    TemplateCollection,
    build_prompt,
    delete_template,
    need_of,
    preflight,
    read_export,
    suggest_inputs,
    suggest_outputs,
    write_template,
)
from tests.studio.workflows.servers import WORKFLOWS, definitions, shipped
from tests.studio.workflows.test_conversion import node, workflow

OLD = definitions()


def exported(tmp_path: Path) -> Path:
    """The editor's export of a small upscale, its model's address in the loader's properties."""
    where = {
        "models": [{"name": "RealESRGAN_x4plus.safetensors", "directory": "upscale_models", "url": "https://example.org/x4"}]
    }
    nodes = [
        node(1, "LoadVideo", ["mine.mp4", "image"], outputs=["VIDEO"], title="My clip"),
        node(2, "GetVideoComponents", [], [("video", "VIDEO", 1)], outputs=["IMAGE", "AUDIO", "FLOAT"]),
        node(3, "UpscaleModelLoader", ["RealESRGAN_x4plus.safetensors"], outputs=["UPSCALE_MODEL"], properties=where),
        node(4, "ImageUpscaleWithModel", [], [("upscale_model", "UPSCALE_MODEL", 3), ("image", "IMAGE", 2)], outputs=["IMAGE"]),
        node(5, "ImageScaleBy", ["area", 0.5], [("image", "IMAGE", 4)], outputs=["IMAGE"]),
        node(6, "CreateVideo", [24], [("images", "IMAGE", 5)], outputs=["VIDEO"]),
        node(7, "SaveVideo", ["video/up", "auto", "auto"], [("video", "VIDEO", 6)]),
        node(8, "PreviewImage", [], [("images", "IMAGE", 7)]),
    ]
    links = [
        [1, 1, 0, 2, 0, "VIDEO"], [2, 2, 0, 4, 1, "IMAGE"], [3, 3, 0, 4, 0, "UPSCALE_MODEL"], [4, 4, 0, 5, 0, "IMAGE"],
        [5, 5, 0, 6, 0, "IMAGE"], [6, 6, 0, 7, 0, "VIDEO"], [7, 5, 0, 8, 0, "IMAGE"],
    ]  # fmt: skip
    path = tmp_path / "export.json"
    path.write_text(json.dumps(workflow(nodes, links)))
    return path


def server(**folders: list[ModelFile]) -> ServerInventory:
    return ServerInventory("0.3.64", OLD, {name: tuple(files) for name, files in folders.items()})


def test_an_export_becomes_a_template_that_runs(tmp_path: Path) -> None:
    graph = read_export(exported(tmp_path), OLD)
    suggested = {each.key: each for each in suggest_inputs(graph, OLD)}
    assert next(iter(suggested)) == "my_clip"
    assert (suggested["my_clip"].kind, suggested["my_clip"].node, suggested["my_clip"].input) == ("video", "1", "file")
    assert (suggested["frame_rate"].value, suggested["frame_rate"].minimum, suggested["frame_rate"].maximum) == (24, 1.0, 120.0)
    assert suggested["upscale_method"].choices == ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
    assert not any(each.input in ("model_name", "filename_prefix") for each in suggested.values())
    assert suggest_outputs(graph, OLD) == [("7", "video")]

    own = tmp_path / "data" / "workflows"
    chosen = [
        Chosen(suggested["my_clip"], title="Clip"),
        Chosen(suggested["scale_by"], key="size", title="Size", help="Of the enlarged clip."),
        Chosen(suggested["frame_rate"]),
    ]
    made = write_template(own, "my-upscale", "My upscale", graph, chosen, server(), use="upscale")
    assert made.valid and made.own

    template = TemplateCollection([WORKFLOWS, own]).get("my-upscale")
    manifest = template.usable()
    assert [each.key for each in manifest.parameters] == ["size", "frame_rate"]
    assert [(each.folder, each.name, each.url) for each in manifest.models] == [
        ("upscale_models", "RealESRGAN_x4plus.safetensors", "https://example.org/x4")
    ]
    (missing,) = preflight(template, server())
    assert "https://example.org/x4" in missing.where
    has = server(upscale_models=[ModelFile("up/RealESRGAN_x4plus.safetensors", 5)])
    assert preflight(template, has) == []
    prompt = build_prompt(template, template.complete({"size": 0.25}), {"my_clip": "studio/c.mp4"}, has, "studio/1/out")
    assert prompt["1"]["inputs"]["file"] == "studio/c.mp4"
    assert prompt["5"]["inputs"]["scale_by"] == 0.25
    assert prompt["3"]["inputs"]["model_name"] == "up/RealESRGAN_x4plus.safetensors"
    assert prompt["7"]["inputs"]["filename_prefix"] == "studio/1/out"


def test_a_graph_in_api_format_is_taken_too(tmp_path: Path) -> None:
    path = tmp_path / "api.json"
    path.write_text(json.dumps(shipped("seedvr2-upscale").graph))
    graph = read_export(path, definitions(newer=True))
    seeds = [each for each in suggest_inputs(graph, definitions(newer=True)) if each.kind == "seed"]
    assert [(each.key, each.node) for each in seeds] == [("seed", "sampler")]
    everything = suggest_inputs(graph, definitions(newer=True))
    assert len({each.key for each in everything}) == len(everything)
    made = write_template(tmp_path / "own", "all-of-it", "All", graph, [Chosen(each) for each in everything], server())
    assert made.valid
    made.complete({})


@pytest.mark.parametrize(
    ("template_id", "chosen_key", "words"),
    [("My Upscale", "", "cannot be called"), ("../up", "", "cannot be called"), ("good", "Not A Key", "cannot be")],
)
def test_nothing_is_written_of_what_would_be_no_template(template_id: str, chosen_key: str, words: str, tmp_path: Path) -> None:
    graph = read_export(exported(tmp_path), OLD)
    (clip, *_) = suggest_inputs(graph, OLD)
    own = tmp_path / "own"
    with pytest.raises(InvalidInput, match=words):
        write_template(own, template_id, "x", graph, [Chosen(clip, key=chosen_key)], server())
    assert not own.exists() or list(own.iterdir()) == []


def test_two_inputs_of_one_name_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    graph = read_export(exported(tmp_path), OLD)
    (clip, other, *_) = suggest_inputs(graph, OLD)
    own = tmp_path / "own"
    with pytest.raises(InvalidInput, match='The key "same" is used 2 times'):
        write_template(own, "good", "x", graph, [Chosen(clip, key="same"), Chosen(other, key="same")], server())
    assert list(own.iterdir()) == []


def test_an_id_is_given_once_and_deleting_frees_it(tmp_path: Path) -> None:
    graph, own = read_export(exported(tmp_path), OLD), tmp_path / "own"
    chosen = [Chosen(suggest_inputs(graph, OLD)[0])]
    made = write_template(own, "good", "x", graph, chosen, server())
    with pytest.raises(InvalidInput, match="already"):
        write_template(own, "good", "x", graph, chosen, server())
    delete_template(made, own)
    assert list(own.iterdir()) == []
    write_template(own, "good", "x", graph, chosen, server())
    with pytest.raises(InvalidInput, match="ships with the studio"):
        delete_template(shipped("scail2-swap"), WORKFLOWS)
    assert (WORKFLOWS / "scail2-swap.json").exists()


def test_a_workflow_that_saves_nothing_is_refused(tmp_path: Path) -> None:
    graph: dict[str, Any] = {"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "_meta": {}}}
    with pytest.raises(InvalidInput, match="saves nothing"):
        write_template(tmp_path, "good", "x", graph, [], server())


@pytest.mark.parametrize("content", ["{", "5", '"x"', "[1]", "[" * 50_000])
def test_a_file_that_is_no_workflow_is_told(content: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    with pytest.raises(InvalidInput, match=r"JSON|API format"):
        read_export(path, OLD)


def test_memory_goes_by_the_sizes_of_the_model_files(tmp_path: Path) -> None:
    graph = read_export(exported(tmp_path), OLD)
    clip = next(Chosen(each) for each in suggest_inputs(graph, OLD) if each.is_file)
    weights = ModelFile("up/RealESRGAN_x4plus.safetensors", 10 * 1024**3)
    own = tmp_path / "own"

    known = write_template(own, "known", "x", graph, [clip], server(upscale_models=[weights])).usable()
    assert (known.memory_gib, known.tier) == (13.0, "medium")
    assert "10.0 GiB" in need_of(graph, server(upscale_models=[weights])).sentence

    nowhere = need_of(graph, server())
    assert not nowhere.known and "RealESRGAN_x4plus.safetensors" in nowhere.sentence and "not known" in nowhere.sentence
    unknown = write_template(own, "unknown", "x", graph, [clip], server()).usable()
    assert (unknown.memory_gib, unknown.tier) == (0, "heavy")

    root = tmp_path / "models"
    (root / "upscale_models").mkdir(parents=True)
    with (root / "upscale_models" / "RealESRGAN_x4plus.pth").open("wb") as file:
        file.truncate(2 * 1024**3)
    of_pth = {**graph, "3": {**graph["3"], "inputs": {"model_name": "RealESRGAN_x4plus.pth"}}}
    listed = server(upscale_models=[ModelFile("RealESRGAN_x4plus.pth")])
    assert need_of(of_pth, listed).gib == 0 and need_of(of_pth, listed, [root]).gib == 4.0

    by_a_pack = {**graph, "9": {"class_type": "SomeLoader", "inputs": {"which": "sam2_large.safetensors"}}}
    assert "sam2_large" in need_of(by_a_pack, server(upscale_models=[weights])).sentence, "no folder is known of it"
    without = {name: node for name, node in graph.items() if name not in ("3", "4")}
    assert need_of(without, server()).gib == 2.0

    said = write_template(own, "said", "x", graph, [clip], server(), memory_gib=20).usable()
    assert (said.memory_gib, said.tier) == (20, "heavy")
    with pytest.raises(InvalidInput, match="cannot need -1"):
        write_template(own, "less", "x", graph, [clip], server(), memory_gib=-1)
