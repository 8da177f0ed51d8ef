"""A sound that is longer than a clip: the graph goes on from its own last pictures, and is valid however long it becomes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from studio.errors import InvalidInput
from studio.workflows import build_prompt
from studio.workflows.graph.api_graph import schema_problems
from studio.workflows.reading import graph_faults
from studio.workflows.stretches import stretch_count
from tests.studio.workflows.servers import definitions, inventory_for, shipped

FILES = {"reference_image": "studio/1/face.png", "audio": "studio/1/speech.wav"}


def prompt_for(seconds: float, **options: Any) -> dict[str, Any]:
    template = shipped("infinitetalk")
    values = template.complete({"seed": 7, **options})
    return build_prompt(template, values, FILES, inventory_for(template), "studio/1/out", seconds={"audio": seconds})


def pictures_made(prompt: dict[str, Any]) -> int:
    """How many pictures the server makes of it: the nodes' own arithmetic, followed back from what is saved."""

    def count(link: list[Any]) -> int:
        inputs = prompt[link[0]]["inputs"]
        match prompt[link[0]]["class_type"]:
            case "VAEDecode":
                return int(prompt[prompt[inputs["samples"][0]]["inputs"]["latent_image"][0]]["inputs"]["length"])
            case "ImageBatch":
                return count(inputs["image1"]) + count(inputs["image2"])
            case "ImageFromBatch":
                begin = inputs["batch_index"]
                if isinstance(begin, list):
                    assert begin[1] == 4, "the output that tells how many pictures are repeated"
                    begin = prompt[begin[0]]["inputs"]["motion_frame_count"]
                return min(int(inputs["length"]), count(inputs["image"]) - begin)
        raise AssertionError(prompt[link[0]])

    return count(prompt["video"]["inputs"]["images"])


@pytest.mark.parametrize(("seconds", "stretches"), [(0.2, 1), (2.0, 1), (3.24, 1), (3.28, 2), (6.12, 2), (6.16, 3), (30.0, 11)])
def test_a_speech_is_said_to_its_end(seconds: float, stretches: int) -> None:
    prompt = prompt_for(seconds)
    talks = [node for node in prompt.values() if node["class_type"] == "WanInfiniteTalkToVideo"]
    assert len(talks) == stretches
    assert pictures_made(prompt) == round(seconds * 25)
    places = {("reference_image", "image"), ("speech", "audio")}
    places |= {(model.node, model.input) for model in shipped("infinitetalk").usable().models}
    assert schema_problems(prompt, definitions(True), places) == []


def test_each_stretch_goes_on_from_all_pictures_before_it() -> None:
    prompt = prompt_for(8.0)
    assert "previous_frames" not in prompt["talk"]["inputs"]
    assert prompt["talk_2"]["inputs"]["previous_frames"] == ["pictures", 0]
    assert prompt["talk_3"]["inputs"]["previous_frames"] == ["so_far_2", 0]
    assert prompt["sampler_3"]["inputs"]["latent_image"] == ["talk_3", 3]
    assert prompt["guider_3"]["inputs"]["model"] == ["talk_3", 0] and prompt["guider_3"]["inputs"]["cfg"] == 1.0
    assert [prompt[name]["inputs"]["noise_seed"] for name in ("noise", "noise_2", "noise_3")] == [7, 8, 9]
    assert prompt["talk_3"]["inputs"]["clip_vision_output"] == ["reference_seen", 0], "what is not repeated is shared"


def test_a_short_sound_makes_a_short_clip() -> None:
    assert prompt_for(1.0)["talk"]["inputs"]["length"] == 25
    assert prompt_for(0.9, length=101)["talk"]["inputs"]["length"] == 25
    assert prompt_for(3.0, length=41)["talk"]["inputs"]["length"] == 41


def test_a_sound_that_is_too_long_is_refused_with_what_would_do() -> None:
    stretches = shipped("infinitetalk").usable().stretches
    assert stretches is not None and stretch_count(stretches, 81, 57.9) == 20
    with pytest.raises(InvalidInput, match=r"lasts 70 s; 58 s is the most"):
        prompt_for(70.0)


def test_a_manifest_whose_stretches_name_nothing_is_broken() -> None:
    template = shipped("infinitetalk")
    manifest = template.usable()
    assert manifest.stretches is not None
    for change, told in (
        ({"goes_on": "nowhere"}, 'node "nowhere", which is not in the graph'),
        ({"pictures": "vae"}, "go on from nodes that they do not repeat"),
        ({"sound": "prompt"}, 'the sound "prompt", which is no input'),
        ({"frames": "colour"}, '"colour", which is not mapped'),
    ):
        wrong = manifest.model_copy(update={"stretches": manifest.stretches.model_copy(update=change)})
        assert any(told in str(fault) for fault in graph_faults(wrong, dict(template.graph))), change


def test_a_figure_s_mask_is_made_of_whole_blocks() -> None:
    """The nodes between the grown mask and the replacement, done here as their names say, on a disc."""
    graph = shipped("wan22-animate-swap").graph
    disc = cv2.circle(np.zeros((96, 160), np.float32), (70, 40), 21, 1.0, -1)

    def shown(node_id: str) -> np.ndarray:
        inputs = graph[node_id]["inputs"]
        match graph[node_id]["class_type"]:
            case "GrowMask":
                return disc
            case "MaskToImage":
                return shown(inputs["mask"][0])
            case "ImageToMask":
                return shown(inputs["image"][0])
            case "ImageScaleBy":
                assert inputs["upscale_method"] == "area"
                part = shown(inputs["image"][0])
                size = [round(side * inputs["scale_by"]) for side in part.shape[::-1]]
                return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))
            case "ImageScale":
                assert inputs["upscale_method"] == "nearest-exact"
                assert inputs["width"] == ["driving_size", 0] and inputs["height"] == ["driving_size", 1]
                return np.asarray(cv2.resize(shown(inputs["image"][0]), (160, 96), interpolation=cv2.INTER_NEAREST_EXACT))
            case "ThresholdMask":
                return (shown(inputs["mask"][0]) > inputs["value"]).astype(np.float32)
        raise AssertionError(node_id)

    mask = shown(graph["animate"]["inputs"]["character_mask"][0])
    assert (mask[disc > 0] == 1).all()
    blocks = mask.reshape(3, 32, 5, 32)
    assert (blocks == blocks[:, :1, :, :1]).all() and 0 < mask.mean() < 0.7
