"""Upscaling of a finished video: a folding section under a tab's form, for every video of the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from capabilities.upscaling.capability import Upscale
from capabilities.upscaling.spec import AUTO
from engines.contract import EngineKind
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, InvalidInput
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.jobs.job_view import JobView
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.lists.voice_choices import NOT_READY, with_chosen
from tabs.common.notices.notices import notice
from tabs.common.option_controls import OptionControls, all_components, build_controls, chosen_options, restored_values
from tabs.common.readiness.setup_offer import problem_with_offer
from tabs.common.sources import Receiver
from tabs.common.wiring import QUIET, Updates, Values, clicked, with_error_toast

_LISTED = 100


class UpscalePanel:
    """Draws the section and connects it; its jobs are shown in the job view of the tab."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._upscale = studio.capability(Upscale)
        with gr.Accordion("Make a video larger", open=False, elem_id="upscale") as self.fold:
            with gr.Row():
                self.video = LiveDropdown(self.choices(), label="Video of the library", elem_id="upscale-video", min_width=220)
                self.engine = LiveDropdown(self._engines(), value=AUTO, label="Engine", elem_id="upscale-engine", min_width=180)
            able = studio.catalog.of(EngineKind.UPSCALING)
            chosen = self._automatic()
            self.options: list[OptionControls] = [build_controls(one, visible=one.card.id == chosen) for one in able]
            self.trouble = html_piece(elem_id="upscale-trouble", live=True)
            self.go = gr.Button("Upscale", elem_id="upscale-go")

    @property
    def inputs(self) -> set[Any]:
        return {self.video, self.engine, *all_components(self.options)}

    def wire(self, view: JobView) -> None:
        def start(values: Values) -> Updates:
            try:
                job = view.submit("upscale", self.spec(values))
            except GreenroomError as error:
                return {self.trouble: problem_with_offer(self._studio, error)}
            return {self.trouble: "", **view.focus(job)}

        self.go.click(start, self.inputs, [self.trouble, *view.shown], **QUIET)
        self.engine.change(self._engine_chosen, self.engine, [one.group for one in self.options], **QUIET)
        view.outputs.click(self._restored, None, [self.fold, *self.inputs], **QUIET)

    @property
    def live(self) -> LiveList:
        """The list of videos in the library, and the readiness of engines."""

        def refreshed(values: Values) -> Updates:
            videos = with_chosen(self._studio, self.choices(), values[self.video])
            return {self.video: gr.update(choices=videos), self.engine: gr.update(choices=self._engines())}

        return LiveList((Topic.OUTPUTS, Topic.ENGINES), (self.video,), (self.video, self.engine), refreshed)

    def listen(self, tabs: gr.Tabs, senders: Sequence[gr.HTML]) -> None:
        """Handle "upscale" buttons: choose the output and open this section.

        Args:
            senders: drawn pieces with such buttons.
        """

        def receive(output_id: str) -> Updates:
            output = self._studio.library.get(output_id)
            notice("Set how much larger, then press Upscale.")
            chosen = gr.update(choices=self.choices(), value=output.id)
            return {tabs: gr.update(selected="text-to-video"), self.fold: gr.update(open=True), self.video: chosen}

        receiver = Receiver("upscale", [tabs, self.fold, self.video], receive)
        for sender in senders:
            receiver.listen(sender)

    def spec(self, values: Values) -> dict[str, Any]:
        """Return a job's fields from the values of `inputs`."""
        video, engine = values[self.video], values[self.engine]
        if not video:
            raise InvalidInput("upscaling.no-video-chosen")
        chosen = self._automatic() if engine == AUTO else engine
        return {"video": video, "engine": engine, "options": chosen_options(self.options, chosen, values)}

    def choices(self) -> list[tuple[str, str]]:
        videos = self._studio.library.list(limit=_LISTED, kinds=("video",))
        return [(f"{output.title or output.id} · {output.id}", output.id) for output in videos]

    def _engines(self) -> list[tuple[str, str]]:
        rows = self._studio.engines.statuses(EngineKind.UPSCALING)
        named = [(row.card.title if row.ready else f"{row.card.title} · {NOT_READY}", row.card.id) for row in rows]
        return [("Automatic", AUTO), *named]

    def _automatic(self) -> str:
        try:
            return self._upscale.engines.choose(AUTO).card.id
        except GreenroomError:
            return ""

    def _engine_chosen(self, engine: str) -> list[Any]:
        chosen = self._automatic() if engine == AUTO else engine
        return [gr.update(visible=one.engine_id == chosen) for one in self.options]

    @with_error_toast
    def _restored(self, event: gr.EventData) -> Updates:
        """Return updates that restore the settings of an upscaled video."""
        data = clicked(event)
        recipe = self._studio.library.get(data.get("output", "")).recipe if data.get("act") == "use" else {}
        if recipe.get("kind") != "upscale":
            return gr.skip()
        spec = recipe.get("spec") or {}
        video = next(iter(recipe.get("parents", ())), None)
        return {
            self.fold: gr.update(open=True),
            self.video: gr.update(choices=self.choices(), value=video),
            self.engine: spec.get("engine", AUTO),
            **restored_values(self.options, spec.get("engine", AUTO), recipe.get("options", {})),
        }
