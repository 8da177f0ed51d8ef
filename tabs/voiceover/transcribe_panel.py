"""The section Transcribe: text, subtitles and timed words of a file or a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from engines.contract import EngineKind
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, InvalidInput
from studio.services import Services
from tabs.common.audio_upload import build_sound_upload
from tabs.common.counts import counts_line
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.option_controls import OptionControls, all_components, build_controls, chosen_options
from tabs.common.readiness.engine_needs import licence_of_use
from tabs.common.readiness.setup_offer import problem_with_offer, setup_offer
from tabs.common.texts.new_texts import NewText, NewTexts
from tabs.common.wiring import QUIET, Updates, Values, clicked, with_error_toast

AUTO = "auto"


class TranscribePanel:
    """The section's own controls; `wire` connects them to the tab's view of jobs and to its script box."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.sound = build_sound_upload("Sound to write down", "transcribe-sound", buttons=["download"])
        with gr.Row():
            with gr.Column(min_width=220):
                self.engine = LiveDropdown(self.engine_choices(), value=AUTO, label="Engine", elem_id="transcribe-engine")
                self.note = html_piece(self.engine_text(AUTO), elem_id="transcribe-note")
            self.language = gr.Textbox(
                AUTO,
                label="Language",
                info="auto, or a tag such as en, de, pt",
                max_length=12,
                min_width=160,
                elem_id="transcribe-language",
            )
        listening = [engine for engine in studio.catalog.of(EngineKind.TRANSCRIPTION) if engine.Options.model_fields]
        self.options: list[OptionControls] = [build_controls(engine, visible=False) for engine in listening]

    def wire(self, view: JobView, go: gr.Button, trouble: gr.HTML, texts: NewTexts, tabs: gr.Tabs) -> None:
        """Connect every event of the section.

        Args:
            view: shows the job and its result.
            go, trouble: the button, and the component for errors.
            texts: puts the text into the script box on "Use as script"; `tabs` then shows the tab with the id "script".
        """
        self._view, self.trouble, self._texts = view, trouble, texts
        groups = [made.group for made in self.options]
        self.engine.change(self._engine_chosen, self.engine, [self.note, *groups], **QUIET)
        go.click(self._transcribe, self.inputs, [self.trouble, *view.shown], **QUIET)
        view.detail.click(self._as_script, None, [texts.piece, tabs], **QUIET)

    @property
    def inputs(self) -> set[Any]:
        """The components from which a job is made."""
        return {self.sound, self.engine, self.language, *all_components(self.options)}

    def engine_choices(self) -> list[tuple[str, str]]:
        rows = self._studio.engines.statuses(EngineKind.TRANSCRIPTION)
        named = ((row.card.title if row.ready else f"{row.card.title} · not ready", row.card.id) for row in rows)
        return [("Automatic", AUTO), *named]

    def engine_text(self, engine_id: str) -> str:
        """Return the HTML of the note on the chosen engine: summary, licence, readiness, and what is missing."""
        if engine_id == AUTO:
            return counts_line(["Takes the best recogniser that is ready, and says which."])
        row = self._studio.engines.status(engine_id)
        state = f" {row.readiness} {row.next_step}" if not row.ready or row.card.hub_files else ""
        return counts_line([f"{row.card.summary} {licence_of_use(row.card)}{state}"]) + setup_offer(self._studio, engine_id)

    @property
    def live(self) -> LiveList:
        """The list of engines."""

        def refreshed(values: Values) -> Updates:
            note = self.engine_text(values[self.engine])
            told = {} if note == values[self.note] else {self.note: note}  # another engine may have been chosen since
            return {self.engine: gr.update(choices=self.engine_choices()), **told}

        return LiveList((Topic.ENGINES, Topic.JOBS), (self.engine, self.note), (self.engine, self.note), refreshed)

    @with_error_toast
    def _engine_chosen(self, engine: str) -> list[Any]:
        return [self.engine_text(engine), *(gr.update(visible=made.engine_id == engine) for made in self.options)]

    def _transcribe(self, values: Values) -> Updates:
        engine, language = values[self.engine], (values[self.language] or AUTO).strip()
        try:
            if not values[self.sound]:
                raise InvalidInput("transcription.no-sound-yet")
            options = chosen_options(self.options, engine, values)
            spec = {"audio": values[self.sound], "engine": engine, "language": language, "options": options}
            job = self._view.submit("transcription", spec)
        except GreenroomError as error:
            return {self.trouble: problem_with_offer(self._studio, error)}
        return {self.trouble: "", **self._view.focus(job)}

    @with_error_toast
    def _as_script(self, event: gr.EventData) -> list[Any]:
        data = clicked(event)
        if data.get("act") != "script":
            return [gr.skip(), gr.skip()]
        job = self._view.job(data.get("job", ""))
        text = next((Path(output.path) for output in job.outputs if output.kind == "text"), None) if job else None
        if text is None or not text.is_file():
            raise InvalidInput("transcription.gone")
        words = NewText(
            "script", text.read_text("utf-8").strip(), f"The transcript of “{job.title}”" if job else "The transcript"
        )
        return [self._texts.give(words), gr.Tabs(selected="script")]
