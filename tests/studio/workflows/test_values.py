"""What a person may give a template: defaults, drawn seeds, ranges, points; and what the prompt is made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio.comfyui.client.inventory import ModelFile, ServerInventory
from studio.errors import InvalidInput
from studio.workflows import build_prompt, validate
from tests.studio.workflows.servers import inventory_for, shipped

SWAP = "wan22-animate-swap"
FILES = {"reference_image": "studio/a.png", "driving_video": "studio/b.mp4"}


def test_defaults_fill_what_is_not_given() -> None:
    values = shipped(SWAP).complete({"steps": 8})
    assert (values["steps"], values["cfg"], values["frame_rate"], values["person_index"]) == (8, 1.0, 30.0, 0)
    assert values["subject_points"] == []


def test_a_seed_is_drawn_unless_given() -> None:
    template = shipped(SWAP)
    drawn = {template.complete({})["seed"] for _ in range(4)} | {template.complete({"seed": -1})["seed"]}
    assert len(drawn) > 1 and all(0 <= seed < 2**32 for seed in drawn)
    assert template.complete({"seed": 7})["seed"] == 7


@pytest.mark.parametrize(
    ("given", "named", "allowed"),
    [
        ({"steps": 0}, '"steps" cannot be 0', "a whole number from 1 to 60"),
        ({"steps": 2.5}, '"steps" cannot be 2.5', "whole"),
        ({"steps": True}, '"steps" cannot be True', "whole"),
        ({"cfg": "much"}, "\"cfg\" cannot be 'much'", "from 1 to 10"),
        ({"cfg": float("nan")}, '"cfg" cannot be nan', "from 1 to 10"),
        ({"max_frames": 78}, '"max_frames" cannot be 78', "a multiple of 4, plus 1"),
        ({"seed": -2}, '"seed" cannot be -2', "-1 to have one drawn"),
        ({"prompt": 5}, '"prompt" cannot be 5', "a text"),
        ({"stepps": 5}, 'no option called "stepps"', 'Did you mean "steps"'),
        ({"subject_points": [{"x": 1.2, "y": 0}]}, "outside the picture", "from 0 to 1"),
        ({"subject_points": "here"}, "cannot be read", "list of points"),
        ({"subject_points": [{"x": 0.1, "y": 0.1, "subject": False}]}, "lies on the subject", "Click on the person"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(given: dict[str, Any], named: str, allowed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        shipped(SWAP).complete(given)
    assert named in refused.value.reason
    assert allowed in refused.value.hint


def test_choices_are_listed() -> None:
    with pytest.raises(InvalidInput, match="color_correction") as refused:
        shipped("seedvr2-upscale").complete({"color_correction": "sepia"})
    assert "lab, wavelet, adain, none" in refused.value.hint


def test_clicks_go_before_the_persons_number() -> None:
    template = shipped(SWAP)
    points = [{"x": 0.5, "y": 0.25}, {"x": 1, "y": 0, "subject": False}]
    values = template.complete({"person_index": 3, "subject_points": points})
    assert values["person_index"] == 0
    prompt = build_prompt(template, values, FILES, inventory_for(template), "studio/1/out")
    assert json.loads(prompt["people"]["inputs"]["positive_coords"]) == [{"x": 504, "y": 252}]
    assert json.loads(prompt["people"]["inputs"]["negative_coords"]) == [{"x": 1007, "y": 0}]
    plain = build_prompt(template, template.complete({"person_index": 3}), FILES, inventory_for(template), "studio/1/out")
    assert plain["people"]["inputs"]["positive_coords"] == ""
    assert plain["subject_square"]["inputs"]["batch_index"] == 3


def test_people_count_from_one() -> None:
    """By the number a person reads on the page; the index of earlier scripts stays what it was."""
    template = shipped(SWAP)
    assert template.complete({"person_number": 1})["person_index"] == template.complete({})["person_index"] == 0
    assert template.complete({"person_number": 4}) | {"seed": 0} == template.complete({"person_index": 3}) | {"seed": 0}
    for wrong in (0, 9, "first"):
        with pytest.raises(InvalidInput, match="person_number") as refused:
            template.complete({"person_number": wrong})
        assert "from 1 to 8" in refused.value.hint


def test_the_clip_is_made_to_fit_the_values() -> None:
    template = shipped(SWAP)
    values = template.complete({"frame_rate": 24, "max_frames": 41})
    fit = template.constraints("driving_video", values)
    assert (fit.fps, fit.max_frames, fit.frames_multiple, fit.multiple) == (24, 41, 4, 16)
    prompt = build_prompt(template, values, FILES, None, "studio/1/out")
    assert prompt["video"]["inputs"]["fps"] == 24


def test_models_get_the_servers_own_names() -> None:
    template = shipped("realesrgan-upscale")
    windows = ModelFile("Upscalers\\realesrgan_X4plus.safetensors", 67_000_000)
    inventory = ServerInventory("0.38.1", inventory_for(template).node_classes, {"upscale_models": (windows,)})
    assert validate(template, inventory).ready
    prompt = build_prompt(template, template.complete({}), {"source_video": "studio/c.mp4"}, inventory, "studio/1/out")
    assert prompt["upscaler"]["inputs"]["model_name"] == "Upscalers\\realesrgan_X4plus.safetensors"


@pytest.mark.parametrize("prefix", ["", "/etc/x", "../x", "studio/../../x", "C:\\x", "%date%"])
def test_a_prefix_stays_in_the_output_folder(prefix: str) -> None:
    template = shipped(SWAP)
    with pytest.raises(InvalidInput, match="output folder"):
        build_prompt(template, template.complete({}), FILES, None, prefix)


def test_a_missing_file_is_named() -> None:
    template = shipped(SWAP)
    with pytest.raises(InvalidInput, match='"driving_video" is missing'):
        build_prompt(template, template.complete({}), {"reference_image": "a.png"}, None, "studio/1/out")


def test_the_graph_itself_is_never_changed() -> None:
    template = shipped(SWAP)
    before = json.dumps(template.graph)
    build_prompt(template, template.complete({"steps": 9}), FILES, inventory_for(template), "studio/1/out")
    assert json.dumps(template.graph) == before
