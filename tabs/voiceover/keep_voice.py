"""Keeping a designed voice: a name for the voice of one sentence, and a button that saves it among the voices."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.voiceover.capability import Voiceover
from studio.errors import InvalidInput
from studio.services import Services
from tabs.common.jobs.job_view import JobView
from tabs.common.notices import notice
from tabs.common.wiring import QUIET, clicked, with_error_toast

ACT = "save-voice"
"""What the button in the list of sentences sends."""


class KeepVoice:
    """A small form under the sentences, hidden until a designed sentence's button is pressed."""

    def __init__(self, studio: Services, narrations: Voiceover) -> None:
        self._studio, self._narrations = studio, narrations
        self._segment = gr.State("")
        with gr.Group(visible=False, elem_id="keep-voice") as self.group:
            self.name = gr.Textbox(
                label="Name of the voice", max_length=80, elem_id="keep-name", info="The sentence becomes its transcript."
            )
            with gr.Row():
                self.save = gr.Button("Save this voice", variant="primary", elem_id="keep-save")
                self.close = gr.Button("Close")

    def wire(self, view: JobView) -> None:
        """Connect it to the view whose list of sentences it stands under."""
        self._view = view
        view.detail.click(self._asked, None, [self.group, self._segment], **QUIET)
        self.save.click(self._saved, [view.current, self._segment, self.name], [self.group, self.name], **QUIET)
        self.close.click(lambda: gr.update(visible=False), None, self.group, **QUIET)

    def _asked(self, event: gr.EventData) -> list[Any]:
        data = clicked(event)
        if data.get("act") != ACT:
            return [gr.skip(), gr.skip()]
        return [gr.update(visible=True), data.get("segment", "")]

    @with_error_toast
    def _saved(self, current: str, segment: str, name: str) -> list[Any]:
        job = self._view.job(current) or next(iter(self._studio.jobs.list(kinds=("voiceover",), limit=1)), None)
        if job is None:
            raise InvalidInput("narration.sentence-gone")
        voice = self._narrations.keep_voice(job, segment, name)
        notice(f"{voice.name} is saved.")
        return [gr.update(visible=False), ""]
