"""The Character Swap tab: puts the person of a picture into a clip."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from capabilities.character_swap.builtin import BUILTIN
from capabilities.character_swap.framing import ReferenceFramer
from capabilities.character_swap.prepared import TemplateLacks
from capabilities.common.face_finder import FaceFinder
from engines.contract.faces import SeenFace
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.preprocessing import assets_of
from studio.services import Services
from studio.workflows import delete_template
from studio.workflows.manifest import InputKind
from tabs.character_swap.assets import assets_list
from tabs.character_swap.fit import fit_line
from tabs.character_swap.form import DRIVING, REFERENCE, CharacterSwapForm
from tabs.character_swap.import_workflow import WorkflowImport
from tabs.character_swap.result import swap_result
from tabs.common.counts import note
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView, build_job_bar
from tabs.common.kept_form import KeptForm
from tabs.common.lists.live_lists import LiveList
from tabs.common.sources import Receiver
from tabs.common.wiring import QUIET, Updates, Values, clear_when_changed, clicked, problem, settings_elsewhere, with_error_toast

TAB = "Character Swap"


class CharacterSwapTab:
    """Draws the tab and connects it. Handlers call the studio and show the answer; the work is done elsewhere."""

    def __init__(self, studio: Services, secret: str) -> None:
        self._studio = studio
        self._assets = assets_of(studio.paths)
        self._framer = ReferenceFramer(studio)
        self._faces = FaceFinder(studio)
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=6, min_width=340):
                self.form = CharacterSwapForm(studio, studio.templates, self._assets)
                self.kept = KeptForm(studio, "character-swap", secret, self.form.kept)
                self.kept_template = gr.BrowserState(BUILTIN, storage_key="greenroom.template", secret=secret)
                with gr.Accordion("Your uploads", open=False, elem_id="swap-uploads") as self.shelf:
                    self.uploads = html_piece(assets_list(self._assets.list()), elem_id="swap-assets")
                self.importing = WorkflowImport(studio)
                with gr.Column(elem_classes="dock"):
                    self.trouble = html_piece(elem_id="swap-trouble", live=True)
                    bar = build_job_bar("swap-")
                    self.fit = html_piece(elem_id="swap-fit")
                    with gr.Row(elem_classes="buttons"):
                        self.go = gr.Button("Generate", variant="primary", scale=3, elem_id="swap-go")
                        self.stop = gr.Button("Stop", scale=1, elem_id="swap-stop")
            with gr.Column(scale=5, min_width=340):
                self.view = JobView(
                    studio,
                    studio.kinds_of_tab(TAB),
                    storage_key="greenroom.character-swap",
                    secret=secret,
                    bar=bar,
                    detail=lambda job, page: swap_result(studio, self._assets, job),
                    prefix="swap-",
                )

    def wire(self, tabs: gr.Tabs, tab: gr.Tab, faces: Receiver, senders: Sequence[gr.HTML]) -> None:
        """Connect every event of the tab.

        Args:
            faces: receives a result for the Lip-sync tab. senders: drawn pieces whose "send to Character Swap" buttons are
                handled here.
        """
        form, view = self.form, self.view
        clear_when_changed(form.shown, self.trouble)
        view.wire()
        shown = [self.trouble, self.uploads, form.gallery, form.about, *view.shown]
        self.go.click(self._generate, form.inputs, shown, **QUIET)
        self.stop.click(view.stop, view.looked_at, [view.current, *view.painted], **QUIET)
        picks = form.slots.picks
        tab.select(self._opened, form.template, [form.gallery, form.about], **QUIET)
        self._wire_form(tab)
        image, video = form.slots.image, form.slots.video
        taken = [image.pick, video.pick]
        used = view.outputs.click(self._use_settings, None, [*form.outputs, form.start, form.end, *picks], **QUIET)
        used.then(self._fit, form.inputs, self.fit, **QUIET)
        self.uploads.click(self._upload_clicked, None, [self.uploads, *taken], **QUIET)
        receiver = self._receiver(tabs)
        for sender in senders:
            receiver.listen(sender)
        faces.listen(view.detail)

    def wire_kept(self, page: gr.Blocks) -> None:
        """Choose the template of the last visit again when the page is opened."""

        def chosen_again(template: Any) -> Updates:
            other = isinstance(template, str) and template != BUILTIN
            return self.form.show(template) if other else {self.form.template: gr.skip()}

        page.load(chosen_again, self.kept_template, self.form.outputs, **QUIET)

    def _wire_form(self, tab: gr.Tab) -> None:
        form = self.form
        chosen = form.gallery.click(self._chosen, None, [self.trouble, self.kept_template, *form.outputs], **QUIET)
        chosen.then(self._fit, form.inputs, self.fit, **QUIET)
        redrawn = form.about.click(self._about_clicked, form.template, form.outputs, **QUIET)
        added = self.importing.wire(form.show, form.outputs)
        for one in (redrawn, added):
            one.then(self._fit, form.inputs, self.fit, **QUIET)
        form.picker.wire({form.template, *form.slots.inputs}, self._faces_to_choose_from)
        form.samples.wire(form.slots.image.upload, form.slots.image.pick)
        video = form.slots.video
        for slot in form.slots.slots:
            slot.upload.upload(lambda: "", None, slot.pick, **QUIET)
        for changed in (video.upload.change, video.pick.change):
            changed(self._clip_chosen, [video.upload, video.pick], form.picker.outputs, **QUIET)
        fitted = (self._fit, form.inputs, self.fit)
        for component in (form.start, form.end, *form.slots.inputs):
            component.change(*fitted, trigger_mode="always_last", **QUIET)
        for component in form.pool.components:  # input by the user; other changes come with a template
            component.input(*fitted, trigger_mode="always_last", **QUIET)
        tab.select(*fitted, **QUIET)
        form.compare.click(self._compare, form.inputs, [form.framing_said, form.reframe], **QUIET)
        image = form.slots.image
        form.reframe.click(
            self._reframe, form.inputs, [image.upload, image.pick, form.framing_said, form.reframe], **QUIET
        )  # fmt: skip

    # The form

    def _faces_to_choose_from(self, values: Values) -> Sequence[SeenFace] | None:
        """Return the faces that a click must hit for the built-in swap; None for a workflow, whose points may be anywhere on a
        person.
        """
        video = self.form.slots.video
        clip = video.path(str(values[video.pick] or values[video.upload] or ""))
        return self._faces.seen(clip) if clip is not None and values[self.form.template] == BUILTIN else None

    @with_error_toast
    def _chosen(self, event: gr.EventData) -> Updates:
        data = clicked(event)
        if data.get("act") != "choose":
            return gr.skip()
        shown = self.form.show(data.get("template", ""))
        return {self.trouble: "", self.kept_template: shown[self.form.template], **shown}

    @with_error_toast
    def _about_clicked(self, template: str, event: gr.EventData) -> Updates:
        """Handle the buttons of the details: ask the server again, or delete an imported template."""
        act, form = clicked(event).get("act"), self.form
        if act == "check":
            self._studio.comfyui.inventory(newest=True)
            return self._drawn(template)
        if act != "forget":
            return gr.skip()
        delete_template(self._studio.templates.get(template), self._studio.paths.workflows)
        return form.show(BUILTIN)

    def _opened(self, template: str) -> Updates:
        """Read the server's state when the tab is opened."""
        if self._studio.comfyui.configured and self._studio.comfyui.settings.url:
            with suppress(GreenroomError):
                self._studio.comfyui.inventory()
        return self._drawn(template)

    @property
    def live(self) -> list[LiveList]:
        """The lists of this tab."""
        form, picks = self.form, self.form.slots.picks

        def files(values: Values) -> Updates:
            return {self.uploads: assets_list(self._assets.list()), **form.slots.lists(values)}

        def templates(values: Values) -> Updates:
            chosen = values[form.template]
            there = form.choice(chosen).id == chosen
            return self._drawn(chosen) if there else form.show(BUILTIN)  # deleted on another page

        return [
            LiveList((Topic.OUTPUTS, Topic.ASSETS), picks, (self.uploads, *picks), files),
            LiveList((Topic.TEMPLATES, Topic.ENGINES, Topic.SETTINGS), (form.template,), form.outputs, templates),
        ]

    def _clip_chosen(self, upload: str | None, pick: str | None) -> list[Any]:
        return self.form.picker.first_picture(self.form.slots.video.path(pick or upload or ""))

    def _fit(self, values: Values) -> str:
        return fit_line(self._studio, self.form, values)

    @with_error_toast
    def _compare(self, values: Values) -> list[Any]:
        framing = self._framer.compare(*self._both(values))
        said = note(framing.sentence(), urgent=not framing.fits)
        return [said, gr.update(visible=not framing.fits)]

    @with_error_toast
    def _reframe(self, values: Values) -> list[Any]:
        made = self._framer.reframe(*self._both(values))
        said = note("The picture is framed as the clip now. Look at it before you generate.")
        return [str(made), "", said, gr.update(visible=False)]

    def _both(self, values: Values) -> tuple[Path, Path]:
        (_, reference), (_, driving) = (self.form.file(values, kind) for kind in (InputKind.IMAGE, InputKind.VIDEO))
        if reference is None or driving is None:
            raise InvalidInput("swap.framing-needs-both")
        return reference, driving

    # Work

    def _generate(self, values: Values) -> Updates:
        template = values[self.form.template]
        try:
            job = self.view.submit("character_swap", self.form.spec(values))
        except TemplateLacks as lacks:
            return {self.trouble: problem(self._listed(lacks, template)), **self._drawn(template)}
        except GreenroomError as error:
            return {self.trouble: problem(error)}
        return {self.trouble: "", self.uploads: assets_list(self._assets.list()), **self.view.focus(job)}

    def _drawn(self, template: str) -> Updates:
        form = self.form
        return {form.gallery: form.drawn_gallery(template), form.about: form.drawn_about(template)}

    def _listed(self, lacks: TemplateLacks, template: str) -> GreenroomError:
        """Return a short form of what the page lists anyway."""
        chosen = self.form.choice(template)
        if not chosen.missing:
            return lacks
        return InvalidInput("template.not-runnable", template=chosen.title, state=chosen.badge)

    # Existing files

    @with_error_toast
    def _use_settings(self, event: gr.EventData) -> Updates:
        data = clicked(event)
        if data.get("act") != "use":
            return gr.skip()
        recipe = self._studio.library.get(data.get("output", "")).recipe
        if recipe.get("kind") not in self._studio.kinds_of_tab(TAB, with_form=True):
            raise settings_elsewhere(self._studio, recipe.get("kind", ""))
        spec = recipe.get("spec") or {}
        template = str(spec.get("template", ""))
        form = self.form
        part = {form.start: spec.get("trim_start", 0), form.end: spec.get("trim_end") or None}
        given = {REFERENCE: spec.get(REFERENCE), DRIVING: spec.get(DRIVING), **(spec.get("inputs") or {})}
        files = form.slots.restored(form.choice(template).inputs, given)
        return {**form.show(template, spec.get("options") or {}), **part, **files}

    @with_error_toast
    def _upload_clicked(self, event: gr.EventData) -> Updates:
        data = clicked(event)
        image, video = self.form.slots.image, self.form.slots.video
        if data.get("act") == "drop":
            with suppress(NotFound):
                self._assets.delete(data.get("asset", ""))
            lists = {slot.pick: gr.update(choices=slot.here()) for slot in (image, video)}
            return {self.uploads: assets_list(self._assets.list()), **lists}
        if data.get("act") != "take":
            return gr.skip()
        asset = self._assets.get(data.get("asset", ""))
        slot = image if asset.kind == "image" else video
        return {slot.pick: slot.choosing(str(asset.path))}

    def _receiver(self, tabs: gr.Tabs) -> Receiver:
        """Return the receiver of pictures and videos from any tab."""
        image, video = self.form.slots.image, self.form.slots.video

        def receive(output_id: str) -> Updates:
            output = self._studio.library.get(output_id)
            slot = image if output.kind == "image" else video
            return {tabs: gr.update(selected="character-swap"), slot.pick: slot.choosing(output.id)}

        return Receiver("to-swap", [tabs, image.pick, video.pick], receive)
