"""The Text-to-Video tab: makes a clip from a text or a shot list."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.upscaling.capability import Upscale
from capabilities.video.capability import TextToVideo
from capabilities.video.checks import longest_part
from capabilities.video.engines import ClipSettings
from capabilities.video.shot_list_files import write_shot_lists
from capabilities.video.spec import ShotSpec
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, InvalidInput
from studio.services import Services
from tabs.common.counts import Figure, counts_line
from tabs.common.fit import memory_fit, time_in_words
from tabs.common.formats import about, many
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView, build_job_bar
from tabs.common.kept_form import KeptForm
from tabs.common.lists.live_lists import LiveList
from tabs.common.lists.voice_choices import AUTO
from tabs.common.notices.notices import notice
from tabs.common.option_controls import all_components
from tabs.common.readiness.setup_offer import problem_with_offer
from tabs.common.sources import Receiver
from tabs.common.texts.new_texts import NewText, NewTexts
from tabs.common.wiring import QUIET, Updates, Values, clear_when_changed, clicked, settings_elsewhere, with_error_toast
from tabs.text_to_video.form import (
    EXAMPLE,
    SHOTS,
    TEXT,
    TextToVideoForm,
    rows_as_shots,
    seconds_of,
    shots_as_rows,
)
from tabs.text_to_video.result import video_result
from tabs.text_to_video.upscale_panel import UpscalePanel

TAB = "Text-to-Video"


class TextToVideoTab:
    """Draws the tab and connects it. Handlers call the studio and show the answer; the work is done elsewhere."""

    def __init__(self, studio: Services, secret: str, texts: NewTexts) -> None:
        self._studio, self._texts = studio, texts
        self._clips = studio.capability(TextToVideo)
        self._kinds = studio.kinds_of_tab(TAB)
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self.form = TextToVideoForm(studio, self._clips)
                self.kept = KeptForm(studio, "text-to-video", secret, self.form.kept)
                self.upscale = UpscalePanel(studio)
                with gr.Column(elem_classes="dock"):
                    self.trouble = html_piece(elem_id="video-trouble", live=True)
                    bar = build_job_bar("video-")
                    self.fit = html_piece(elem_id="video-fit")
                    with gr.Row(elem_classes="buttons"):
                        self.go = gr.Button("Generate", variant="primary", scale=3, elem_id="video-go")
                        self.stop = gr.Button("Stop", scale=1, elem_id="video-stop")
            with gr.Column(scale=5, min_width=340):
                self.view = JobView(
                    studio,
                    self._kinds,
                    storage_key="greenroom.text-to-video",
                    secret=secret,
                    bar=bar,
                    detail=lambda job, page: video_result(studio, job),
                    prefix="video-",
                )

    def wire(self, tab: gr.Tab, faces: Receiver) -> None:
        """Connect every event of the tab.

        Args:
            faces: receives a clip for the Lip-sync tab.
        """
        form, view = self.form, self.view
        clear_when_changed(form.inputs, self.trouble)
        view.wire()
        self.go.click(self._generate, form.inputs, [self.trouble, form.seed, *view.shown], **QUIET)
        self.stop.click(view.stop, view.looked_at, [view.current, *view.painted], **QUIET)
        view.outputs.click(self._use_settings, None, [self.trouble, self._texts.piece, *form.inputs], **QUIET)
        view.detail.click(self._follow, None, [form.start, form.image, form.seed], **QUIET)
        faces.listen(view.detail)
        self.upscale.wire(view)
        self._wire_form(tab)

    @property
    def live(self) -> list[LiveList]:
        """The lists of this tab."""
        mended = LiveList((Topic.VOICES, Topic.ENGINES), (), (self.trouble,), lambda values: {self.trouble: ""})
        return [self.form.live, self.upscale.live, mended]

    def _wire_form(self, tab: gr.Tab) -> None:
        form = self.form
        groups = [form.text_group, form.shots_group]
        form.source.change(
            lambda one: [gr.update(visible=one == TEXT), gr.update(visible=one == SHOTS)], form.source, groups, **QUIET
        )
        example = NewText("video-prompt", EXAMPLE, "The example")
        form.example.click(lambda: self._texts.give(example), None, self._texts.piece, **QUIET)
        form.add_shot.click(lambda rows: [*(rows or []), ["", "", None, ""]], form.shots, form.shots, **QUIET)
        form.history.wire(form.shots)
        form.to_shots.click(self._to_shots, [form.prompt, form.engine], [form.source, form.shots], **QUIET)
        form.engine.change(
            self._engine_chosen, [form.engine, form.size], [form.size, *(made.group for made in form.options)], **QUIET
        )
        for changed in (form.prompt, form.shots, form.source, form.engine, form.size, form.seconds, form.image, form.pictures):
            changed.change(self._fit, form.inputs, self.fit, trigger_mode="always_last", **QUIET)
        tab.select(self._fit, form.inputs, self.fit, **QUIET)
        listed: set[Any] = {form.shots, form.engine, form.size, *all_components(form.options)}
        form.shots.change(self._saved, listed, [form.save_csv, form.save_json], trigger_mode="always_last", **QUIET)

    # The form

    @with_error_toast
    def _to_shots(self, prompt: str, engine: str) -> list[Any]:
        return [SHOTS, shots_as_rows(self.form.shots_of(prompt or "", engine))]

    def _engine_chosen(self, engine: str, size: str) -> list[Any]:
        chosen = self.form.automatic() if engine == AUTO else engine
        visible = [gr.update(visible=made.engine_id == chosen) for made in self.form.options]
        sizes = self.form.size_choices(engine)
        kept = size if size in {value for _, value in sizes} else ""
        return [gr.update(choices=sizes, value=kept), *visible]

    def _fit(self, values: Values) -> str:
        """Return the line with the expected length, memory and time."""
        try:
            form = self.form.clip_settings(values, with_image=self.form.has_image(values))
            shots = [ShotSpec.model_validate(shot) for shot in self.form.listed(values)]
        except GreenroomError as error:
            return counts_line([], str(error))
        memory = memory_fit(self._studio, form.engine, form.options, form.extent(longest_part(shots, form)))
        told = " ".join(filter(None, (form.chosen, memory)))
        return counts_line([*self._figures(form, shots), told])

    def _figures(self, form: ClipSettings, shots: list[ShotSpec]) -> list[Figure]:
        parts = [Figure(form.title, f" {form.width} × {form.height}")]
        if shots:
            seconds = seconds_of(shots)
            frames = round(seconds * form.fps)
            ready = time_in_words(self._clips.render_time(form, frames))
            number, word = many(len(shots), "shot").split(" ")
            parts += [Figure(number, f" {word}"), Figure(about(seconds), " long", "about ")]
            parts += [Figure(f"{frames:,}", " frames"), Figure(ready, before="to render: ")]
        return parts

    def _saved(self, values: Values) -> list[Any]:
        """Write the shot list as two files for download, with times as far as they are known."""
        try:
            shots = [ShotSpec.model_validate(shot) for shot in rows_as_shots(values[self.form.shots])]
            settings = self.form.clip_settings(values)
        except GreenroomError:
            return [gr.skip(), gr.skip()]
        files = write_shot_lists(self._studio.paths.root / "uploads", shots, settings.fps)
        return [gr.update(value=None if path is None else str(path)) for path in files]

    # Work

    def _generate(self, values: Values) -> Updates:
        """Submit a job. A shot list keeps its seed, so that a changed line renders one shot only."""
        try:
            kind, spec = self.form.spec(values)
            job = self.view.submit(kind, spec)
        except GreenroomError as error:
            return {self.trouble: problem_with_offer(self._studio, error)}
        kept = {self.form.seed: str(job.spec["seed"])} if values[self.form.source] == SHOTS else {}
        return {self.trouble: "", **kept, **self.view.focus(job)}

    @with_error_toast
    def _use_settings(self, event: gr.EventData) -> Updates:
        data = clicked(event)
        if data.get("act") != "use":
            return gr.skip()
        output = self._studio.library.get(data.get("output", ""))
        recipe = output.recipe
        kind = recipe.get("kind", "")
        if kind == Upscale.kind or kind in self._studio.kinds_of_tab("Lip-sync"):
            return gr.skip()  # these have their own handlers
        if kind not in self._kinds:
            raise settings_elsewhere(self._studio, kind)
        spec = recipe.get("spec") or {}
        said = (
            [NewText("video-prompt", spec["prompt"], f"The text of “{output.title or output.id}”")] if spec.get("prompt") else []
        )
        return {self.trouble: "", self._texts.piece: self._texts.give(*said), **self.form.restored(spec)}

    @with_error_toast
    def _follow(self, event: gr.EventData) -> Updates:
        """Use the last frame as the first picture of the next clip, or the seed again."""
        data = clicked(event)
        if data.get("act") not in ("last-frame", "same-seed"):
            return gr.skip()
        output = self._studio.library.get(data.get("output", ""))
        if data["act"] == "same-seed":
            return {self.form.seed: output.recipe.get("seed")}
        last = next((path for path in output.companions if path.suffix == ".png"), None)
        if last is None:
            raise InvalidInput("clip.last-frame-not-kept")
        notice("The last frame is the picture that the next clip begins with.")
        return {self.form.start: gr.update(open=True), self.form.image: str(last)}
