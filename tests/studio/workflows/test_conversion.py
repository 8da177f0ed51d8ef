"""Exported workflows in the editor's format: read by place with the server's definitions, or refused; never half understood."""

from __future__ import annotations

from typing import Any

import pytest

from studio.errors import InvalidInput
from studio.workflows.graph.conversion import as_api_graph, convert
from tests.studio.workflows.servers import definitions, shipped

OLD, NEW = definitions(), definitions(newer=True)


def node(
    node_id: Any, kind: str, values: Any = (), inputs: Any = (), mode: int = 0, outputs: Any = (), **more: Any
) -> dict[str, Any]:
    """A node as the editor saves it; inputs are name, type, link."""
    sockets = [{"name": name, "type": of, "link": link} for name, of, link in inputs]
    ends = [{"name": of, "type": of} for of in outputs]
    given = values if isinstance(values, dict) else list(values)
    return {"id": node_id, "type": kind, "mode": mode, "inputs": sockets, "outputs": ends, "widgets_values": given, **more}


def workflow(nodes: list[dict[str, Any]], links: list[list[Any]], **more: Any) -> dict[str, Any]:
    return {"nodes": nodes, "links": links, **more}


LOAD = node(1, "LoadImage", ["a.png", "image"], outputs=["IMAGE", "MASK"])
SAVE = node(9, "SaveImage", ["out"], [("images", "IMAGE", 9)])


def chain(*between: dict[str, Any], links: list[list[Any]]) -> dict[str, Any]:
    return workflow([LOAD, *between, SAVE], links)


def test_values_go_to_their_inputs_and_links_before_them() -> None:
    sampler = node(
        3, "KSampler", [42, "randomize", 20, 7.5, "euler", "simple", 0.9],
        [("model", "MODEL", 1), ("positive", "CONDITIONING", 2), ("negative", "CONDITIONING", 3), ("latent_image", "LATENT", 4),
         ("steps", "INT", 7)],
    )  # fmt: skip
    nodes = [
        node(1, "CheckpointLoaderSimple", ["sd.safetensors"], outputs=["MODEL", "CLIP", "VAE"]),
        node(2, "CLIPTextEncode", ["a cat"], [("clip", "CLIP", 5)], outputs=["CONDITIONING"]),
        node(4, "EmptyLatentImage", [512, 768, 1], outputs=["LATENT"]),
        sampler,
        node(5, "VAEDecode", [], [("samples", "LATENT", 6), ("vae", "VAE", 8)]),
        node(6, "PrimitiveNode", [12, "fixed"]),
        node(7, "SaveImage", ["cat"], [("images", "IMAGE", 9)]),
        node(8, "Note", ["a word to whoever reads this"]),
    ]
    links = [
        [1, 1, 0, 3, 0, "MODEL"], [2, 2, 0, 3, 1, "CONDITIONING"], [3, 2, 0, 3, 2, "CONDITIONING"], [4, 4, 0, 3, 3, "LATENT"],
        [5, 1, 1, 2, 0, "CLIP"], [6, 3, 0, 5, 0, "LATENT"], [7, 6, 0, 3, 4, "INT"], [8, 1, 2, 5, 1, "VAE"],
        [9, 5, 0, 7, 0, "IMAGE"],
    ]  # fmt: skip
    graph = as_api_graph(workflow(nodes, links), OLD)
    assert set(graph) == {"1", "2", "3", "4", "5", "7"}
    assert graph["3"]["inputs"] == {
        "seed": 42, "steps": 12, "cfg": 7.5, "sampler_name": "euler", "scheduler": "simple", "denoise": 0.9,
        "model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["4", 0],
    }  # fmt: skip
    assert graph["4"]["inputs"] == {"width": 512, "height": 768, "batch_size": 1}


def test_bypassed_nodes_and_reroutes_are_gone_through() -> None:
    between = (
        node(2, "ImageInvert", [], [("image", "IMAGE", 1)], mode=4, outputs=["IMAGE"]),
        node(3, "Reroute", [], [("", "*", 2)], outputs=["IMAGE"]),
    )
    graph = as_api_graph(
        chain(*between, links=[[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"], [9, 3, 0, 9, 0, "IMAGE"]]), OLD
    )
    assert set(graph) == {"1", "9"}
    assert graph["9"]["inputs"]["images"] == ["1", 0]


def test_muted_nodes_bring_nothing() -> None:
    muted = node(2, "ImageInvert", [], [("image", "IMAGE", 1)], mode=2, outputs=["IMAGE"])
    with pytest.raises(InvalidInput, match=r'Input "images" of node "9" \(SaveImage\) is missing'):
        as_api_graph(chain(muted, links=[[1, 1, 0, 2, 0, "IMAGE"], [9, 2, 0, 9, 0, "IMAGE"]]), OLD)


def test_set_and_get_meet() -> None:
    pair = (node(2, "SetNode", ["picture"], [("IMAGE", "IMAGE", 1)]), node(3, "GetNode", ["picture"], outputs=["IMAGE"]))
    graph = as_api_graph(chain(*pair, links=[[1, 1, 0, 2, 0, "IMAGE"], [9, 3, 0, 9, 0, "IMAGE"]]), OLD)
    assert graph["9"]["inputs"]["images"] == ["1", 0]
    lonely = chain(pair[1], links=[[9, 3, 0, 9, 0, "IMAGE"]])
    with pytest.raises(InvalidInput, match='"picture" that node 3 gets'):
        as_api_graph(lonely, OLD)


def subgraph(values: list[Any], **properties: Any) -> dict[str, Any]:
    """A node 5 whose inside scales a picture by a promoted factor."""
    inside = {
        "id": "inner-graph",
        "inputs": [{"name": "image", "type": "IMAGE"}, {"name": "scale_by", "type": "FLOAT"}],
        "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
        "nodes": [
            node(7, "ImageScaleBy", ["lanczos", 3.0], [("image", "IMAGE", 1), ("scale_by", "FLOAT", 2)], outputs=["IMAGE"]),
        ],
        "links": [
            {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 7, "target_slot": 0, "type": "IMAGE"},
            {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 7, "target_slot": 1, "type": "FLOAT"},
            {"id": 3, "origin_id": 7, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"},
        ],
    }
    host = node(5, "inner-graph", values, [("image", "IMAGE", 1)], outputs=["IMAGE"], properties=properties)
    made = chain(host, links=[[1, 1, 0, 5, 0, "IMAGE"], [9, 5, 0, 9, 0, "IMAGE"]])
    return {**made, "definitions": {"subgraphs": [inside]}}


@pytest.mark.parametrize(
    ("values", "properties", "factor"),
    [
        ([], {}, 3.0),
        ([1.5], {}, 1.5),
        ([1.5], {"proxyWidgets": [["-1", "scale_by"]]}, 1.5),
        ([9], {"proxyWidgets": [["7", "scale_by"]]}, 3.0),
    ],
    ids=["inner value", "host's value", "promoted", "shown from inside"],
)
def test_subgraphs_are_opened(values: list[Any], properties: dict[str, Any], factor: float) -> None:
    graph = as_api_graph(subgraph(values, **properties), OLD)
    assert set(graph) == {"1", "5:7", "9"}
    assert graph["5:7"]["inputs"] == {"upscale_method": "lanczos", "scale_by": factor, "image": ["1", 0]}
    assert graph["9"]["inputs"]["images"] == ["5:7", 0]


def test_a_subgraph_with_values_that_fit_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="values of subgraph node 5 do not fit"):
        as_api_graph(subgraph([1.5, 2.5, 3.5]), OLD)


def test_dynamic_combos_bring_their_inner_values() -> None:
    resize = node(
        2, "ResizeImageMaskNode", ["scale dimensions", 640, 480, "center", "area"], [("input", "IMAGE", 1)], outputs=["IMAGE"]
    )
    graph = as_api_graph(chain(resize, links=[[1, 1, 0, 2, 0, "IMAGE"], [9, 2, 0, 9, 0, "IMAGE"]]), NEW)
    assert graph["2"]["inputs"] == {
        "resize_type": "scale dimensions", "resize_type.width": 640, "resize_type.height": 480, "resize_type.crop": "center",
        "scale_method": "area", "input": ["1", 0],
    }  # fmt: skip
    resize["widgets_values"] = ["scale by multiplier", 2.0, "area"]
    graph = as_api_graph(chain(resize, links=[[1, 1, 0, 2, 0, "IMAGE"], [9, 2, 0, 9, 0, "IMAGE"]]), NEW)
    assert graph["2"]["inputs"]["resize_type.multiplier"] == 2.0
    resize["widgets_values"] = ["scale by magic", 2.0, "area"]
    with pytest.raises(InvalidInput, match="cannot be 'scale by magic'"):
        as_api_graph(chain(resize, links=[[1, 1, 0, 2, 0, "IMAGE"], [9, 2, 0, 9, 0, "IMAGE"]]), NEW)


def test_growing_inputs_keep_their_names() -> None:
    batch = node(2, "BatchImagesNode", [], [("images.image0", "IMAGE", 1), ("images.image1", "IMAGE", 2)], outputs=["IMAGE"])
    graph = as_api_graph(chain(batch, links=[[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 0, 2, 1, "IMAGE"], [9, 2, 0, 9, 0, "IMAGE"]]), NEW)
    assert graph["2"]["inputs"] == {"images.image0": ["1", 0], "images.image1": ["1", 0]}


def test_values_by_name_are_taken_by_name() -> None:
    scale = node(
        2, "ImageScaleBy", {"scale_by": 2.5, "upscale_method": "area", "videopreview": {"hidden": True}}, [("image", "IMAGE", 1)]
    )
    graph = as_api_graph(chain(scale, links=[[1, 1, 0, 2, 0, "IMAGE"], [9, 2, 0, 9, 0, "IMAGE"]]), OLD)
    assert graph["2"]["inputs"] == {"scale_by": 2.5, "upscale_method": "area", "image": ["1", 0]}


def test_one_saved_video_node_means_different_things_to_two_versions() -> None:
    """The same file by place: understood where the count fits, refused where it does not."""
    nodes = [
        node(1, "LoadVideo", ["a.mp4", "image"], outputs=["VIDEO"]),
        node(2, "SaveVideo", ["video/x", "auto", "auto", "auto"], [("video", "VIDEO", 1)]),
    ]
    made = workflow(nodes, [[1, 1, 0, 2, 0, "VIDEO"]])
    inputs = as_api_graph(made, NEW)["2"]["inputs"]
    assert inputs == {"filename_prefix": "video/x", "format": "auto", "format.codec": "auto", "codec": "auto", "video": ["1", 0]}
    with pytest.raises(InvalidInput, match=r"holds 4 values where this server's has 3: it is of another version"):
        as_api_graph(made, OLD)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (workflow([node(1, "workflow/mine", [])], []), "group node of an older editor"),
        (workflow([{"type": "LoadImage"}], []), "damaged"),
        (workflow([LOAD], [[1]]), "damaged"),
        (chain(links=[[9, 1, 1, 9, 0, "MASK"]]), "takes IMAGE and is linked to MASK"),
        (workflow([node(1, "EmptyLatentImage", [512, "tall", 1])], []), "should be a whole number"),
        (workflow([node(1, "EmptyLatentImage", [512, 2, 1])], []), "should be from 16 to"),
        (
            workflow([node(1, "LoadImage", ["a.png"], [("colour", "IMAGE", 3)]), LOAD | {"id": 2}], [[3, 2, 0, 1, 0, "IMAGE"]]),
            'an input "colour" that is not known',
        ),
        ({"nodes": 5, "links": []}, "in the editor's format"),
        ([], "not in ComfyUI's API format"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(made: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        as_api_graph(made, OLD)
    assert "API format" in refused.value.hint


def test_missing_nodes_are_named_with_what_helps() -> None:
    """Another export would not bring them; the workflow's own notes say which pack or which ComfyUI does."""
    custom = node(1, "VHS_LoadVideo", ["a.mp4"]) | {"properties": {"cnr_id": "comfyui-videohelpersuite", "ver": "1.7.9"}}
    core = node(2, "WanDancer", []) | {"properties": {"cnr_id": "comfy-core", "ver": "0.41.2"}}
    with pytest.raises(InvalidInput, match=r"no nodes called VHS_LoadVideo and WanDancer\.") as refused:
        as_api_graph(workflow([custom, core], []), OLD)
    hint = refused.value.hint
    assert "Install comfyui-videohelpersuite there." in hint and "WanDancer is part of ComfyUI 0.41.2" in hint
    assert "API format" not in hint and "manager" not in hint
    with pytest.raises(InvalidInput, match=r"no node called Strange\.") as refused:
        as_api_graph({"1": {"class_type": "Strange", "inputs": {}}}, OLD)
    assert "ComfyUI's manager" in refused.value.hint and "API format" not in refused.value.hint


def test_links_in_a_circle_are_refused() -> None:
    turn = [node(2, "Reroute", [], [("", "*", 1)]), node(3, "Reroute", [], [("", "*", 2)])]
    with pytest.raises(InvalidInput, match="circle"):
        as_api_graph(workflow([*turn, SAVE], [[1, 3, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "*"], [9, 2, 0, 9, 0, "*"]]), OLD)


def test_a_list_that_is_a_value_is_no_link() -> None:
    classes = {**OLD, "Dots": {"input": {"required": {"dots": ["STRING", {}]}}, "output": []}}
    graph = convert(workflow([node(1, "Dots", [["1", 0]])], []), classes)
    assert graph["1"]["inputs"] == {"dots": {"__value__": ["1", 0]}}


def test_the_api_format_passes_and_is_checked() -> None:
    graph = shipped("realesrgan-upscale").graph
    assert as_api_graph(graph, NEW) == graph
    broken = {**graph, "pictures": {**graph["pictures"], "inputs": {**graph["pictures"]["inputs"], "scale_by": 99}}}
    with pytest.raises(InvalidInput, match='"scale_by" of node "pictures"') as refused:
        as_api_graph(broken, NEW)
    assert "API format" not in refused.value.hint, "it is in that format already"


def test_files_that_a_server_does_not_have_stay_for_the_preflight() -> None:
    graph = as_api_graph(workflow([node(1, "CheckpointLoaderSimple", ["Mine/never seen.safetensors"])], []), OLD)
    assert graph["1"]["inputs"]["ckpt_name"] == "Mine/never seen.safetensors"
