"""The form that changes a saved voice."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from tabs.voiceover.voices_panel import VoicesPanel
from tests.studio.voices.clips import CLIP, open_voices


def test_what_came_into_a_voice_while_its_form_was_open_stays(tmp_path: Path) -> None:
    """A transcript that is made meanwhile: renaming the voice leaves it, and does not count as having checked it."""
    voices = open_voices(tmp_path)
    voices.add("Zoë", CLIP)
    with gr.Blocks():
        panel = VoicesPanel(SimpleNamespace(voices=voices))
    edit = panel.edit
    values: dict[Any, Any] = {key: value for key, value in edit.show(voices.get("Zoë")).items() if key is not edit.group}
    voices.update("Zoë", transcript="Printing differs.", transcript_status="draft")
    panel._change({**values, edit.name: "Zoë, changed", edit.notes: "warm"})
    now = voices.get("Zoë, changed")
    assert (now.transcript, now.transcript_status, now.notes) == ("Printing differs.", "draft", "warm")

    values = {key: value for key, value in edit.show(now).items() if key is not edit.group}
    panel._change(values)
    assert voices.get("Zoë, changed").transcript_status == "edited", "it was seen, and left as it is"
