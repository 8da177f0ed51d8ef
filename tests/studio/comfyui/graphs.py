"""Graphs that need no models, in API format; the stand-in and a real server both run them."""

from __future__ import annotations

import uuid
from typing import Any

Graph = dict[str, Any]


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": kind}}


def prefix() -> str:
    return f"studio/{uuid.uuid4()}/out"


def picture(image: str, to: str = "") -> Graph:
    """A picture, inverted."""
    return {
        "1": node("LoadImage", image=image),
        "2": node("ImageInvert", image=["1", 0]),
        "3": node("SaveImage", images=["2", 0], filename_prefix=to or prefix()),
    }


def video(file: str, fps: float, to: str = "") -> Graph:
    """A clip, inverted."""
    return {
        "1": node("LoadVideo", file=file),
        "2": node("GetVideoComponents", video=["1", 0]),
        "3": node("ImageInvert", image=["2", 0]),
        "4": node("CreateVideo", images=["3", 0], fps=fps),
        "5": node("SaveVideo", video=["4", 0], filename_prefix=to or prefix(), format="mp4", codec="h264"),
    }


def slow(image: str, blurs: int = 12, sigma: float = 3.0) -> Graph:
    """A picture made large and blurred again and again: seconds of work in many nodes, between which a stop is noticed."""
    graph = {
        "1": node("LoadImage", image=image),
        "2": node("ImageScale", image=["1", 0], upscale_method="bilinear", width=768, height=768, crop="disabled"),
    }
    for number in range(blurs):
        made = node("ImageBlur", image=[str(number + 2), 0], blur_radius=31, sigma=round(sigma + 0.01 * number, 2))
        graph[str(number + 3)] = made
    small = node("ImageScale", image=[str(blurs + 2), 0], upscale_method="bilinear", width=64, height=64, crop="disabled")
    graph["90"] = small
    graph["91"] = node("SaveImage", images=["90", 0], filename_prefix=prefix())
    return graph
