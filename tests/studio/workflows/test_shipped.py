"""The managed set: every graph against the definitions of the servers' own nodes, and the exact lists of what is missing."""

from __future__ import annotations

import hashlib

import pytest

from studio.comfyui.client.inventory import ServerInventory
from studio.workflows import TemplateCollection, WorkflowTemplate, build_prompt, preflight
from studio.workflows.graph.api_graph import is_link, schema_problems
from studio.workflows.manifest import InputKind
from studio.workflows.stretches import JOINING
from tests.studio.workflows.servers import WORKFLOWS, definitions, inventory_for, shipped

IDS = ["infinitetalk", "realesrgan-upscale", "scail2-swap", "seedvr2-upscale", "wan-animate2", "wan22-animate-swap"]
UMT5, VAE = "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "Wan2_1_VAE_bf16.safetensors"
LIGHT = "lightx2v_I2V_14B_480p_cfg_step_distill_rank64_bf16.safetensors"
VISION, SAM3 = "clip_vision_h.safetensors", "sam3.1_multiplex_fp16.safetensors"
MODELS = {
    "infinitetalk": {
        "Wan2_1-I2V-14B-480p_fp8_e4m3fn_scaled_KJ.safetensors", "wan2.1_infiniteTalk_single_fp16.safetensors",
        "wav2vec2-chinese-base_fp16.safetensors", LIGHT, UMT5, VAE, VISION,
    },
    "realesrgan-upscale": {"RealESRGAN_x4plus.safetensors"},
    "scail2-swap": {
        "wan2.1_14B_SCAIL_2_int8_convrot.safetensors", "wan2.1_SCAIL_2_DPO_lora_bf16.safetensors", LIGHT, UMT5, VAE, VISION, SAM3,
    },
    "seedvr2-upscale": {"seedvr2_3b_int8_convrot.safetensors", "seedvr2_ema_vae_fp16.safetensors"},
    "wan-animate2": {"wan_animate_2_int8_convrot.safetensors", LIGHT, UMT5, VAE, VISION},
    "wan22-animate-swap": {
        "Wan2_2-Animate-14B_fp8_e4m3fn_scaled_KJ.safetensors", "WanAnimate_relight_lora_fp16.safetensors",
        "sdpose_wholebody_fp16.safetensors", LIGHT, UMT5, VAE, VISION, SAM3,
    },
}  # fmt: skip
MISSING_IN_0_3_64 = {
    "infinitetalk": {"WanInfiniteTalkToVideo"},
    "realesrgan-upscale": set(),
    "scail2-swap": {"SAM3_Detect", "SAM3_VideoTrack", "SCAIL2ColoredMask", "WanSCAILToVideo"},
    "seedvr2-upscale": {"SeedVR2Preprocess", "SeedVR2Conditioning", "SeedVR2PostProcessing"},
    "wan-animate2": {"WanAnimate2ToVideo", "WanAnimate2Cache"},
    "wan22-animate-swap": {
        "SAM3_Detect", "SAM3_VideoTrack", "SAM3_TrackToMask", "CropByBBoxes",
        "SDPoseKeypointExtractor", "SDPoseDrawKeypoints", "SDPoseFaceBBoxes",
    },
}  # fmt: skip


@pytest.fixture(params=IDS)
def template(request: pytest.FixtureRequest) -> WorkflowTemplate:
    return shipped(request.param)


def test_the_managed_set_is_whole_and_valid() -> None:
    listed = TemplateCollection([WORKFLOWS]).all()
    assert [each.id for each in listed] == IDS
    assert {each.id: each.problems for each in listed if not each.valid} == {}
    assert all(each.usable().verified == "graph-only" for each in listed)  # no weights were run


def test_hashes_are_those_of_the_graphs(template: WorkflowTemplate) -> None:
    content = (WORKFLOWS / f"{template.id}.json").read_bytes()
    assert template.usable().graph_sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("newer", [False, True], ids=["up to 0.37", "from 0.38"])
def test_a_graph_is_what_its_nodes_take(template: WorkflowTemplate, newer: bool) -> None:
    manifest = template.usable()
    files = {(model.node, model.input) for model in manifest.models}
    uploads = {each.key for each in manifest.inputs if each.kind is not InputKind.POINTS}
    files |= {(each.node, each.input) for each in manifest.mappings if each.key in uploads}
    assert schema_problems(template.graph, definitions(newer), files) == []


def test_every_fault_of_a_graph_is_seen(template: WorkflowTemplate) -> None:
    """The check above can fail: each input of each node taken away, and each link turned to another kind of output, is told."""
    needed = ("images", "model", "video", "vae", "samples", "filename_prefix", "lora_name", "clip_name", "fps")
    files = {(model.node, model.input) for model in template.usable().models}
    for node_id, node in template.graph.items():
        for name in (name for name in node["inputs"] if name in needed):
            broken = {**template.graph, node_id: {**node, "inputs": dict(node["inputs"])}}
            del broken[node_id]["inputs"][name]
            words = schema_problems(broken, definitions(True), files)
            assert any(
                f'Input "{name}" of node "{node_id}"' in sentence and "missing" in sentence for sentence in map(str, words)
            )
            if is_link(node["inputs"][name]):
                broken[node_id]["inputs"][name] = [node["inputs"][name][0], 99]
                assert any("output 99" in str(fault) for fault in schema_problems(broken, definitions(True), files))


def test_every_value_a_template_may_be_given_fits_its_node(template: WorkflowTemplate) -> None:
    """The ends of each parameter's range are in the range of the input that they are written to."""
    manifest = template.usable()
    uploads = {each.key: "studio/x.bin" for each in manifest.inputs if each.kind is not InputKind.POINTS}
    inventory = inventory_for(template)
    files = {(model.node, model.input) for model in manifest.models}
    files |= {(each.node, each.input) for each in manifest.mappings if each.key in uploads}
    for parameter in manifest.parameters:
        for value in (parameter.minimum, parameter.maximum, *parameter.choices):
            if value is None:
                continue
            values = template.complete({parameter.key: value})
            prompt = build_prompt(template, values, uploads, inventory, "studio/job/out")
            assert schema_problems(prompt, definitions(True), files) == [], (parameter.key, value)


# Validation of each template: none, some, all


def test_a_server_with_nothing_is_told_everything_at_once(template: WorkflowTemplate) -> None:
    problems = preflight(template, ServerInventory("0.3.0", {}, {}))
    manifest = template.usable()
    classes = {node["class_type"] for node in template.graph.values()} | (JOINING if manifest.stretches else frozenset())
    assert [each.kind for each in problems].count("version") == 1
    assert {each.subject for each in problems if each.kind == "node"} == classes
    assert {each.subject for each in problems if each.kind == "model"} == MODELS[template.id]
    assert len(problems) == 1 + len(classes) + len(MODELS[template.id])
    assert all(each.where.startswith(("Get it", "It is part of ComfyUI", "Update ComfyUI")) for each in problems)
    assert all("https://" in each.where for each in problems)
    assert len(manifest.models) == len(MODELS[template.id])


def test_a_server_with_everything_lacks_nothing(template: WorkflowTemplate) -> None:
    assert preflight(template, inventory_for(template)) == []


def test_a_server_with_some_is_told_exactly_the_rest(template: WorkflowTemplate) -> None:
    for gone in MODELS[template.id]:
        problems = preflight(template, inventory_for(template, without=[gone]))
        assert [(each.kind, each.subject) for each in problems] == [("model", gone)]
        model = next(each for each in template.usable().models if each.name == gone)
        assert model.url in problems[0].where
        assert f"models/{model.folder}" in problems[0].where
    half = sorted(MODELS[template.id])[::2]
    assert {each.subject for each in preflight(template, inventory_for(template, without=half))} == set(half)


def test_an_older_server_lacks_its_version_and_the_later_nodes(template: WorkflowTemplate) -> None:
    later = {
        "WanInfiniteTalkToVideo",
        "WanAnimate2ToVideo",
        "WanAnimate2Cache",
        "WanSCAILToVideo",
        "SCAIL2ColoredMask",
        "CropByBBoxes",
    }
    recorded = {
        name: each
        for name, each in definitions().items()
        if not name.startswith(("SAM3", "SDPose", "SeedVR2")) and name not in later
    }
    old = ServerInventory("0.3.64", recorded, inventory_for(template).models)
    problems = preflight(template, old)
    assert {each.subject for each in problems if each.kind == "node"} == MISSING_IN_0_3_64[template.id]
    assert {each.kind for each in problems} == ({"version", "node"} if MISSING_IN_0_3_64[template.id] else set())


def test_a_server_that_has_every_node_is_not_refused_by_its_date(template: WorkflowTemplate) -> None:
    """A fork counts its versions otherwise, and an older server may have had a node added: what it says of itself counts."""
    whole = inventory_for(template)
    assert preflight(template, ServerInventory("0.1.0", whole.node_classes, whole.models)) == []
    first = template.usable().nodes[0].classes[0]
    changed = {**whole.node_classes, first: {**whole.node_classes[first], "input": {"required": {}}, "input_order": {}}}
    assert "version" in {each.kind for each in preflight(template, ServerInventory("0.1.0", changed, whole.models))}


# What a job writes into a graph


def test_only_mapped_places_are_written(template: WorkflowTemplate) -> None:
    manifest = template.usable()
    uploads = {each.key: f"studio/job/{each.key}.bin" for each in manifest.inputs if each.kind is not InputKind.POINTS}
    prompt = build_prompt(template, template.complete({}), uploads, inventory_for(template), "studio/job/out")
    allowed = {(each.node, each.input) for each in manifest.mappings} | {("result", "filename_prefix")}
    changed = {
        (node_id, name)
        for node_id, node in prompt.items()
        for name, value in node["inputs"].items()
        if value != template.graph[node_id]["inputs"][name]
    }
    assert changed <= allowed
    assert {name for key in uploads for _, name in [(key, uploads[key])]} <= {
        str(value) for node in prompt.values() for value in node["inputs"].values()
    }
    assert prompt["result"]["inputs"]["filename_prefix"] == "studio/job/out"
    assert prompt.keys() == template.graph.keys()
