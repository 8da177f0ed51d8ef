"""The section Voices: play, add by upload or recording, edit, export, import, delete."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.transcription.voice_transcript import submit_transcript_job
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, InvalidInput
from studio.library.copies import terms_of_file
from studio.services import Services
from studio.voices.model import ClipReport, TranscriptStatus, Voice, Window
from studio.voices.presets.nearest import nearest_to
from tabs.common.formats import about
from tabs.common.html import html_piece
from tabs.common.lists.live_lists import LiveList
from tabs.common.notices.notices import notice
from tabs.common.notices.undo import deleted_voice
from tabs.common.templating import render
from tabs.common.wiring import QUIET, Updates, Values, clicked, problem, voice_export_url, voice_url, with_error_toast
from tabs.voiceover.new_voice import CONSENT_HELP, NewVoiceForm, next_step

TRANSCRIPT_WORDS = {
    "none": "no transcript",
    "given": "transcript given",
    "draft": "transcript drafted: check it",
    "made": "transcript made",
    "edited": "transcript edited",
    "failed": "transcript failed",
}


@dataclass(frozen=True)
class _VoiceRow:
    """One saved voice as the list shows it; of a damaged one only the error."""

    voice: Voice
    url: str = ""
    export: str = ""
    facts: str = ""
    lacks_transcript: bool = False


def voices_list(voices: list[Voice]) -> str:
    """Return the HTML of all saved voices."""
    return render("voiceover/voices_list.html", rows=[_row(voice) for voice in voices])


def findings_list(report: ClipReport) -> str:
    """Return the HTML of the findings on a clip, including positive ones."""
    length = f"{report.duration:.1f} s, {report.rate:,} Hz"
    return render("voiceover/clip_findings.html", report=report, length=length)


def _row(voice: Voice) -> _VoiceRow:
    if voice.damage:
        return _VoiceRow(voice)
    facts = [f"{voice.duration:.1f} s", TRANSCRIPT_WORDS[voice.transcript_status], *voice.tags]
    if voice.built_in:
        facts.append("comes with the studio")
    lacks = voice.transcript_status in ("none", "failed", "draft")
    return _VoiceRow(voice, voice_url(voice.name), voice_export_url(voice.name), " · ".join(facts), lacks)


_UNASKED = gr.update(visible=False, value=False)


class VoicesPanel:
    """Draws the panel in the current context and connects it."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.listing = html_piece(lambda: voices_list(studio.voices.list()), elem_id="voices")
        self.new = NewVoiceForm()
        self.next = html_piece(elem_id="voice-next", live=True)
        with gr.Accordion("Import a voice", open=False):
            self.package = gr.File(
                label="A file exported from a Greenroom studio", file_types=[".greenroom-voice"], type="filepath",
                elem_id="voice-package",
            )  # fmt: skip
        self.edit = _EditForm()
        self._wire_new()
        self._wire_listing()

    def _wire_new(self) -> None:
        new = self.new
        told = [self.listing, self.next, new.trouble, *new.fields, new.mend, new.findings, new.save_window]
        judged = [new.findings, new.window, new.save_window, new.mend, new.trouble]
        new.clip.change(lambda clip: self._judge(clip, None), new.clip, judged, **QUIET)
        new.nearest.click(self._nearest, new.clip, [new.near, new.trouble], **QUIET)
        new.clip.change(lambda: "", None, new.near, **QUIET)
        new.mend.input(self._judge, [new.clip, new.mend], judged, **QUIET)
        inputs = {*new.fields, new.window, new.mend}
        new.save.click(lambda values: self._add(values, None), inputs, told, **QUIET)
        new.save_window.click(lambda values: self._add(values, values[new.window]), inputs, told, **QUIET)
        self.package.upload(self._import, self.package, [self.listing, self.package], **QUIET)

    def _wire_listing(self) -> None:
        edit = self.edit
        opened = [edit.group, edit.voice, edit.shown, *edit.fields]
        self.listing.click(self._row_clicked, None, [self.listing, *opened], **QUIET)
        inputs = {edit.voice, edit.shown, *edit.fields}
        edit.save.click(self._change, inputs, [self.listing, edit.group], **QUIET)
        edit.close.click(lambda: gr.update(visible=False), None, edit.group, **QUIET)

    @property
    def live(self) -> LiveList:
        """The list of saved voices, which other pages and background transcripts change."""
        return LiveList((Topic.VOICES,), (), (self.listing,), lambda values: {self.listing: self._list()})

    def _list(self) -> str:
        return voices_list(self._studio.voices.list())

    # -- a new voice

    def _judge(self, path: str | None, mend: bool | None) -> list[Any]:
        """Return updates with the findings on a clip; `mend` is None for a new clip, which is judged without corrections
        first."""
        hidden = gr.update(visible=False)
        if not path:
            return ["", None, hidden, _UNASKED, ""]
        try:
            verdict = self._studio.voices.judge(Path(path), mend=bool(mend))
        except GreenroomError as error:
            return ["", None, hidden, _UNASKED, problem(error)]
        best = verdict.best_window
        label = "" if best is None else f"Save the best {about(best[1] - best[0])} ({best[0]:.1f} s to {best[1]:.1f} s)"
        offered = gr.update(visible=True, value=bool(mend)) if mend is not None or verdict.mendable else _UNASKED
        return [findings_list(verdict), best, gr.update(visible=best is not None, value=label), offered, ""]

    def _nearest(self, path: str | None) -> list[Any]:
        """Return the preset voices that are most similar to the clip."""
        try:
            if not path:
                raise InvalidInput("voice.no-clip-yet")
            near = nearest_to(Path(path), self._studio.catalog, self._studio.site, self._studio.workers)
        except GreenroomError as error:
            return ["", problem(error)]
        rows = [(voice, voice_url(voice.name)) for voice in near]
        return [render("voiceover/nearest_voices.html", rows=rows), ""]

    def _add(self, values: Values, part: Window | None) -> Updates:
        new = self.new
        try:
            if not values[new.clip]:
                raise InvalidInput("voice.no-clip-yet")
            voice = self._studio.voices.add(
                values[new.name],
                Path(values[new.clip]),
                transcript=values[new.transcript],
                tags=_labels(values[new.tags]),
                consent=values[new.consent],
                window=(part[0], part[1]) if part else None,
                mend=bool(values[new.mend]),
                terms=terms_of_file(self._studio.library, Path(values[new.clip])),
            )
            if submit_transcript_job(self._studio.jobs, voice) is not None:
                notice(f"{voice.name} is saved; its transcript is being made.")
        except GreenroomError as error:
            return {new.trouble: problem(error)}
        emptied: Updates = {new.clip: None, **dict.fromkeys((new.name, new.transcript, new.tags, new.consent), "")}
        done = {new.trouble: "", new.findings: "", new.save_window: gr.update(visible=False), new.mend: _UNASKED}
        return {self.listing: self._list(), self.next: next_step(self._studio, voice.name), **emptied, **done}

    @with_error_toast
    def _import(self, path: str | None) -> Any:
        if not path:
            return gr.skip()
        voice = self._studio.voices.import_file(Path(path))
        submit_transcript_job(self._studio.jobs, voice)
        notice(f"{voice.name} is saved.")
        return [self._list(), None]

    # -- saved voices

    @with_error_toast
    def _row_clicked(self, event: gr.EventData) -> Updates:
        data = clicked(event)
        voice = data.get("voice", "")
        if data.get("act") == "delete":
            deleted_voice(self._studio.voices.delete(voice).name)
            return {self.listing: self._list()}
        if data.get("act") == "transcript":
            job = self._studio.jobs.submit("voice_transcript", {"voice": voice})
            notice(f"{job.title} is being made. It will stand in this list.")
        if data.get("act") == "edit":
            return self.edit.show(self._studio.voices.get(voice))
        return gr.skip()

    @with_error_toast
    def _change(self, values: Values) -> Updates:
        """Save the fields that were edited; others stay, because a transcript may have been made since the form was opened."""
        edit, before = self.edit, values[self.edit.shown] or {}
        old = self._studio.voices.get(values[edit.voice])
        name, transcript, tags, notes, consent = (
            None if values[field] == before.get(key) else values[field] for key, field in edit.by_key.items()
        )
        written = values[edit.transcript]
        looked_at = written.strip() and (transcript is not None or written == old.transcript)
        checked: TranscriptStatus | None = "edited" if old.transcript_status == "draft" and looked_at else None
        self._studio.voices.update(
            values[edit.voice],
            name=name,
            transcript=transcript,
            transcript_status=checked,
            tags=None if tags is None else _labels(tags),
            notes=notes,
            consent=consent,
        )
        hidden = gr.update(visible=False)
        return {self.listing: self._list(), edit.group: hidden}


def _labels(text: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in text.split(",") if label.strip())


class _EditForm:
    """The form that changes a saved voice; hidden until one is chosen."""

    def __init__(self) -> None:
        self.voice = gr.State("")
        self.shown = gr.State(None)
        """What stood in the fields when the form was opened."""
        with gr.Group(visible=False, elem_id="edit-voice") as self.group:
            self.name = gr.Textbox(label="Name", elem_id="edit-voice-name")
            self.transcript = gr.Textbox(label="What is said in the clip", lines=2)
            self.tags = gr.Textbox(label="Tags")
            self.notes = gr.Textbox(label="Notes", lines=2)
            self.consent = gr.Textbox(label="Consent", info=CONSENT_HELP)
            with gr.Row():
                self.save = gr.Button("Save changes", variant="primary")
                self.close = gr.Button("Close")

    @property
    def fields(self) -> list[Any]:
        return list(self.by_key.values())

    @property
    def by_key(self) -> dict[str, gr.Textbox]:
        return {
            "name": self.name, "transcript": self.transcript, "tags": self.tags, "notes": self.notes, "consent": self.consent,
        }  # fmt: skip

    def show(self, voice: Voice) -> Updates:
        """Return updates that open the form for a voice."""
        values = {
            "name": voice.name, "transcript": voice.transcript, "tags": ", ".join(voice.tags), "notes": voice.notes,
            "consent": voice.consent,
        }  # fmt: skip
        filled = {field: values[key] for key, field in self.by_key.items()}
        return {self.group: gr.update(visible=True), self.voice: voice.name, self.shown: values, **filled}
