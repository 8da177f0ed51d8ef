"""Rewriting and translation of the script by the language model, below the script. Nothing is replaced without consent."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.rewriting.capability import RewriteScript
from studio.changes.stamps import Topic
from studio.errors import GreenroomError
from studio.language.status import NONE
from studio.services import Services
from tabs.common.counts import counts_line
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView
from tabs.common.lists.live_lists import LiveList
from tabs.common.readiness.setup_offer import problem_with_offer, setup_offer
from tabs.common.wiring import QUIET, Updates, Values

LANGUAGES = [
    "Arabic", "Brazilian Portuguese", "Chinese", "Dutch", "English", "French", "German", "Hindi", "Italian", "Japanese", "Korean",
    "Polish", "Portuguese", "Russian", "Spanish", "Turkish", "Ukrainian",
]  # fmt: skip


class RewritingPanel:
    """Two buttons and a note on the model; the job view shows the proposals."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        able = studio.language.status().source != NONE
        with gr.Accordion("Rewrite or translate", open=False, elem_id="rewriting"):
            self.note = html_piece(self.told(), elem_id="rewriting-note")
            with gr.Row():
                self.ear = gr.Button("Rewrite for the ear", elem_id="rewrite-ear", min_width=160, interactive=able)
                self.language = gr.Dropdown(
                    LANGUAGES, value="German", label="Into", allow_custom_value=True, elem_id="rewrite-language", min_width=160
                )
                self.translate = gr.Button("Translate", elem_id="rewrite-translate", min_width=120, interactive=able)

    def wire(self, view: JobView, script: gr.Textbox, trouble: gr.HTML) -> None:
        """Connect the buttons.

        Args:
            view: shows the job and its proposals.
            trouble: shows errors.
        """
        self._view, self._script, self._trouble = view, script, trouble
        asked: set[Any] = {script, self.language}
        self.ear.click(lambda values: self._submitted(values, "ear"), asked, [trouble, *view.shown], **QUIET)
        self.translate.click(lambda values: self._submitted(values, "translate"), asked, [trouble, *view.shown], **QUIET)

    def told(self) -> str:
        """Return which model answers and where the text is sent; without a model, why not, with a button that sets one up."""
        status = self._studio.language.status()
        if status.source == NONE:
            offer = setup_offer(self._studio, status.set_up) if status.set_up else ""
            return counts_line([status.sentence, status.next_step]) + offer
        return counts_line([f"By {status.sentence} Each sentence is shown with its change first."])

    @property
    def live(self) -> LiveList:
        """The note, which depends on the model in use."""
        return LiveList((Topic.ENGINES, Topic.JOBS), (), (self.note, self.ear, self.translate), lambda values: self._refreshed())

    def _refreshed(self) -> Updates:
        able = gr.update(interactive=self._studio.language.status().source != NONE)
        return {self.note: self.told(), self.ear: able, self.translate: able}

    def _submitted(self, values: Values, task: str) -> Updates:
        spec: dict[str, Any] = {"script": values[self._script] or "", "task": task}
        if task == "translate":
            spec["language"] = values[self.language] or ""
        try:
            job = self._view.submit(RewriteScript.kind, spec)
        except GreenroomError as error:
            return {self._trouble: problem_with_offer(self._studio, error)}
        return {self._trouble: "", **self._view.focus(job)}
