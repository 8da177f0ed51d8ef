"""The Lip-sync tab: makes a face speak, or a portrait follow a performance."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.common.face_finder import FaceFinder
from engines.contract.faces import face_at
from media.errors import MediaError
from media.video.images import is_image, read_image
from media.video.read import Picture, read_frames
from studio.changes.stamps import Topic
from studio.errors import GreenroomError
from studio.services import Services
from tabs.common.counts import Figure, counts_line
from tabs.common.faces.marks import outlined, picked_line
from tabs.common.fit import time_in_words
from tabs.common.formats import about
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView, build_job_bar
from tabs.common.kept_form import KeptForm
from tabs.common.lists.live_lists import LiveList
from tabs.common.option_controls import of_one_method
from tabs.common.readiness.setup_offer import problem_with_offer
from tabs.common.sources import LIBRARY, Receiver
from tabs.common.texts.new_texts import NewText, NewTexts
from tabs.common.wiring import QUIET, Updates, Values, clear_when_changed, clicked, with_error_toast
from tabs.lip_sync.driving_input import VIDEO
from tabs.lip_sync.form import PICTURE, RECORDING, SPEAK, TEXT, LipSyncForm
from tabs.lip_sync.result import face_result

TAB = "Lip-sync"
PREVIEW_SECONDS = 3.0


class LipSyncTab:
    """Draws the tab and connects it. Handlers call the studio and show the answer; the work is done elsewhere."""

    def __init__(self, studio: Services, secret: str, texts: NewTexts) -> None:
        self._studio, self._texts = studio, texts
        self._faces = FaceFinder(studio)
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self.form = LipSyncForm(studio)
                self.kept = KeptForm(studio, "lip-sync", secret, self.form.kept)
                with gr.Column(elem_classes="dock"):
                    self.trouble = html_piece(elem_id="face-trouble", live=True)
                    bar = build_job_bar("face-")
                    self.fit = html_piece(elem_id="face-fit")
                    with gr.Row(elem_classes="buttons"):
                        self.go = gr.Button("Generate", variant="primary", scale=3, elem_id="face-go")
                        self.preview = gr.Button("Preview 3 seconds", scale=2, elem_id="face-preview")
                        self.stop = gr.Button("Stop", scale=1, elem_id="face-stop")
            with gr.Column(scale=5, min_width=340):
                self.view = JobView(
                    studio,
                    studio.kinds_of_tab(TAB),
                    storage_key="greenroom.lip-sync",
                    secret=secret,
                    bar=bar,
                    detail=lambda job, page: face_result(studio, job),
                    prefix="face-",
                )

    def wire(self, tabs: gr.Tabs, senders: list[gr.HTML]) -> None:
        """Connect every event of the tab.

        Args:
            senders: lists of outputs whose "send to Lip-sync" buttons are handled here.
        """
        form, view = self.form, self.view
        clear_when_changed(form.shown, self.trouble)
        self._tabs = tabs
        view.wire()
        shown = [self.trouble, *view.shown]
        self.go.click(self._generate, form.inputs, shown, **QUIET)
        self.preview.click(self._preview, form.inputs, shown, **QUIET)
        self.stop.click(view.stop, view.looked_at, [view.current, *view.painted], **QUIET)
        self._wire_form()
        for sender in senders:
            self._speech_receiver(tabs).listen(sender)
            sender.click(self._use_settings, None, [tabs, self.trouble, self._texts.piece, form.clicked, *form.inputs], **QUIET)

    def face_receiver(self, tabs: gr.Tabs) -> Receiver:
        """Return the receiver of videos and pictures from other tabs."""
        form = self.form

        def receive(output: str) -> Updates:
            return {tabs: gr.update(selected="lip-sync"), **form.receive_face(self._studio.library.get(output).id)}

        return Receiver("to-lip-sync", [tabs, form.mode, form.face_from, form.face_output], receive)

    def _speech_receiver(self, tabs: gr.Tabs) -> Receiver:
        form = self.form

        def receive(output: str) -> Updates:
            return {tabs: gr.update(selected="lip-sync"), **form.receive_speech(self._studio.library.get(output).id)}

        changed = [tabs, form.mode, form.speech_from, form.audio_output, form.text_group, form.recording_group]
        return Receiver("lip-sync", changed, receive)

    def _wire_form(self) -> None:
        form = self.form
        modes = [form.speech_column, form.driving_column, form.face_from, form.face_output, form.engine]
        form.mode.change(self._mode_chosen, [form.mode, form.face_from, form.engine], modes, **QUIET)
        places: dict[Any, dict[str, Any]] = {
            form.face_from: {PICTURE: form.picture, VIDEO: form.video, LIBRARY: form.face_output},
            form.driving.driving_from: form.driving.places,
            form.speech_from: {TEXT: form.text_group, RECORDING: form.recording_group, LIBRARY: form.audio_output},
        }
        for source, named in places.items():
            source.change(partial(_only, named), source, list(named.values()), **QUIET)
        form.face_from.change(lambda chosen: gr.update(visible=chosen == PICTURE), form.face_from, form.samples.piece, **QUIET)
        form.samples.wire(form.picture, form.point, form.clicked, form.first)
        seen: set[Any] = {form.face_from, form.picture, form.video, form.face_output}
        for changed in seen:
            changed.change(self._first_picture, seen, form.first, trigger_mode="always_last", **QUIET)
        shown = [*(made.group for made in form.options), *(component for component, _ in of_one_method(form.options))]
        for chosen in (form.engine, form.mode):
            chosen.change(self._engine_chosen, [form.engine, form.mode], shown, **QUIET)
        for told in (form.mode, form.face_from, form.picture, form.video, form.face_output, form.speech_from, form.text,
                     form.voice, form.recording, form.audio_output, form.driving.driving_from, form.driving.driving,
                     form.driving.driving_output, form.engine, form.fps, form.length):  # fmt: skip
            told.change(self._forecast, form.inputs, self.fit, trigger_mode="always_last", **QUIET)
        for face in (form.picture, form.first):
            face.select(self._face_clicked, seen, [form.point, form.clicked, form.first, form.face_number], **QUIET)
        for given in (form.picture, form.video, form.face_output):
            given.input(lambda: (None, ""), None, [form.point, form.clicked], **QUIET)
        form.face_number.input(self._face_numbered, seen, [form.point, form.clicked, form.first], **QUIET)

    def _mode_chosen(self, mode: str, face_from: str, engine: str) -> list[Any]:
        speaks = mode == SPEAK
        engines, places = self.form.engine_choices("lip_sync" if speaks else "animate"), self.form.places(mode)
        return [
            gr.update(visible=speaks),
            gr.update(visible=not speaks),
            gr.update(
                choices=places,
                value=face_from if face_from in places else PICTURE,
                label="Face" if speaks else "Portrait",
            ),
            self.form.output_update(self.form.face_output, mode, ""),
            gr.update(choices=engines, value=engine if engine in [one for _, one in engines] else "auto"),
        ]

    def _engine_chosen(self, engine: str, mode: str) -> list[Any]:
        meant = self.form.meant(engine, mode)
        method = "lip_sync" if mode == SPEAK else "animate"
        return [
            *(gr.update(visible=made.engine_id == meant) for made in self.form.options),
            *(gr.update(visible=only_for == method) for _, only_for in of_one_method(self.form.options)),
        ]

    def _first_picture(self, values: Values) -> Any:
        """Return an update with the first picture of the chosen video, for clicking on a face; hidden for an uploaded
        picture."""
        file = self.form.seen(values)
        picture = None if file is None or values[self.form.face_from] == PICTURE else _first_of(file)
        return gr.update(visible=picture is not None, value=picture)

    @with_error_toast
    def _face_clicked(self, values: Values, event: gr.SelectData) -> Updates:
        """Choose the face at the position of a click, and mark it; a click beside all faces chooses none."""
        file, form = self.form.seen(values), self.form
        picture = None if file is None else _first_of(file)
        if file is None or picture is None or not isinstance(event.index, list | tuple) or len(event.index) != 2:
            return {form.point: None, form.clicked: ""}
        height, width = picture.shape[:2]
        x, y = (min(1.0, max(0.0, at / side)) for at, side in zip(event.index, (width, height), strict=True))
        faces = self._faces.seen(file)
        picked = face_at(faces, x, y, width / height)
        shown: Updates = {
            form.clicked: picked_line(faces, picked),
            form.point: None if picked is None else (x, y),
            form.first: gr.update(visible=True, value=outlined(picture, faces, picked)),
        }
        return shown if picked is None else {**shown, form.face_number: picked + 1}

    def _face_numbered(self, values: Values) -> Updates:
        """Choose the face with the number in the form, which replaces an earlier click."""
        return {self.form.point: None, self.form.clicked: "", self.form.first: self._first_picture(values)}

    @with_error_toast
    def _use_settings(self, event: gr.EventData) -> Updates:
        """Restore the settings of a face job from any tab's list; other kinds are ignored."""
        data = clicked(event)
        output = self._studio.library.get(data.get("output", "")) if data.get("act") == "use" else None
        recipe = {} if output is None else output.recipe
        if output is None or recipe.get("kind") not in self._studio.kinds_of_tab(TAB, with_form=True):
            return gr.skip()
        spec = recipe.get("spec") or {}
        said = [NewText("face-text", spec["text"], f"What is said in “{output.title or output.id}”")] if spec.get("text") else []
        shown = {self._tabs: gr.update(selected="lip-sync"), self.trouble: "", self._texts.piece: self._texts.give(*said)}
        return {**shown, **self.form.restored(recipe["kind"], spec)}

    @property
    def live(self) -> list[LiveList]:
        """The lists of this tab. A change of voices or engines clears the error."""
        mended = LiveList((Topic.VOICES, Topic.ENGINES), (), (self.trouble,), lambda values: {self.trouble: ""})
        return [*self.form.live, mended]

    def _forecast(self, values: Values) -> str:
        """Return the line with the expected length, time and memory; "" while the form is incomplete."""
        kind, fields = self.form.spec(values)
        try:
            found = self._studio.jobs.estimate(kind, fields)
        except GreenroomError:
            return ""
        engine = self._studio.catalog.get(found.engine)
        parts: list[Figure | str] = [Figure(engine.card.title)]
        if found.frames:
            parts += [Figure(about(found.seconds), " long", "about "), Figure(f"{found.frames:,}", " frames")]
        parts += [Figure(time_in_words(found.time), before="to render: "), found.memory]
        return counts_line(parts)

    # Work

    def _generate(self, values: Values) -> Updates:
        return self._submitted(values, 0.0)

    def _preview(self, values: Values) -> Updates:
        return self._submitted(values, PREVIEW_SECONDS)

    def _submitted(self, values: Values, seconds: float) -> Updates:
        try:
            kind, spec = self.form.spec(values)
            job = self.view.submit(kind, {**spec, "seconds": seconds})
        except GreenroomError as error:
            return {self.trouble: problem_with_offer(self._studio, error)}
        return {self.trouble: "", **self.view.focus(job)}


def _first_of(file: Path) -> Picture | None:
    """Return a picture, or the first one of a video; None if there is none."""
    try:
        return read_image(file) if is_image(file) else next(read_frames(file)).picture
    except (MediaError, StopIteration):
        return None


def _only(places: dict[str, Any], chosen: str) -> list[Any]:
    """Return updates that show only the chosen one of several components."""
    return [gr.update(visible=name == chosen) for name in places]
