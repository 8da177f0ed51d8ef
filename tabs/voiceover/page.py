"""The Voiceover tab: a script in, a finished narration out; batches of lines; the voices themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from capabilities.voiceover.batch.capability import count_of_lines
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.estimate import ScriptEstimate
from capabilities.voiceover.spec import VoiceoverSpec
from studio.errors import GreenroomError, InvalidInput
from studio.jobs.model import Job
from studio.services import Services
from tabs.common.counts import Figure, counts_line
from tabs.common.fit import memory_fit, spread_in_words
from tabs.common.formats import about, many
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView
from tabs.common.lists.live_lists import LiveList
from tabs.common.wiring import QUIET, Updates, Values, clicked, problem, settings_elsewhere, with_error_toast
from tabs.voiceover.batch_result import batch_view
from tabs.voiceover.form import EXAMPLE, MOST_SPEAKERS, VoiceoverForm
from tabs.voiceover.keep_voice import KeepVoice
from tabs.voiceover.segments_list import first_unfinished_page, segments_list
from tabs.voiceover.transcribe_panel import TranscribePanel
from tabs.voiceover.transcript_result import transcript_view
from tabs.voiceover.voices_panel import VoicesPanel

TAB = "Voiceover"
PLACEHOLDER = "Write or paste what should be heard.\n\n# A chapter\nAnna: a line for one speaker.\n[pause 1.5s]"
NARRATION_ALONE = ("speakers", "paragraph_pause", "scene_pause", "chapter_pause", "speak_chapters")
"""Fields of the form that a batch of single lines has no use for."""

LONGEST_DRAFT = 400_000
"""Characters of an unsent script that the browser keeps; local storage holds about five million."""


def counts(found: ScriptEstimate | None, fit: str = "") -> str:
    """HTML of the line under the script: what it holds, how long it will take, and whether the engine fits into memory."""
    if found is None or not found.words:
        return counts_line(["Write or paste a script, or try the example."])
    held = [many(found.characters, "character"), many(found.words, "word"), many(found.chunks, "sentence")]
    held += [many(len(found.speakers), "speaker")] if found.speakers else []
    held += [many(found.chapters, "chapter")] if found.chapters else []
    ready = "not measured yet"
    if found.seconds_to_render is not None:
        ready = spread_in_words(found.seconds_to_render, found.low, found.high, found.runs)
    parts: list[Figure | str] = [Figure(number, after=f" {word}") for number, word in (part.split(" ", 1) for part in held)]
    parts += [Figure(about(found.seconds_of_speech), " of speech", "about "), Figure(ready, before="to render: ")]
    return counts_line([*parts, fit] if fit else parts, found.problem)


class VoiceoverTab:
    """Draws the tab and connects it. No work is done here: every handler asks the studio and paints its answer."""

    def __init__(self, studio: Services, narrations: Voiceover, secret: str) -> None:
        self._studio = studio
        self._narrations = narrations
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self._build_input(secret)
            with gr.Column(scale=5, min_width=340):
                self.view = JobView(
                    studio, studio.kinds_of_tab(TAB), storage_key="greenroom.voiceover", secret=secret,
                    detail=self._sentences, beneath=self._build_edit,
                )  # fmt: skip

    def _build_input(self, secret: str) -> None:
        with gr.Tabs(elem_id="inner-tabs") as self.inner_tabs:
            with gr.Tab("Script", id="script") as self.script_tab:
                self.script = gr.Textbox(
                    label="Script",
                    lines=14,
                    max_lines=28,
                    elem_id="script",
                    placeholder=PLACEHOLDER,
                )
                self.counts = html_piece(counts(None), elem_id="counts")
                self.example = gr.Button("Try the example", size="sm", elem_id="example")
            with gr.Tab("Batch", id="batch") as self.batch_tab:
                self.lines = gr.Textbox(
                    label="Lines",
                    lines=12,
                    max_lines=28,
                    elem_id="lines",
                    info="One line is one file; all of them come in one ZIP, named by line.",
                )
                self.batch_go = gr.Button("Generate all lines", variant="primary", elem_id="batch-go")
            with gr.Tab("Voices") as self.voices_tab:
                self.voices = VoicesPanel(self._studio)
            with gr.Tab("Transcribe", id="transcribe") as self.transcribe_tab:
                self.transcribe = TranscribePanel(self._studio)
        with gr.Column(elem_classes="flush") as self.settings_column:
            self.form = VoiceoverForm(self._studio, self._narrations)
        self.trouble = html_piece(elem_id="trouble", live=True)
        with gr.Row() as self.buttons:
            self.go = gr.Button("Generate", variant="primary", scale=3, elem_id="go")
            self.stop = gr.Button("Stop", scale=1, elem_id="stop")
        self.draft = gr.BrowserState("", storage_key="greenroom.draft", secret=secret)

    def _build_edit(self) -> None:
        self.editing = gr.State("")
        with gr.Group(visible=False, elem_id="edit-sentence") as self.edit_group:
            self.edit_text = gr.Textbox(label="This sentence", lines=3, elem_id="edit-text")
            with gr.Row():
                self.edit_save = gr.Button("Render this sentence", variant="primary", elem_id="edit-save")
                self.edit_close = gr.Button("Close")
        self.keep_voice = KeepVoice(self._studio, self._narrations)

    def wire(self, page: gr.Blocks) -> None:
        """Connect every event of the tab."""
        self.view.wire()
        self._wire_script(page)
        self._wire_form()
        self.transcribe.wire(self.view, self.script, self.inner_tabs)
        self.keep_voice.wire(self.view)
        shown = self.view.shown
        self.go.click(self._generate, {self.script, *self.form.inputs}, [self.trouble, *shown], **QUIET)
        self.batch_go.click(self._generate_batch, {self.lines, *self.form.inputs}, [self.trouble, *shown], **QUIET)
        self.stop.click(self.view.stop, self.view.looked_at, [self.view.current, *self.view.painted], **QUIET)
        edit = [self.edit_group, self.edit_text, self.editing]
        self.view.detail.click(self._sentence_clicked, self.view.looked_at, [*edit, *shown], **QUIET)
        self.edit_save.click(
            self._edited, [self.view.current, self.editing, self.edit_text], [self.edit_group, self.script, *shown], **QUIET
        )
        self.edit_close.click(lambda: gr.update(visible=False), None, self.edit_group, **QUIET)
        restored = [self.trouble, self.script, self.lines, self.inner_tabs, self.form.cast, *self.form.inputs]
        self.view.outputs.click(self._use_settings, None, restored, **QUIET)

    @property
    def live(self) -> list[LiveList]:
        """The lists of this tab."""
        return [self.form.live, self.voices.live, self.transcribe.live]

    # -- the script box

    def _wire_script(self, page: gr.Blocks) -> None:
        form = self.form
        seen = [self.counts, self.example, form.speakers, form.cast, *form.roles, self.draft]
        looked = [self.script, form.voice, form.engine, form.speakers]
        self.script.change(self._count, looked, seen, trigger_mode="always_last", **QUIET)
        self.script.focus(None, None, self.trouble, js="() => ''", **QUIET)  # what was wrong is being mended
        self.example.click(lambda: EXAMPLE, None, self.script, **QUIET)
        page.load(lambda draft: draft or gr.skip(), self.draft, self.script, **QUIET)
        for tab in (self.script_tab, self.batch_tab, self.voices_tab, self.transcribe_tab):
            typing, form_shown = tab is self.script_tab, tab in (self.script_tab, self.batch_tab)
            tab.select(
                lambda form_shown=form_shown, typing=typing: [gr.update(visible=form_shown), gr.update(visible=typing)],
                None,
                [self.settings_column, self.buttons],
                **QUIET,
            )

    def _count(self, script: str, voice: str, engine: str, known: list[str]) -> Updates:
        """The counts line, and a role picker for each speaker that the script names."""
        form = self.form
        draft = {self.draft: script} if len(script) <= LONGEST_DRAFT else {}
        if not script.strip():
            hidden = gr.update(visible=False)
            empty: Updates = {
                self.counts: counts(None),
                self.example: gr.update(visible=True),
                form.speakers: [],
                form.cast: hidden,
            }
            return {**empty, **dict.fromkeys(form.roles, hidden), **draft}
        found = self._narrations.count(script, voice=voice or "", engine=engine)
        fit = memory_fit(self._studio, self._studio.catalog.get(found.engine)) if found.engine else ""
        # The example is offered only where it would not take the place of what is written.
        shown: Updates = {self.counts: counts(found, fit), self.example: gr.update(visible=script == EXAMPLE), **draft}
        names = list(found.speakers)[:MOST_SPEAKERS]
        if names == known:
            return shown
        roles = form.roles_for(names, engine, found.language, narrated=found.narrated)
        return {**shown, form.speakers: names, form.cast: gr.update(visible=bool(names)), **roles}

    # -- voice and engine

    def _wire_form(self) -> None:
        form = self.form
        groups = [made.group for made in form.options]
        form.engine.change(
            self._engine_chosen, [form.engine, form.voice], [form.voice, form.hear_piece, form.engine_note, *groups], **QUIET
        )
        form.voice.change(lambda voice: form.hear(voice), form.voice, form.hear_piece, **QUIET)

    @with_error_toast
    def _engine_chosen(self, engine: str, voice: str) -> list[Any]:
        choices = self.form.voice_choices(engine)
        kept = voice if voice in [value for _, value in choices] else ""
        visible = [gr.update(visible=made.engine_id == engine) for made in self.form.options]
        return [self.form.voice_update(engine, kept), self.form.hear(kept), self.form.engine_text(engine), *visible]

    # -- work

    def _generate(self, values: Values) -> Updates:
        return self._submitted("voiceover", lambda: {"script": values[self.script] or "", **self.form.spec(values)})

    def _generate_batch(self, values: Values) -> Updates:
        def spec() -> dict[str, Any]:
            kept = {name: value for name, value in self.form.spec(values).items() if name not in NARRATION_ALONE}
            return {"lines": (values[self.lines] or "").splitlines(), **kept}

        return self._submitted("voiceover_batch", spec)

    def _submitted(self, kind: str, spec: Callable[[], dict[str, Any]]) -> Updates:
        try:
            job = self.view.submit(kind, spec())
        except GreenroomError as error:
            return {self.trouble: problem(error)}
        return {self.trouble: "", **self.view.focus(job)}

    # -- sentences

    def _sentences(self, job: Job, page: int | None) -> str:
        if job.kind == "voiceover_batch":
            return batch_view(job, self._studio.library)
        if job.kind != "voiceover":
            return transcript_view(job, self._studio.library)
        views = self._narrations.segments_of(job)
        chosen = first_unfinished_page(views) if page is None else page
        return segments_list(views, chosen, editable=job.state.ended)

    @with_error_toast
    def _sentence_clicked(self, current: str, seen: Any, page: int | None, event: gr.EventData) -> Updates:
        data = clicked(event)
        act, segment = data.get("act"), data.get("segment", "")
        if act == "page":
            return self.view.turn(current, seen, int(data.get("page", "0")))
        if act not in ("again", "take", "edit"):
            return gr.skip()
        job = self.view.job(current) or self._newest()
        if act == "edit":
            text = next((view.text for view in self._narrations.segments_of(job) if view.id == segment), "")
            return {self.edit_group: gr.update(visible=True), self.edit_text: text, self.editing: segment}
        spec = VoiceoverSpec(**job.spec)
        if act == "again":
            changed = self._narrations.with_new_take(spec, segment)
        else:
            changed = self._narrations.with_picked_take(spec, segment, int(data.get("seed", "0")))
        return self.view.focus(self.view.submit("voiceover", changed.model_dump()))

    @with_error_toast
    def _edited(self, current: str, segment: str, text: str) -> Updates:
        job = self.view.job(current) or self._newest()
        spec = self._narrations.with_edited_text(VoiceoverSpec(**job.spec), segment, text)
        focused = self.view.focus(self.view.submit("voiceover", spec.model_dump()))
        return {self.edit_group: gr.update(visible=False), self.script: spec.script, **focused}

    def _newest(self) -> Job:
        jobs = self._studio.jobs.list(kinds=("voiceover",), limit=1)
        if not jobs:
            raise InvalidInput("narration.none-yet")
        return jobs[0]

    # -- settings of an earlier result

    @with_error_toast
    def _use_settings(self, event: gr.EventData) -> Updates:
        data = clicked(event)
        if data.get("act") != "use":
            return gr.skip()
        recipe = self._studio.library.get(data.get("output", "")).recipe
        spec = recipe.get("spec") or {}
        if recipe.get("kind") in self._studio.kinds_of_tab("Lip-sync"):  # the Lip-sync tab takes those
            return gr.skip()
        if "lines" in spec:
            title = "" if spec.get("title") == count_of_lines(spec["lines"]) else spec.get("title", "")
            restored = self.form.restored({**spec, "title": title}, [])
            shown = {self.trouble: "", self.inner_tabs: gr.Tabs(selected="batch"), self.form.cast: gr.update(visible=False)}
            return {**shown, self.lines: "\n".join(spec["lines"]), **restored}
        if "script" not in spec:
            raise settings_elsewhere(self._studio, recipe.get("kind", ""))
        script = spec["script"]
        names = list(self._narrations.count(script, speakers=spec.get("speakers")).speakers)[:MOST_SPEAKERS]
        return {
            self.trouble: "",
            self.script: script,
            self.inner_tabs: gr.Tabs(selected="script"),
            self.form.cast: gr.update(visible=bool(names)),
            **self.form.restored(spec, names),
        }
