"""Against the ComfyUI server that COMFYUI_URL names: the recorded definitions are its own, and an import runs there."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from media.video.read import probe_video
from media.video.write import VideoWriter
from studio.comfyui.client.client import ComfyUIClient
from studio.comfyui.client.read_inventory import read_inventory
from studio.comfyui.client.status import Finished
from studio.workflows import Chosen, build_prompt, preflight, read_export, suggest_inputs, write_template
from studio.workflows.graph.api_graph import schema_problems
from studio.workflows.graph.schema import read_inputs
from tests.studio.comfyui.servers import REAL
from tests.studio.workflows.servers import definitions
from tests.studio.workflows.test_conversion import node, workflow

pytestmark = pytest.mark.skipif(not REAL, reason="COMFYUI_URL names no server")


@pytest.fixture(scope="module")
def client() -> Iterator[ComfyUIClient]:
    made = ComfyUIClient(REAL)
    yield made
    made.close()


def test_the_recorded_definitions_are_the_servers_own(client: ComfyUIClient) -> None:
    if client.stats().version != "0.3.64":
        pytest.skip("the definitions were recorded from 0.3.64")
    classes = client.node_classes()
    for name, recorded in definitions().items():
        if name in classes:
            theirs = [(spec.name, spec.type, spec.required) for spec in read_inputs(classes[name])]
            assert [(spec.name, spec.type, spec.required) for spec in read_inputs(recorded)] == theirs, name


def test_an_imported_workflow_runs(client: ComfyUIClient, tmp_path: Path) -> None:
    nodes = [
        node(1, "LoadVideo", ["x.mp4", "image"], outputs=["VIDEO"]),
        node(2, "GetVideoComponents", [], [("video", "VIDEO", 1)], outputs=["IMAGE", "AUDIO", "FLOAT"]),
        node(3, "Reroute", [], [("", "*", 2)], outputs=["IMAGE"]),
        node(4, "ImageScaleBy", ["area", 1.0], [("image", "IMAGE", 3)], outputs=["IMAGE"]),
        node(5, "CreateVideo", [8], [("images", "IMAGE", 4)], outputs=["VIDEO"]),
        node(6, "SaveVideo", ["x", "auto", "auto"], [("video", "VIDEO", 5)]),
    ]
    kinds = ["VIDEO", "IMAGE", "IMAGE", "IMAGE", "VIDEO"]
    export = tmp_path / "export.json"
    export.write_text(json.dumps(workflow(nodes, [[n, n, 0, n + 1, 0, kind] for n, kind in enumerate(kinds, 1)])))
    inventory = read_inventory(client)
    graph = read_export(export, inventory.node_classes)
    suggested = {each.input: each for each in suggest_inputs(graph, inventory.node_classes)}
    chosen = [Chosen(suggested["file"], key="clip"), Chosen(suggested["scale_by"], key="scale")]
    template = write_template(tmp_path / "own", "twice", "Twice", graph, chosen, inventory)
    assert preflight(template, inventory) == []

    clip = tmp_path / "clip.mp4"
    with VideoWriter(clip, (64, 48), Fraction(8)) as writer:
        for number in range(8):
            writer.write(np.full((48, 64, 3), 20 + 20 * number, np.uint8))
    name = client.upload(clip, "studio/tests", client.max_upload_bytes())
    job = str(uuid.uuid4())
    prompt = build_prompt(template, template.complete({"scale": 2.0}), {"clip": name}, inventory, f"studio/{job}/out")
    assert schema_problems(prompt, inventory.node_classes, {("1", "file")}) == []
    client.submit(prompt, job, str(uuid.uuid4()))
    status = client.status(job)
    deadline = time.monotonic() + 120
    while not isinstance(status, Finished) and time.monotonic() < deadline:
        time.sleep(0.2)
        status = client.status(job)
    assert isinstance(status, Finished)
    result = client.download(status.files[0], tmp_path / "result.mp4", lambda: None)
    told = probe_video(result)
    assert (told.width, told.height) == (128, 96)
