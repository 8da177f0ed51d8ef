"""Extension of a graph for a sound that is longer than a model's clip: stretches that continue from the last frames.

A part of the graph is repeated. Each copy gets all previous frames, of which it takes the last ones as its beginning; repeated
frames are cut off, and the rest is appended. The whole is cut to the sound.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from math import ceil
from typing import Any

from studio.errors import InvalidInput
from studio.workflows.manifest import Manifest, Stretches

JOINING = frozenset({"ImageBatch", "ImageFromBatch"})
"""Node classes that a prompt of several stretches has beside those of the graph."""
_ALL = 4096
"""The most pictures that ImageFromBatch gives."""

_SEEDS = frozenset({"seed", "noise_seed"})

Prompt = dict[str, Any]


def stretch_count(stretches: Stretches, frames: int, seconds: float) -> int:
    """Return how many stretches of `frames` frames a sound needs.

    Raises:
        InvalidInput: more than the template allows; the error has the maximum length.
    """
    wanted = pictures_of(stretches, seconds)
    count = 1 + max(0, ceil((wanted - frames) / (frames - stretches.overlap)))
    if count > stretches.most:
        longest = (frames + (stretches.most - 1) * (frames - stretches.overlap)) / stretches.rate
        raise InvalidInput("template.sound-too-long", seconds=seconds, longest=longest)
    return count


def pictures_of(stretches: Stretches, seconds: float) -> int:
    """Return the number of frames for a sound, at least one."""
    return max(1, ceil(seconds * stretches.rate - 1e-6))


def stretched(prompt: Prompt, manifest: Manifest, values: Mapping[str, Any], seconds: float) -> Prompt:
    """Return the prompt for a sound of a length in seconds; a sound shorter than one stretch shortens it.

    Raises:
        InvalidInput: the sound is too long.
    """
    stretches = manifest.stretches
    assert stretches is not None
    frames = int(values[stretches.frames])
    count, wanted = stretch_count(stretches, frames, seconds), pictures_of(stretches, seconds)
    made = copy.deepcopy(prompt)
    if count == 1:
        place = next(each for each in manifest.mappings if each.key == stretches.frames)
        made[place.node]["inputs"][place.input] = min(frames, 4 * ceil((wanted - 1) / 4) + 1)
    so_far = [stretches.pictures, 0]
    for number in range(2, count + 1):
        so_far = _gone_on(made, prompt, stretches, number, so_far)
    made["whole"] = _node("ImageFromBatch", image=so_far, batch_index=0, length=wanted)
    for node_id, node in prompt.items():
        if node_id not in stretches.nodes:
            for name, value in node["inputs"].items():
                if value == [stretches.pictures, 0]:
                    made[node_id]["inputs"][name] = ["whole", 0]
    return made


def _gone_on(made: Prompt, prompt: Prompt, stretches: Stretches, number: int, so_far: list[Any]) -> list[Any]:
    """Add one more stretch; what holds the pictures after it."""
    again = {node: f"{node}_{number}" for node in stretches.nodes}
    for node, name in again.items():
        made[name] = copy.deepcopy(prompt[node])
        made[name]["inputs"] = {
            key: [again[value[0]], value[1]] if isinstance(value, list) and value[0] in again else copy.deepcopy(value)
            for key, value in prompt[node]["inputs"].items()
        }
        for key in _SEEDS & made[name]["inputs"].keys():
            if isinstance(made[name]["inputs"][key], int):
                made[name]["inputs"][key] += number - 1  # other noise, or every stretch would move alike
    first = again[stretches.goes_on]
    made[first]["inputs"][stretches.previous] = so_far
    fresh, joined = f"fresh_{number}", f"so_far_{number}"
    pictures = [again[stretches.pictures], 0]
    made[fresh] = _node("ImageFromBatch", image=pictures, batch_index=[first, stretches.repeated_output], length=_ALL)
    made[joined] = _node("ImageBatch", image1=so_far, image2=[fresh, 0])
    return [joined, 0]


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}
