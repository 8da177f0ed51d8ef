"""An upload for sound: a file, a recording, or the sound of a video, which Gradio's audio component refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from tabs.common.wiring import QUIET

VIDEOS = [".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"]


def build_sound_upload(label: str, elem_id: str, **more: Any) -> gr.Audio:
    """Draw the component; its value is the path of the file."""
    sound = gr.Audio(sources=["upload", "microphone"], type="filepath", label=label, elem_id=elem_id, **more)
    video = gr.UploadButton(
        "Take the sound of a video", file_types=VIDEOS, type="filepath", size="sm", elem_id=f"{elem_id}-of-video"
    )
    video.upload(_as_it_is, video, sound, **QUIET)
    return sound


def _as_it_is(path: str | None) -> Any:
    return gr.skip() if path is None else str(Path(path))
