"""A template's two files: every fault is a sentence, and a broken one hides no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from media.messages.catalogue import entry
from studio.errors import InvalidInput, NotFound
from studio.workflows import TemplateCollection, WorkflowTemplate
from studio.workflows.reading import read_template

GRAPH = {
    "clip": {"class_type": "LoadVideo", "inputs": {"file": "clip.mp4"}},
    "parts": {"class_type": "GetVideoComponents", "inputs": {"video": ["clip", 0]}},
    "grown": {"class_type": "ImageScaleBy", "inputs": {"image": ["parts", 0], "upscale_method": "area", "scale_by": 2.0}},
    "video": {"class_type": "CreateVideo", "inputs": {"images": ["grown", 0], "fps": ["parts", 2]}},
    "result": {
        "class_type": "SaveVideo",
        "inputs": {"video": ["video", 0], "filename_prefix": "x", "format": "auto", "codec": "auto"},
    },
}
MANIFEST = {
    "id": "larger", "title": "Larger", "summary": "Makes a clip larger.", "licence": {"name": "MIT"}, "min_comfyui": "0.3.50",
    "inputs": [{"key": "clip", "kind": "video", "title": "Clip"}],
    "parameters": [{"key": "scale", "kind": "number", "title": "Scale", "default": 2, "minimum": 1, "maximum": 4}],
    "mappings": [
        {"key": "clip", "node": "clip", "input": "file", "expect_class": "LoadVideo"},
        {"key": "scale", "node": "grown", "input": "scale_by", "expect_class": "ImageScaleBy"},
    ],
    "nodes": [{"classes": ["LoadVideo", "GetVideoComponents", "ImageScaleBy", "CreateVideo", "SaveVideo"]}],
    "outputs": [{"node": "result", "expect_class": "SaveVideo"}],
}  # fmt: skip


Change = Callable[[dict[str, Any], dict[str, Any]], Any]


def write(folder: Path, change: Change = lambda manifest, graph: None) -> WorkflowTemplate:
    manifest, graph = json.loads(json.dumps(MANIFEST)), json.loads(json.dumps(GRAPH))
    change(manifest, graph)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "larger.manifest.yaml").write_text(yaml.safe_dump(manifest))
    (folder / "larger.json").write_text(json.dumps(graph))
    return read_template(folder / "larger.manifest.yaml")


def test_a_sound_template_is_valid(tmp_path: Path) -> None:
    template = write(tmp_path)
    assert template.valid and template.problems == ()
    assert template.as_dict()["inputs"][0]["extensions"] == ["mp4", "mov", "m4v", "webm", "mkv", "avi"]


FAULTS: dict[str, tuple[Change, str]] = {
    "node": (
        lambda m, g: m["mappings"][0].update(node="clap"),
        'The mapping of "clip" names node "clap", which is not in the graph.',
    ),
    "input": (lambda m, g: m["mappings"][1].update(input="scale"), 'names input "scale" of node "grown", which does not exist'),
    "link": (
        lambda m, g: m["mappings"][1].update(node="video", input="fps", expect_class="CreateVideo"),
        "which is a link and would be cut",
    ),
    "class": (
        lambda m, g: g["grown"].update(class_type="ImageScale"),
        'expects node "grown" to be a ImageScaleBy; it is a ImageScale',
    ),
    "output": (lambda m, g: g.pop("result"), 'The output names node "result", which is not in the graph.'),
    "hash": (lambda m, g: m.update(graph_sha256="0" * 64), "its hash differs"),
    "id": (lambda m, g: m.update(id="smaller"), 'The manifest\'s id is "smaller"; it should be "larger"'),
    "twice": (lambda m, g: m["parameters"].append(m["parameters"][0]), 'The key "scale" is used 2 times.'),
    "mapped twice": (lambda m, g: m["mappings"].append(m["mappings"][1]), "is mapped 2 times"),
    "no such key": (lambda m, g: m["mappings"][1].update(key="size"), 'names "size", which is no input or parameter'),
    "not mapped": (lambda m, g: m["mappings"].pop(), '"scale" is not mapped to any node.'),
    "default": (lambda m, g: m["parameters"][0].update(default=9), 'The default of "scale" is not a number from 1 to 4.'),
    "choices": (lambda m, g: m["parameters"][0].update(kind="choice"), '"scale" has no choices.'),
    "dangling": (
        lambda m, g: g["parts"]["inputs"].update(video=["gone", 0]),
        'is linked to node "gone", which is not in the graph',
    ),
    "circle": (lambda m, g: g["parts"]["inputs"].update(video=["video", 0]), "in a circle"),
    "editor": (lambda m, g: (g.clear(), g.update(nodes=[], links=[])), "in the editor's format"),
    "no class": (lambda m, g: g["parts"].pop("class_type"), 'Node "parts" of the graph has no class_type.'),
    "unknown field": (lambda m, g: m.update(colour="red"), 'The manifest has "colour", which is not known.'),
    "missing field": (lambda m, g: m.pop("title"), 'The manifest lacks "title".'),
    "kind": (lambda m, g: m["inputs"][0].update(kind="smell"), '"inputs.0.kind" of the manifest is wrong'),
    "no outputs": (lambda m, g: m.update(outputs=[]), '"outputs" of the manifest is wrong'),
    "class not listed": (
        lambda m, g: m["nodes"][0]["classes"].remove("CreateVideo"),
        "uses CreateVideo, which the manifest's nodes do not list",
    ),
    "class not used": (lambda m, g: m["nodes"][0]["classes"].append("KSampler"), "list KSampler, which the graph does not use"),
    "points": (
        lambda m, g: m["inputs"].append({"key": "spot", "kind": "points", "title": "x", "on": "nothing"}),
        'The points "spot" should name the video',
    ),
    "limit": (lambda m, g: m["inputs"][0].update(rate_from="speed"), 'takes a limit from "speed", which is no number'),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_a_sentence(fault: str, tmp_path: Path) -> None:
    change, words = FAULTS[fault]
    template = write(tmp_path, change)
    assert not template.valid
    assert any(words in str(problem) for problem in template.problems), template.problems
    assert all(str(problem).endswith(".") for problem in template.problems)
    assert all(entry(problem.code, "en") is not None for problem in template.problems)
    assert template.as_dict()["problems"] == [str(problem) for problem in template.problems]
    with pytest.raises(InvalidInput, match="is broken"):
        template.complete({})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("larger.manifest.yaml", "id: [", "is not YAML"),
        ("larger.manifest.yaml", "- a\n", "should be names with values"),
        ("larger.json", "{", "is not JSON"),
        ("larger.json", '{"a": 1, "a": 2}', 'holds "a" twice'),
        ("larger.json", "[" * 100_000, "is not JSON"),
    ],
)
def test_files_that_cannot_be_read_are_told(name: str, content: str, words: str, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / name).write_text(content)
    template = read_template(tmp_path / "larger.manifest.yaml")
    assert any(words in str(problem) for problem in template.problems), template.problems


def test_a_broken_template_hides_no_other(tmp_path: Path) -> None:
    managed, own = tmp_path / "managed", tmp_path / "own"
    write(managed)
    own.mkdir()
    (own / "bad.manifest.yaml").write_text("id: bad\n")
    (own / "worse.manifest.yaml").write_bytes(b"\xff\xfe\x00")
    templates = TemplateCollection([managed, own, tmp_path / "nowhere"])
    assert {each.id: each.valid for each in templates.all()} == {"larger": True, "bad": False, "worse": False}
    assert [each.own for each in templates.all()] == [False, True, True]
    with pytest.raises(NotFound, match='no template called "largr"') as lost:
        templates.get("largr")
    assert "larger" in lost.value.hint


def test_of_two_with_one_id_the_later_is_told(tmp_path: Path) -> None:
    write(tmp_path / "managed")
    write(tmp_path / "own")
    first, second = TemplateCollection([tmp_path / "managed", tmp_path / "own"]).all()
    assert first.valid and first.id == "larger"
    assert not second.valid and "Another template has the id" in str(second.problems[0])


def test_a_dropped_in_or_changed_template_shows_without_a_restart(tmp_path: Path) -> None:
    templates = TemplateCollection([tmp_path])
    assert templates.all() == []
    write(tmp_path)
    assert templates.get("larger").title == "Larger"
    write(tmp_path, lambda manifest, graph: manifest.update(title="Much larger"))
    assert templates.get("larger").title == "Much larger"


def test_a_bare_on_is_understood(tmp_path: Path) -> None:
    write(tmp_path, lambda m, g: m["inputs"].append({"key": "spot", "kind": "points", "title": "x", "ZZ": "clip"}))
    path = tmp_path / "larger.manifest.yaml"
    path.write_text(path.read_text().replace("ZZ: clip", "on: clip"))
    manifest = read_template(path).manifest
    assert manifest is not None and manifest.inputs[1].on == "clip"
