"""What the stand-in's nodes do, and how a graph is checked before it is queued: as ComfyUI 0.3.64 does both, with its words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

DEFINITIONS = json.loads((Path(__file__).parent / "object_info.json").read_text())
"""The answer of a real 0.3.64 to /object_info, for the classes that the tests use."""

MODEL_INPUTS = {"unet_name": "diffusion_models", "vae_name": "vae", "model_name": "upscale_models", "ckpt_name": "checkpoints"}


class Interrupted(Exception):
    pass


class NodeError(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def listed_models(base: Path, folder: str) -> list[str]:
    root = base / "models" / folder
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()) if root.is_dir() else []


def definitions(base: Path, drifted: Mapping[str, Any]) -> dict[str, Any]:
    """/object_info now: the loaders' lists are read from the disk; `drifted` replaces whole classes (None removes one)."""
    told = json.loads(json.dumps(DEFINITIONS))
    for node in told.values():
        for name, spec in node["input"].get("required", {}).items():
            if name in MODEL_INPUTS and isinstance(spec[0], list):
                spec[0] = listed_models(base, MODEL_INPUTS[name])
            elif name in MODEL_INPUTS and spec[0] == "COMBO":
                spec[1]["options"] = listed_models(base, MODEL_INPUTS[name])
    told |= drifted
    return {name: node for name, node in told.items() if node is not None}


def check(
    graph: Mapping[str, Any], known: Mapping[str, Any], base: Path, newer: bool
) -> tuple[dict[str, Any] | None, dict[str, Any], list[str]]:
    """(error, node_errors, outputs to run), as the server's validate_prompt."""
    for node_id, node in graph.items():
        if not isinstance(node, Mapping) or "class_type" not in node:
            words = "Cannot execute because a node is missing the class_type property."
            return _error("invalid_prompt", words, f"Node ID '#{node_id}'"), {}, []
        if node["class_type"] not in known:
            words, info = f"Cannot execute because node {node['class_type']} does not exist.", {}
            if newer:
                info = {"node_id": node_id, "class_type": node["class_type"], "node_title": node["class_type"]}
            return _error("missing_node_type" if newer else "invalid_prompt", words, f"Node ID '#{node_id}'", info), {}, []
    outputs = [node_id for node_id, node in graph.items() if known[node["class_type"]].get("output_node")]
    if not outputs:
        return _error("prompt_no_outputs", "Prompt has no outputs", ""), {}, []
    errors: dict[str, Any] = {}
    good = [node_id for node_id in outputs if _valid(node_id, graph, known, base, errors, node_id)]
    if not good:
        return _error("prompt_outputs_failed_validation", "Prompt outputs failed validation", ""), errors, []
    return None, errors, good


def _valid(
    node_id: str, graph: Mapping[str, Any], known: Mapping[str, Any], base: Path, errors: dict[str, Any], output: str
) -> bool:
    node = graph[node_id]
    kind, given = node["class_type"], node.get("inputs", {})
    found, fine = [], True
    for name, spec in known[kind]["input"].get("required", {}).items():
        value = given.get(name)
        if name not in given:
            found.append(_objection("required_input_missing", "Required input is missing", name, name))
        elif isinstance(value, list):
            if str(value[0]) not in graph:
                found.append(_objection("exception_during_validation", "Exception when validating node", f"'{value[0]}'", None))
            else:
                fine = _valid(str(value[0]), graph, known, base, errors, output) and fine
        elif kind in ("LoadImage", "LoadVideo") and name in ("image", "file"):
            if not (base / "input" / str(value)).is_file():
                what = "image" if kind == "LoadImage" else "video"
                words = f"{name} - Invalid {what} file: {value}"
                found.append(_objection("custom_validation_failed", "Custom validation failed for node", words, name))
        elif isinstance(spec[0], list) and value not in spec[0]:
            words = f"{name}: '{value}' not in {str(spec[0])[:80]}"
            found.append(_objection("value_not_in_list", "Value not in list", words, name, value))
        elif spec[0] in ("INT", "FLOAT") and value < spec[1].get("min", value):
            words = f"Value {value} smaller than min of {spec[1]['min']}"
            found.append(_objection("value_smaller_than_min", words, name, name, value))
    if found:
        entry = errors.setdefault(node_id, {"errors": found, "dependent_outputs": [], "class_type": kind})
        entry["dependent_outputs"].append(output)
    return fine and not found


def _error(kind: str, message: str, details: str, info: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": info or {}}


def _objection(kind: str, message: str, details: str, name: str | None, value: Any = None) -> dict[str, Any]:
    return _error(
        kind, message, details, {"input_name": name, "received_value": value} if name else {"exception_type": "KeyError"}
    )


def run_node(
    kind: str, given: Mapping[str, Any], base: Path, step: Callable[[int, int], None], seconds: float
) -> tuple[Any, Any]:
    """(value, what the node shows), taking `seconds` in steps of which `step` is told; it may raise Interrupted."""
    steps = max(1, round(seconds / 0.05))
    for number in range(steps if seconds else 0):
        time.sleep(0.05)
        step(number + 1, steps)
    import cv2  # here, so that a server is up before they are needed
    import numpy as np
    from PIL import Image

    from media.video.read import probe_video, read_frames
    from media.video.write import VideoWriter

    if kind == "LoadImage":
        return [np.asarray(Image.open(base / "input" / given["image"]).convert("RGB"))], None
    if kind == "LoadVideo":
        return base / "input" / given["file"], None
    if kind == "GetVideoComponents":
        info = probe_video(given["video"])
        return [frame.picture for frame in read_frames(given["video"], info.fps, 0, info.frames)], None
    if kind == "ImageInvert":
        return [255 - picture for picture in given["image"]], None
    if kind == "ImageBlur":
        return [cv2.GaussianBlur(picture, (0, 0), float(given["sigma"])) for picture in given["image"]], None
    if kind == "ImageScale":
        return [cv2.resize(picture, (given["width"], given["height"])) for picture in given["image"]], None
    if kind == "CreateVideo":
        return (given["images"], float(given["fps"])), None
    if kind in ("SaveImage", "PreviewImage"):
        folder, name = _place(base, str(given.get("filename_prefix", "ComfyUI_temp")), kind == "PreviewImage")
        paths = [_free(folder, name, ".png", picture) for picture in given["images"]]
        return None, {"images": [_told(path, base, kind == "PreviewImage") for path in paths]}
    if kind == "SaveVideo":
        pictures, fps = given["video"]
        folder, name = _place(base, given["filename_prefix"], False)
        path = folder / f"{name}_00001_.mp4"
        height, width = pictures[0].shape[:2]
        with VideoWriter(path, (width, height), Fraction(fps).limit_denominator(1001)) as writer:
            for picture in pictures:
                writer.write(picture)
        return None, {"images": [_told(path, base, False)], "animated": [True]}
    if kind in ("UNETLoader", "VAELoader", "CheckpointLoaderSimple", "UpscaleModelLoader"):
        name = next(str(value) for key, value in given.items() if key in MODEL_INPUTS)
        path = base / "models" / MODEL_INPUTS[next(key for key in given if key in MODEL_INPUTS)] / name
        if path.stat().st_size < 8:
            raise NodeError("SafetensorError", "Error while deserializing header: header too small")
        return name, None
    raise NodeError("RuntimeError", f"nothing runs {kind} here")


def _place(base: Path, prefix: str, temporary: bool) -> tuple[Path, str]:
    root = base / ("temp" if temporary else "output")
    folder = (root / prefix).parent
    if not folder.resolve().is_relative_to(root.resolve()):
        raise NodeError("Exception", "**** ERROR: Saving image outside the output folder is not allowed.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder, Path(prefix).name


def _free(folder: Path, name: str, suffix: str, picture: Any) -> Path:
    from PIL import Image

    number = 1
    while (path := folder / f"{name}_{number:05}_{suffix}").exists():
        number += 1
    Image.fromarray(picture).save(path)
    return path


def _told(path: Path, base: Path, temporary: bool) -> dict[str, str]:
    kind = "temp" if temporary else "output"
    below = path.parent.relative_to(base / kind)
    return {"filename": path.name, "subfolder": "" if str(below) == "." else str(below), "type": kind}
