"""Actions on the sentences of a narration: render again, use another take, edit, save the voice."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.rewriting.capability import RewriteScript
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from studio.errors import InvalidInput
from studio.jobs.model import Job
from studio.library import Library
from studio.services import Services
from tabs.common.jobs.job_view import JobView
from tabs.common.notices.notices import notice
from tabs.common.texts.new_texts import NewText, NewTexts
from tabs.common.wiring import QUIET, Updates, clicked, with_error_toast
from tabs.voiceover.batch_result import batch_view
from tabs.voiceover.rewriting.proposals import Proposals
from tabs.voiceover.segments_list import first_unfinished_page, segments_list
from tabs.voiceover.transcript_result import transcript_view


class Sentences:
    """Draws the result of a job of the tab, and handles the buttons in its rows.

    A row's form names its job, so an edit applies to that narration even if another one is in front by then.
    """

    def __init__(self, studio: Services, narrations: Voiceover, texts: NewTexts) -> None:
        self._studio, self._narrations, self._texts = studio, narrations, texts
        self.proposals = Proposals(texts)

    def draw(self, job: Job, page: int | None) -> str:
        """Return the HTML of a page of sentences, of a batch or of a transcript; None stands for the page with unfinished
        sentences."""
        library: Library = self._studio.library
        if job.kind == "voiceover_batch":
            return batch_view(job, library)
        if job.kind == RewriteScript.kind:
            return self.proposals.draw(job)
        if job.kind != "voiceover":
            return transcript_view(job, library)
        views = self._narrations.segments_of(job)
        chosen = first_unfinished_page(views) if page is None else page
        voices = self._narrations.voices_of(job)
        return segments_list(views, chosen, job=job.id, editable=job.state.ended, voices=voices)

    def wire(self, view: JobView) -> None:
        """Connect the view that shows the result of `draw`."""
        self._view = view
        self.proposals.wire(view)
        view.detail.click(self._clicked, view.looked_at, [self._texts.piece, *view.shown], **QUIET)

    @with_error_toast
    def _clicked(self, current: str, seen: Any, page: int | None, event: gr.EventData) -> Updates:
        data = clicked(event)
        act, segment = data.get("act"), data.get("segment", "")
        if act == "page":
            return self._view.turn(current, seen, int(data.get("page", "0")))
        if act not in ("again", "take", "edited", "keep-voice", "pronounce"):
            return gr.skip()
        job = self._view.job(data.get("job", ""))
        if job is None:
            raise InvalidInput("narration.sentence-gone")
        if act == "keep-voice":
            notice(f"{self._narrations.keep_voice(job, segment, data.get('text', '')).name} is saved.")
            return gr.skip()
        spec = VoiceoverSpec(**job.spec)
        if act == "edited":
            return self._edited(job, spec, segment, data.get("text", ""))
        if act == "pronounce":
            changed = self._narrations.with_present_sayings(spec)
        elif act == "again":
            changed = self._narrations.with_new_take(spec, segment)
        else:
            changed = self._narrations.with_picked_take(spec, segment, int(data.get("seed", "0")))
        return self._view.focus(self._view.submit("voiceover", changed.model_dump()))

    def _edited(self, job: Job, spec: VoiceoverSpec, segment: str, text: str) -> Updates:
        """Render an edited sentence. The script box is updated only if it contains the script of that narration."""
        changed = self._narrations.with_edited_text(spec, segment, text)
        focused = self._view.focus(self._view.submit("voiceover", changed.model_dump()))
        words = NewText("script", changed.script, f"The script of “{job.title}”", instead_of=spec.script)
        return {self._texts.piece: self._texts.give(words), **focused}
