"""Suggestions for the form of an imported workflow, and detection of its result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.workflows.graph.api_graph import is_link
from studio.workflows.graph.conversion import MEDIA_ENDINGS, Classes, file_ending
from studio.workflows.graph.schema import InputSpec, live_inputs
from studio.workflows.manifest import LARGEST_SEED, InputKind, ParameterKind
from studio.workflows.model_folders import MODEL_ENDINGS

UPLOADS = {
    "image_upload": InputKind.IMAGE,
    "animated_image_upload": InputKind.IMAGE,
    "video_upload": InputKind.VIDEO,
    "audio_upload": InputKind.AUDIO,
}
OUTPUT_KINDS = {
    "SaveVideo": "video",
    "SaveWEBM": "video",
    "SaveAudio": "audio",
    "SaveAudioMP3": "audio",
    "SaveAudioOpus": "audio",
}
FIRST_NAMES = ("text", "seed", "noise_seed", "steps", "cfg", "denoise", "fps", "width", "height", "length", "strength_model")
"""Inputs that people mostly want in the form, the likeliest first."""
COMMON = {"fps": "frame_rate", "noise_seed": "seed", "text": "prompt", "denoise": "denoise_strength"}


@dataclass(frozen=True)
class Suggestion:
    """An input of the graph that a form could contain.

    Attributes:
        key: a unique name.
        kind: of an input or of a parameter.
        value: its value in the graph.
        likely: whether it is preselected.
    """

    key: str
    node: str
    input: str
    class_type: str
    title: str
    kind: InputKind | ParameterKind
    value: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    likely: bool = False

    @property
    def is_file(self) -> bool:
        return isinstance(self.kind, InputKind)


def suggest_inputs(graph: Mapping[str, Any], object_info: Classes) -> list[Suggestion]:
    """Return every input of a graph that a form could contain: files first, then commonly changed ones, then the rest."""
    found: list[Suggestion] = []
    taken: set[str] = set()
    for node_id, node in graph.items():
        specs = {spec.name: spec for spec in live_inputs(object_info.get(node["class_type"], {}), node["inputs"])}
        title = str((node.get("_meta") or {}).get("title") or node["class_type"])
        for name, value in node["inputs"].items():
            kind = _kind(specs.get(name), value)
            if kind is None or is_link(value):
                continue
            spec, file = specs[name], isinstance(kind, InputKind)
            key = _key(title if file or name == "text" else COMMON.get(name, name), taken)
            low, high = _range(spec, kind)
            words = title if file else f"{title}: {name}"
            likely = file or name in FIRST_NAMES[:7]
            found.append(
                Suggestion(key, node_id, name, node["class_type"], words, kind, value, low, high, spec.choices or (), likely)
            )
    return sorted(found, key=_rank)


def suggest_outputs(graph: Mapping[str, Any], object_info: Classes) -> list[tuple[str, str]]:
    """Return the nodes that save a result, with its kind, videos first."""
    kinds = [
        (node_id, OUTPUT_KINDS.get(node["class_type"], "image"))
        for node_id, node in graph.items()
        if "filename_prefix" in node["inputs"] and object_info.get(node["class_type"], {}).get("output_node")
    ]
    return sorted(kinds, key=lambda each: ("video", "audio", "image").index(each[1]))


def _kind(spec: InputSpec | None, value: Any) -> InputKind | ParameterKind | None:
    if spec is None or isinstance(value, list | dict):
        return None
    for mark, kind in UPLOADS.items():
        if spec.options.get(mark):
            return kind
    if spec.type in ("INT", "FLOAT") and not isinstance(value, bool):
        seed = spec.type == "INT" and spec.name.split(".")[-1] in ("seed", "noise_seed")
        return ParameterKind.SEED if seed else ParameterKind.INTEGER if spec.type == "INT" else ParameterKind.NUMBER
    if spec.type == "BOOLEAN":
        return ParameterKind.BOOLEAN
    if spec.type == "STRING":
        return None if spec.name == "filename_prefix" else ParameterKind.TEXT
    if spec.type == "COMBO" and isinstance(value, str) and file_ending(value) not in MODEL_ENDINGS | MEDIA_ENDINGS:
        return ParameterKind.CHOICE if value in (spec.choices or ()) else None
    return None


def _range(spec: InputSpec, kind: InputKind | ParameterKind) -> tuple[float | None, float | None]:
    if kind is ParameterKind.SEED:
        return 0, min(float(spec.options.get("max", LARGEST_SEED)), float(LARGEST_SEED))
    return spec.options.get("min"), spec.options.get("max")


def _key(words: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:30]
    base = base if re.match(r"[a-z]", base) else f"value_{base}".rstrip("_")
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    taken.add(key)
    return key


def _rank(each: Suggestion) -> tuple[int, str]:
    if each.is_file:
        return 0, each.key
    return (1 + FIRST_NAMES.index(each.input) if each.input in FIRST_NAMES else 1 + len(FIRST_NAMES)), each.key
