"""The Voiceover tab: narrations of scripts, batches of lines, voices, and transcription."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import gradio as gr

from capabilities.setup.set_up_engine import sample_spec
from capabilities.voiceover.batch.capability import count_of_lines
from capabilities.voiceover.capability import Voiceover
from studio.changes.stamps import Topic
from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.fit import memory_fit
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView, build_job_bar
from tabs.common.kept_form import KeptForm, named_options
from tabs.common.lists.live_lists import LiveList
from tabs.common.lists.voice_choices import AUTO
from tabs.common.readiness.first_run import FirstRunCard
from tabs.common.readiness.setup_offer import problem_with_offer
from tabs.common.texts.new_texts import NewText, NewTexts, build_earlier
from tabs.common.wiring import (
    QUIET,
    Updates,
    Values,
    clear_when_changed,
    clicked,
    settings_elsewhere,
    with_error_toast,
)
from tabs.voiceover.cast_pickers import JUST_TEXT, MOST_SPEAKERS
from tabs.voiceover.form import VoiceoverForm
from tabs.voiceover.rewriting.panel import RewritingPanel
from tabs.voiceover.script_counts import counts, lines_counted
from tabs.voiceover.sentences import Sentences
from tabs.voiceover.sound_settings import NARRATION_ALONE
from tabs.voiceover.transcribe_panel import TranscribePanel
from tabs.voiceover.voices_panel import VoicesPanel

TAB = "Voiceover"
PLACEHOLDER = "Write or paste what should be heard.\n\n# A chapter\nAnna: a line for one speaker.\n[pause 1.5s]"


class VoiceoverTab:
    """Draws the tab and connects it. Handlers call the studio and show the answer; the work is done elsewhere."""

    def __init__(self, studio: Services, narrations: Voiceover, secret: str, texts: NewTexts) -> None:
        self._studio, self._narrations, self._texts = studio, narrations, texts
        self.sentences = Sentences(studio, narrations, texts)
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self._build_input(secret)
                bar = self._build_bar()
            with gr.Column(scale=5, min_width=340):
                self.first_run = FirstRunCard(studio)
                self.view = JobView(
                    studio, studio.kinds_of_tab(TAB), storage_key="greenroom.voiceover", secret=secret, bar=bar,
                    detail=self.sentences.draw,
                )  # fmt: skip

        write = self.transcribe
        asked = {"transcribe.engine": write.engine, "transcribe.language": write.language, "transcribe.sound": write.sound}
        self.kept = KeptForm(studio, "voiceover", secret, {**self.form.kept, **asked, **named_options(write.options)})

    def _build_input(self, secret: str) -> None:
        with gr.Tabs(elem_id="inner-tabs", overflow_behavior="wrap") as self.inner_tabs:
            with gr.Tab("Script", id="script") as self.script_tab:
                self.script = gr.Textbox(label="Script", lines=14, max_lines=28, elem_id="script", placeholder=PLACEHOLDER)
                build_earlier("script")
                self.rewriting = RewritingPanel(self._studio)
            with gr.Tab("Batch", id="batch") as self.batch_tab:
                self.lines = gr.Textbox(
                    label="Lines",
                    lines=12,
                    max_lines=28,
                    elem_id="lines",
                    info="One line is one file; all of them come in one ZIP, named by line.",
                )
                build_earlier("lines")
            with gr.Tab("Voices", id="voices") as self.voices_tab:
                self.voices = VoicesPanel(self._studio)
            with gr.Tab("Transcribe", id="transcribe") as self.transcribe_tab:
                self.transcribe = TranscribePanel(self._studio)
        with gr.Column(elem_classes="flush") as self.settings_column:
            self.form = VoiceoverForm(self._studio, self._narrations, secret)

    def _build_bar(self) -> gr.HTML:
        """Build the bar that is always visible: error, estimate, the job in front, and the buttons."""
        with gr.Column(elem_classes="dock") as self.bar:
            self.trouble = html_piece(elem_id="trouble", live=True)
            brief = build_job_bar()
            self.counts = html_piece(counts(None), elem_id="counts")
            self.lines_counts = html_piece(lines_counted(""), elem_id="lines-counts", visible=False)
            with gr.Row(elem_classes="buttons"):
                self.go = gr.Button("Generate", variant="primary", scale=3, elem_id="go")
                self.batch_go = gr.Button("Generate all lines", variant="primary", scale=3, elem_id="batch-go", visible=False)
                self.transcribe_go = gr.Button("Transcribe", variant="primary", scale=3, elem_id="transcribe-go", visible=False)
                self.stop = gr.Button("Stop", scale=1, elem_id="stop")
        return brief

    def wire(self) -> None:
        """Connect every event of the tab."""
        view, form = self.view, self.form
        mended = {self.script, self.lines, *form.shown, *self.transcribe.inputs}
        clear_when_changed(mended, self.trouble)
        view.wire()
        self.first_run.wire()
        self.sentences.wire(view)
        self._wire_script()
        self._wire_form()
        form.pronunciations.wire()
        self.rewriting.wire(view, self.script, self.trouble)
        self.voices.next.click(self._hear_voice, None, [self.voices.next, *view.shown], **QUIET)
        self.transcribe.wire(view, self.transcribe_go, self.trouble, self._texts, self.inner_tabs)
        self.go.click(self._generate, {self.script, *form.inputs}, [self.trouble, *view.shown], **QUIET)
        self.batch_go.click(self._generate_batch, {self.lines, *form.inputs}, [self.trouble, *view.shown], **QUIET)
        self.stop.click(view.stop, view.looked_at, [view.current, *view.painted], **QUIET)
        restored = [self.trouble, self._texts.piece, self.inner_tabs, form.cast.wishes, *form.inputs, *form.cast.more.drawn]
        view.outputs.click(self._use_settings, form.cast.speakers, restored, **QUIET)

    @property
    def live(self) -> list[LiveList]:
        """The lists of this tab. A change of voices or engines clears the error."""
        mended = LiveList((Topic.VOICES, Topic.ENGINES), (), (self.trouble,), lambda values: {self.trouble: ""})
        return [*self.form.live, self.voices.live, self.transcribe.live, self.rewriting.live, mended]

    # -- the script box

    def _wire_script(self) -> None:
        form = self.form
        cast = form.cast
        seen = [self.counts, form.replace_unsayable, cast.speakers, cast.accordion, *cast.pickers, *cast.more.drawn]
        looked = [self.script, form.voice, form.engine, cast.speakers, cast.wishes, form.replace_unsayable, form.sound.verse]
        gr.on(
            [self.script.change, form.voice.input, form.engine.input, form.replace_unsayable.input, form.sound.verse.input],
            self._count, looked, seen, trigger_mode="always_last", **QUIET,
        )  # fmt: skip
        self.lines.change(lines_counted, self.lines, self.lines_counts, trigger_mode="always_last", **QUIET)
        cast.more.wire()
        gr.on([one.input for one in cast.pickers], cast.wished, {*cast.inputs, cast.wishes}, cast.wishes, **QUIET)
        tabs = {"script": self.script_tab, "batch": self.batch_tab, "voices": self.voices_tab, "transcribe": self.transcribe_tab}
        for name, tab in tabs.items():
            controls = self._controls(name)
            js = f"() => greenroom.voiceoverSection({json.dumps(name)}, {json.dumps(list(controls.values()))})"
            tab.select(None, None, [self.trouble, *controls], js=js, **QUIET)

    def _controls(self, section: str) -> dict[Any, bool]:
        """Return which controls a section shows. The browser applies it, because it knows the order of the choices."""
        script, batch, transcribe = (section == one for one in ("script", "batch", "transcribe"))
        return {
            self.settings_column: script or batch,
            self.bar: script or batch or transcribe,
            self.counts: script,
            self.lines_counts: batch,
            self.go: script,
            self.batch_go: batch,
            self.transcribe_go: transcribe,
            **dict.fromkeys(self.form.sound.narration_alone, script),
        }

    def _count(
        self, script: str, voice: str, engine: str, known: list[str], wishes: dict[str, str] | None, replaces: bool, verse: bool
    ) -> Updates:
        """Return updates for the line of counts and the pickers of the script's speakers."""
        form = self.form
        if not script.strip():
            return {self.counts: counts(None), **form.cast.hidden()}
        found = self._narrations.count(script, voice=voice or "", engine=engine, replace_unsayable=bool(replaces), verse=verse)
        fit = memory_fit(self._studio, self._studio.catalog.get(found.engine)) if found.engine else ""
        shown: Updates = {self.counts: counts(found, fit), form.replace_unsayable: gr.update(visible=bool(found.unsayable))}
        everybody = [*found.speakers, *found.possible_speakers]
        names = everybody[:MOST_SPEAKERS]
        if names == known and len(everybody) < MOST_SPEAKERS:
            return shown
        if names == known:
            return {**shown, form.cast.accordion: form.cast.headed(len(everybody))}
        pickers = form.cast.for_script(
            found.speakers, found.possible_speakers, engine, found.language, wishes or {}, narrated=found.narrated
        )
        return {**shown, form.cast.speakers: names, form.cast.accordion: form.cast.headed(len(everybody)), **pickers}

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
            return {self.trouble: problem_with_offer(self._studio, error)}
        return {self.trouble: "", **self.view.focus(job)}

    @with_error_toast
    def _hear_voice(self, event: gr.EventData) -> Updates:
        data = clicked(event)
        if data.get("act") != "hear-voice":
            return gr.skip()
        voice = data.get("voice", "")
        job = self.view.submit("voiceover", sample_spec(AUTO, voice, f"{voice}: a first sample"))
        return {self.voices.next: "", **self.view.focus(job)}

    # -- settings of an earlier result

    @with_error_toast
    def _use_settings(self, known: list[str] | None, event: gr.EventData) -> Updates:
        data = clicked(event)
        if data.get("act") != "use":
            return gr.skip()
        output = self._studio.library.get(data.get("output", ""))
        recipe = output.recipe
        spec = recipe.get("spec") or {}
        if recipe.get("kind") in self._studio.kinds_of_tab("Lip-sync"):  # the Lip-sync tab handles those
            return gr.skip()
        source = f"“{output.title or output.id}”"
        if "lines" in spec:
            title = "" if spec.get("title") == count_of_lines(spec["lines"]) else spec.get("title", "")
            restored = self.form.restored({**spec, "title": title}, {}, [])
            words = NewText("lines", "\n".join(spec["lines"]), f"The list of lines of {source}")
            section = "batch"
        elif "script" in spec:
            cast = spec.get("speakers") or {}
            text = spec.get("just_text") or ()
            named = self._narrations.count(spec["script"], speakers=cast, just_text=text).speakers
            wished = {**{name: cast.get(name, "") for name in named}, **dict.fromkeys(text, JUST_TEXT)}
            restored = self.form.restored(spec, wished, known or [])
            words = NewText("script", spec["script"], f"The script of {source}")
            section = "script"
        else:
            raise settings_elsewhere(self._studio, recipe.get("kind", ""))
        shown = {self.trouble: "", self.inner_tabs: gr.Tabs(selected=section), self._texts.piece: self._texts.give(words)}
        return {**shown, **restored}
