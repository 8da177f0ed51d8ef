"""The Text-to-Video tab: words or a shot list in, a clip out."""

from __future__ import annotations

import json
from hashlib import sha256
from html import escape
from typing import Any

import gradio as gr

from capabilities.upscaling.capability import Upscale
from capabilities.video.capability import TextToVideo
from capabilities.video.checks import longest_part
from capabilities.video.engines import ClipSettings
from capabilities.video.recipe import as_csv
from capabilities.video.shots import lay_out_shots, shot_list
from capabilities.video.spec import ShotSpec
from studio.errors import GreenroomError, InvalidInput
from studio.services import Services
from studio.verification.audio_check import LETTERS_PER_SECOND
from tabs.common.fit import memory_fit, time_in_words
from tabs.common.html import about, html_piece, piece
from tabs.common.job_view import JobView
from tabs.common.notices import notice
from tabs.common.wiring import QUIET, clicked, problem, settings_elsewhere, with_error_toast
from tabs.lip_sync.form import LIBRARY, SPEAK, LipSyncForm
from tabs.text_to_video.form import (
    AUTO,
    EXAMPLE,
    OPTIONS_FROM,
    SHOTS,
    TEXT,
    TextToVideoForm,
    rows_as_shots,
    seconds_of,
    shots_as_rows,
    with_pictures,
)
from tabs.text_to_video.result import video_result
from tabs.text_to_video.upscale_panel import UpscalePanel

TAB = "Text-to-Video"


class TextToVideoTab:
    """Draws the tab and connects it. No work is done here: every handler asks the studio and paints its answer."""

    def __init__(self, studio: Services, secret: str) -> None:
        self._studio = studio
        self._clips = studio.capability(TextToVideo)
        self._kinds = studio.kinds_of_tab(TAB)
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self.form = TextToVideoForm(studio, self._clips)
                self.trouble = html_piece(elem_id="video-trouble", live=True)
                with gr.Row():
                    self.go = gr.Button("Generate", variant="primary", scale=3, elem_id="video-go")
                    self.stop = gr.Button("Stop", scale=1, elem_id="video-stop")
                self.upscale = UpscalePanel(studio)
            with gr.Column(scale=5, min_width=340):
                self.view = JobView(
                    studio,
                    self._kinds,
                    storage_key="greenroom.text-to-video",
                    secret=secret,
                    detail=lambda job, page: video_result(studio, job),
                    prefix="video-",
                )

    def wire(self, page: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab, faces: LipSyncForm) -> None:
        """Connect every event of the tab.

        Args:
            faces: the form of the Lip-sync tab, which a clip can be sent to.
        """
        form, view = self.form, self.view
        self._faces = faces
        view.wire(page)
        shown = [view.current, view.page, *view.painted]
        self.go.click(self._generate, form.inputs, [self.trouble, form.seed, *shown], **QUIET)
        self.stop.click(view.stop, view.looked_at, [view.current, *view.painted], **QUIET)
        view.outputs.click(self._use_settings, None, [self.trouble, *form.inputs], **QUIET)
        view.detail.click(self._follow, None, [form.start, form.image, form.seed], **QUIET)
        view.detail.click(self._to_lip_sync, None, [tabs, faces.mode, faces.face_from, faces.face_output], **QUIET)
        tab.select(lambda: gr.update(choices=form.voice_choices()), None, form.voice, **QUIET)
        self.upscale.wire(view, tab)
        self._wire_form(tab)

    def _wire_form(self, tab: gr.Tab) -> None:
        form = self.form
        groups = [form.text_group, form.shots_group]
        form.source.change(
            lambda one: [gr.update(visible=one == TEXT), gr.update(visible=one == SHOTS)], form.source, groups, **QUIET
        )
        form.example.click(lambda: EXAMPLE, None, form.prompt, **QUIET)
        form.add_shot.click(lambda rows: [*(rows or []), ["", "", None, ""]], form.shots, form.shots, **QUIET)
        form.to_shots.click(self._to_shots, [form.prompt, form.engine], [form.source, form.shots], **QUIET)
        form.engine.change(self._engine_chosen, form.engine, [form.size, *(made.group for made in form.options)], **QUIET)
        for changed in (form.prompt, form.shots, form.source, form.engine, form.size, form.seconds, form.image, form.pictures):
            changed.change(self._fit, form.inputs, form.fit, trigger_mode="always_last", **QUIET)
        tab.select(self._fit, form.inputs, form.fit, **QUIET)
        listed = [form.shots, form.engine, form.size, *form.inputs[OPTIONS_FROM:]]
        form.shots.change(self._saved, listed, [form.save_csv, form.save_json], trigger_mode="always_last", **QUIET)

    @with_error_toast
    def _to_lip_sync(self, event: gr.EventData) -> list[Any]:
        data = clicked(event)
        if data.get("act") != "to-lip-sync":
            return [gr.skip()] * 4
        output = self._studio.library.get(data.get("output", ""))
        chosen = gr.update(choices=self._faces.output_choices("video", "image"), value=output.id, visible=True)
        return [gr.update(selected="lip-sync"), SPEAK, LIBRARY, chosen]

    # The form

    @with_error_toast
    def _to_shots(self, prompt: str, engine: str) -> list[Any]:
        return [SHOTS, shots_as_rows(self.form.shots_of(prompt or "", engine))]

    def _engine_chosen(self, engine: str) -> list[Any]:
        chosen = self.form.automatic() if engine == AUTO else engine
        visible = [gr.update(visible=made.engine_id == chosen) for made in self.form.options]
        return [gr.update(choices=self.form.size_choices(engine), value=""), *visible]

    def _fit(self, *values: Any) -> str:
        """The line that says what it will be, whether it fits, and how long it should take."""
        source, prompt, table, engine, size, image = values[:6]
        pictures = values[OPTIONS_FROM - 1]
        try:
            form = self.form.chosen_form(engine, size, values[OPTIONS_FROM:], with_image=bool(image or pictures))
            listed = with_pictures(self.form.listed(source, prompt, table, engine), pictures)
            shots = [ShotSpec.model_validate(shot) for shot in listed]
        except GreenroomError as error:
            return piece(f'<div class="counts"><span class="problem">{escape(str(error))}</span></div>')
        memory = memory_fit(self._studio, form.engine, form.options, form.extent(longest_part(shots, form)))
        return piece(f'<div class="counts">{self._numbers(form, shots)}<span>{escape(memory)}</span></div>')

    def _numbers(self, form: ClipSettings, shots: list[ShotSpec]) -> str:
        parts = [f"<b>{escape(form.title)}</b> {form.width} × {form.height}"]
        if shots:
            seconds = seconds_of(shots)
            frames = round(seconds * form.fps)
            ready = time_in_words(self._clips.render_time(form, frames))
            parts += [f"<b>{len(shots)}</b> {'shot' if len(shots) == 1 else 'shots'}", f"about <b>{about(seconds)}</b> long"]
            parts += [f"<b>{frames:,}</b> frames", f"to render: <b>{ready}</b>"]
        return "".join(f"<span>{part}</span>" for part in parts)

    def _saved(self, table: Any, engine: str, size: str, *options: Any) -> list[Any]:
        """The shot list as two files, ready before they are asked for, with times as far as they are known beforehand."""
        try:
            shots = [ShotSpec.model_validate(shot) for shot in rows_as_shots(table)]
            form = self.form.chosen_form(engine, size, options)
        except GreenroomError:
            return [gr.skip(), gr.skip()]
        if not shots:
            return [gr.update(value=None), gr.update(value=None)]
        spoken = [len(shot.say) / LETTERS_PER_SECOND if shot.say else 0.0 for shot in shots]
        listed = shot_list(lay_out_shots(shots, spoken, form.fps, False, None), form.fps)
        texts = {"csv": as_csv(listed), "json": json.dumps(listed, ensure_ascii=False, indent=2)}
        folder = self._studio.paths.root / "uploads" / "shot-lists" / sha256(texts["json"].encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        for ending, text in texts.items():
            (folder / f"shots.{ending}").write_text(text, "utf-8")
        return [gr.update(value=str(folder / f"shots.{ending}")) for ending in texts]

    # Work

    def _generate(self, *values: Any) -> list[Any]:
        """A shot list keeps the seed that was drawn for it, so that a changed line renders one shot."""
        try:
            kind, spec = self.form.spec(values)
            job = self.view.submit(kind, spec)
        except GreenroomError as error:
            return [problem(error), gr.skip(), *self.view.unchanged()]
        return ["", str(job.spec["seed"]) if values[0] == SHOTS else gr.skip(), *self.view.focus(job)]

    @with_error_toast
    def _use_settings(self, event: gr.EventData) -> list[Any]:
        data = clicked(event)
        if data.get("act") != "use":
            return [gr.skip()] * (1 + len(self.form.inputs))
        recipe = self._studio.library.get(data.get("output", "")).recipe
        kind = recipe.get("kind", "")
        if kind == Upscale.kind or kind in self._studio.kinds_of_tab("Lip-sync"):
            return [gr.skip()] * (1 + len(self.form.inputs))  # their own listeners take these
        if kind not in self._kinds:
            raise settings_elsewhere(self._studio, kind)
        return ["", *self.form.restored(recipe.get("spec") or {})]

    @with_error_toast
    def _follow(self, event: gr.EventData) -> list[Any]:
        """The last frame as the next picture to begin with, or the seed again."""
        data = clicked(event)
        if data.get("act") not in ("last-frame", "same-seed"):
            return [gr.skip()] * 3
        output = self._studio.library.get(data.get("output", ""))
        if data["act"] == "same-seed":
            return [gr.skip(), gr.skip(), output.recipe.get("seed")]
        last = next((path for path in output.companions if path.suffix == ".png"), None)
        if last is None:
            raise InvalidInput("The last frame of this clip was not kept.")
        notice("The last frame is the picture that the next clip begins with.")
        return [gr.update(open=True), str(last), gr.skip()]
