"""Templates whose graphs need no models, written as a person would drop them into the data folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.studio.comfyui.graphs import node

BLUR = "blurred-clip"


def write_blur(
    folder: Path, more: dict[str, Any] | None = None, classes: dict[str, list[str]] | None = None, **changed: Any
) -> str:
    """A clip blurred by `strength`, and the reference picture inverted as a second result. Its id.

    Args:
        more: further nodes. classes: those that come from packs of custom nodes, by pack.
    """
    graph = {
        "clip": node("LoadVideo", file="given.mp4"),
        "pictures": node("GetVideoComponents", video=["clip", 0]),
        "blur": node("ImageBlur", image=["pictures", 0], blur_radius=5, sigma=1.0),
        "again": node("CreateVideo", images=["blur", 0], fps=8.0),
        "save": node("SaveVideo", video=["again", 0], filename_prefix="x", format="mp4", codec="h264"),
        "seed": node("PrimitiveInt", value=0),
        "face": node("LoadImage", image="given.png"),
        "inverted": node("ImageInvert", image=["face", 0]),
        "still": node("SaveImage", images=["inverted", 0], filename_prefix="y"),
    }
    graph |= more or {}
    packs = [{"pack": pack, "url": f"https://example.org/{pack}", "classes": names} for pack, names in (classes or {}).items()]
    custom = {name for pack in packs for name in pack["classes"]}
    core = sorted({each["class_type"] for each in graph.values()} - custom)
    manifest = {
        "id": BLUR,
        "title": "Blurred clip",
        "summary": "Blurs a clip and inverts a picture.",
        "licence": {"name": "CC0-1.0"},
        "min_comfyui": "0.3.60",
        "tier": "light",
        "memory_gib": 0.2,
        "inputs": [
            {"key": "reference_image", "kind": "image", "title": "Picture", "constraints": {"multiple": 16}},
            {
                "key": "driving_video",
                "kind": "video",
                "title": "Clip",
                "rate_from": "frame_rate",
                "constraints": {"multiple": 16, "max_width": 128, "max_height": 96},
            },
        ],
        "parameters": [
            {"key": "seed", "kind": "seed", "title": "Seed"},
            {"key": "strength", "kind": "number", "title": "Strength", "default": 1.0, "minimum": 0.1, "maximum": 10},
            {"key": "frame_rate", "kind": "number", "title": "Rate", "default": 8.0, "minimum": 1, "maximum": 60},
        ],
        "mappings": [
            {"key": "reference_image", "node": "face", "input": "image", "expect_class": "LoadImage"},
            {"key": "driving_video", "node": "clip", "input": "file", "expect_class": "LoadVideo"},
            {"key": "strength", "node": "blur", "input": "sigma", "expect_class": "ImageBlur"},
            {"key": "seed", "node": "seed", "input": "value", "expect_class": "PrimitiveInt"},
            {"key": "frame_rate", "node": "again", "input": "fps", "expect_class": "CreateVideo"},
        ],
        "nodes": [{"classes": core}, *packs],
        "outputs": [
            {"node": "save", "kind": "video", "expect_class": "SaveVideo"},
            {"node": "still", "kind": "image", "expect_class": "SaveImage"},
        ],
    } | changed
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{manifest['id']}.json").write_text(json.dumps(graph))
    (folder / f"{manifest['id']}.manifest.yaml").write_text(yaml.safe_dump(manifest))
    return str(manifest["id"])
