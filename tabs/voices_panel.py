"""Voices: listen, add by upload or recording, mend, export, import, delete."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import GreenroomError, InvalidInput
from studio.studio import Studio
from studio.voices.model import Judgement, Voice, Window
from tabs.html import about, audition, button, chip, html_piece, icon, piece
from tabs.wiring import QUIET, clicked, problem, toasted, voice_export_url, voice_url

CONSENT_HELP = "Who agreed to the use of this voice, how and when. It is kept with the voice and exported with it."


def voices_list(voices: list[Voice]) -> str:
    """HTML of all saved voices."""
    if not voices:
        return piece('<div class="empty">No saved voices yet. Upload or record 3 to 30 seconds of one person speaking.</div>')
    rows = "".join(map(_row, voices))
    return piece(
        f'<section class="panel" aria-label="Saved voices"><h3>Saved voices</h3><div class="list">{rows}</div></section>'
    )


def findings_list(judgement: Judgement) -> str:
    """HTML of what was found in a clip; good news is said too."""
    lines = "".join(
        f'<li class="{finding.severity.value}"><span>{escape(finding.sentence)} {escape(finding.advice)}</span></li>'
        for finding in judgement.findings
    )
    good = "" if judgement.findings else "<li><span>Clear and level: nothing to mend.</span></li>"
    verdict = chip("ready", "can be saved") if judgement.ok else chip("broken", "not yet")
    return piece(
        '<section class="panel" aria-label="What was found in the clip">'
        f'<div class="row spread"><h3>{judgement.duration:.1f} s, {judgement.rate:,} Hz</h3>{verdict}</div>'
        f'<ul class="findings">{lines}{good}</ul></section>'
    )


def _row(voice: Voice) -> str:
    name = escape(voice.name)
    if voice.damage:
        return (
            f'<div class="item"><span></span><div><b>{name}</b> {chip("broken", "damaged")}<br>'
            f'<small>{escape(voice.damage)}</small></div><div class="actions">{_delete(voice)}</div></div>'
        )
    words = {"none": "no transcript", "given": "transcript given", "made": "transcript made", "edited": "transcript edited"}
    facts = [f"{voice.duration:.1f} s", words.get(voice.transcript_status, "transcript failed"), *voice.tags]
    if voice.built_in:
        facts.append("comes with the studio")
    actions = "" if voice.built_in else button("edit", f"Edit {voice.name}", "edit", voice=voice.name) + _delete(voice)
    export = (
        f'<a class="act plain" href="{escape(voice_export_url(voice.name))}" download aria-label="Export {name}" '
        f'title="Export {name}">{icon("download")}</a>'
    )
    return (
        f'<div class="item">{audition(voice_url(voice.name), f"Play {voice.name}")}'
        f"<div><b>{name}</b><br><small>{escape(' · '.join(facts))}</small></div>"
        f'<div class="actions">{export}{actions}</div></div>'
    )


def _delete(voice: Voice) -> str:
    sure = f"Delete the voice {voice.name} and its files?"
    return button("delete", f"Delete {voice.name}", "trash", style="plain danger", voice=voice.name, confirm=sure)


@dataclass(frozen=True)
class VoicesPanel:
    """The parts other tabs listen to: `changed` counts up whenever the set of voices may have changed."""

    changed: gr.State


def build_voices_panel(studio: Studio) -> VoicesPanel:
    """Draw and wire the panel inside the present layout."""
    changed = gr.State(0)
    listing = html_piece(lambda: voices_list(studio.voices.list()), elem_id="voices")
    with gr.Accordion("New voice", open=False, elem_id="new-voice"):
        clip = gr.Audio(
            sources=["upload", "microphone"], type="filepath", label="Clip of one person speaking", elem_id="voice-clip"
        )
        findings = html_piece(elem_id="findings", live=True)
        name = gr.Textbox(label="Name", max_length=80, elem_id="voice-name", info="As you will pick it. Compared exactly.")
        transcript = gr.Textbox(label="What is said in the clip", lines=2, info="Word for word; engines that clone need it.")
        with gr.Row():
            tags = gr.Textbox(label="Tags", placeholder="warm, narrator", info="Separated by commas.")
            consent = gr.Textbox(label="Consent", info=CONSENT_HELP)
        window = gr.State(None)
        trouble = html_piece(elem_id="voice-trouble", live=True)
        with gr.Row():
            save = gr.Button("Save voice", variant="primary", elem_id="save-voice")
            use_window = gr.Button("Save the best part", visible=False, elem_id="save-window")
    with gr.Accordion("Import a voice", open=False):
        package = gr.File(label="A file exported from a Greenroom studio", file_types=[".greenroom-voice"], type="filepath")
    edit = _EditForm()

    fields = [clip, name, transcript, tags, consent]
    saved = [listing, trouble, clip, name, transcript, tags, consent, findings, use_window, changed]

    def judge(path: str | None) -> list[Any]:
        if not path:
            return ["", None, gr.update(visible=False), ""]
        try:
            verdict = studio.voices.judge(Path(path))
        except GreenroomError as error:
            return ["", None, gr.update(visible=False), problem(error)]
        best = verdict.best_window
        label = "" if best is None else f"Save the best {about(best[1] - best[0])} ({best[0]:.1f} s to {best[1]:.1f} s)"
        return [findings_list(verdict), best, gr.update(visible=best is not None, value=label), ""]

    def add(path: str | None, called: str, said: str, tagged: str, agreed: str, part: Window | None, count: int) -> list[Any]:
        try:
            if not path:
                raise InvalidInput("There is no clip yet.", "Upload a file or record one.")
            labels = tuple(label.strip() for label in tagged.split(",") if label.strip())
            studio.voices.add(called, Path(path), transcript=said, tags=labels, consent=agreed, window=part)
        except GreenroomError as error:
            return [gr.skip(), problem(error), *[gr.skip()] * 7, gr.skip()]
        empty = ["", None, "", "", "", "", "", gr.update(visible=False)]
        return [voices_list(studio.voices.list()), *empty, count + 1]

    def add_whole(*values: Any) -> list[Any]:
        return add(*values[:5], None, values[5])

    clip.change(judge, clip, [findings, window, use_window, trouble], **QUIET)
    save.click(add_whole, [*fields, changed], saved, **QUIET)
    use_window.click(add, [*fields, window, changed], saved, **QUIET)

    @toasted
    def take_in(path: str | None, count: int) -> list[Any]:
        if not path:
            return [gr.skip()] * 3
        voice = studio.voices.import_file(Path(path))
        gr.Info(f"{voice.name} is saved.")
        return [voices_list(studio.voices.list()), None, count + 1]

    package.upload(take_in, [package, changed], [listing, package, changed], **QUIET)
    _wire_actions(studio, listing, edit, changed)
    return VoicesPanel(changed)


class _EditForm:
    """Fields that change a saved voice; hidden until one is picked."""

    def __init__(self) -> None:
        self.voice = gr.State("")
        with gr.Group(visible=False) as self.group:
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
        return [self.name, self.transcript, self.tags, self.notes, self.consent]


def _wire_actions(studio: Studio, listing: gr.HTML, edit: _EditForm, changed: gr.State) -> None:
    opened = [edit.group, edit.voice, *edit.fields]

    @toasted
    def act(count: int, event: gr.EventData) -> list[Any]:
        data = clicked(event)
        voice = data.get("voice", "")
        nothing: list[Any] = [gr.skip()] * len(opened)
        if data.get("act") == "delete":
            studio.voices.delete(voice)
            return [voices_list(studio.voices.list()), count + 1, *nothing]
        if data.get("act") == "edit":
            found = studio.voices.get(voice)
            values = [found.name, found.transcript, ", ".join(found.tags), found.notes, found.consent]
            return [gr.skip(), gr.skip(), gr.update(visible=True), found.name, *values]
        return [gr.skip(), gr.skip(), *nothing]

    @toasted
    def change(voice: str, name: str, transcript: str, tags: str, notes: str, consent: str, count: int) -> list[Any]:
        labels = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
        studio.voices.update(voice, name=name, transcript=transcript, tags=labels, notes=notes, consent=consent)
        return [voices_list(studio.voices.list()), gr.update(visible=False), count + 1]

    listing.click(act, changed, [listing, changed, *opened], **QUIET)
    edit.save.click(change, [edit.voice, *edit.fields, changed], [listing, edit.group, changed], **QUIET)
    edit.close.click(lambda: gr.update(visible=False), None, edit.group, **QUIET)
