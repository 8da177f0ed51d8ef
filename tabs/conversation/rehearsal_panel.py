"""Rehearsal of a scene: the studio speaks the other parts and follows the user, who speaks one."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.conversation.rehearsal.scene import MARKS, RehearsalScene, scene_of
from capabilities.voiceover.capability import Voiceover
from studio.changes.stamps import Topic
from studio.errors import GreenroomError, NotFound
from studio.jobs.model import Job, JobState
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.lists.live_lists import LiveDropdown, LiveList
from tabs.common.readiness.setup_offer import problem_with_offer
from tabs.common.templating import render
from tabs.common.texts.new_texts import NewText, NewTexts, build_earlier
from tabs.common.wiring import QUIET, Updates, clear_when_changed, output_url, with_error_toast

MOST_OFFERED = 100
TICK_SECONDS = 1.0
NARRATOR = "Narrator"

PLACEHOLDER = "Anna: Where have you been?\nBen: At the harbour. They would not let me through.\nAnna: …"
EXAMPLE = """\
# The ferry

Anna: You are late again.
Ben: The ferry was late. I was on time for the ferry.
Anna: Every evening the same ferry, and every evening the same story.
Ben: It is a good story. Nobody has told it as often as I have.
Anna: And did you bring the letter?
Ben: I brought it as far as the bridge, and there I read it.
"""


class RehearsalPanel:
    """Draws the form and the stage. The rehearsal itself runs over a WebSocket (api/http/rehearsal.py)."""

    def __init__(self, studio: Services, texts: NewTexts) -> None:
        self._studio, self._texts = studio, texts
        with gr.Row(elem_classes="columns"):
            with gr.Column(scale=5, min_width=340):
                self.script = gr.Textbox(
                    label="New scene",
                    lines=10,
                    max_lines=24,
                    elem_id="scene-script",
                    placeholder=PLACEHOLDER,
                    info="A play or a dialogue, each line with the name of who says it.",
                )
                build_earlier("scene-script")
                with gr.Row(elem_classes="buttons"):
                    self.prepare = gr.Button("Prepare this scene", variant="primary", elem_id="scene-go")
                    self.example = gr.Button("An example", elem_id="scene-example")
                self.trouble = html_piece(elem_id="scene-trouble", live=True)
                self.preparing = html_piece(elem_id="scene-preparing", live=True)
                self.narration = LiveDropdown(
                    self._narrations(), value=None, label="Scene", elem_id="scene",
                    info="Any narration of yours. Its voices are chosen on the Voiceover tab.",
                )  # fmt: skip
                self.part = gr.Radio([], label="Your part", elem_id="scene-part", visible=False)
            with gr.Column(scale=6, min_width=340):
                self.stage = html_piece(self._stage(None), elem_id="stage", on_draw="greenroom.stage(element)")
        self._making = gr.State("")
        self._timer = gr.Timer(TICK_SECONDS, active=False)

    @property
    def kept(self) -> dict[str, Any]:
        """The components whose values the browser keeps: the scene. rehearsal.js keeps the part, whose choices depend on the
        scene.
        """
        return {"scene": self.narration}

    def wire(self) -> None:
        """Connect every event."""
        made = [self.trouble, self.preparing, self._making, self._timer]
        self.prepare.click(self._prepare, self.script, made, **QUIET)
        example = NewText("scene-script", EXAMPLE, "The example")
        self.example.click(lambda: self._texts.give(example), None, self._texts.piece, **QUIET)
        looked = [self.preparing, self._timer, self.narration]
        self._timer.tick(self._look, self._making, looked, **QUIET)
        self.narration.change(self._scene_chosen, [self.narration, self.part], [self.part, self.stage], **QUIET)
        self.part.input(self._part_chosen, [self.narration, self.part], self.stage, **QUIET)
        clear_when_changed([self.script], self.trouble)

    @property
    def live(self) -> list[LiveList]:
        """The list of scenes, and the readiness, which depends on engines and voices."""
        scenes = LiveList(
            (Topic.OUTPUTS,), (), (self.narration,), lambda values: {self.narration: gr.update(choices=self._narrations())}
        )
        mended = LiveList((Topic.VOICES, Topic.ENGINES), (), (self.trouble,), lambda values: {self.trouble: ""})
        return [scenes, mended]

    def _narrations(self) -> list[tuple[str, str]]:
        found = [one for one in self._studio.library.list(limit=None, kinds=("audio",)) if _has_marks(one.companions)]
        return [(one.title or one.id, one.id) for one in found[:MOST_OFFERED]]

    # A new scene

    def _prepare(self, script: str) -> Updates:
        try:
            job = self._studio.jobs.submit(Voiceover.kind, {"script": script})
        except GreenroomError as error:
            return {self.trouble: problem_with_offer(self._studio, error)}
        return {
            self.trouble: "",
            self.preparing: _preparing(job),
            self._making: job.id,
            self._timer: gr.Timer(active=True),
        }

    @with_error_toast
    def _look(self, making: str) -> Updates:
        try:
            job = self._studio.jobs.get(making)
        except NotFound:
            return {self._timer: gr.Timer(active=False), self.preparing: ""}
        if not job.state.ended:
            return {self.preparing: _preparing(job)}
        done: Updates = {self.preparing: _preparing(job), self._timer: gr.Timer(active=False)}
        if job.state is JobState.DONE and job.outputs:
            done[self.narration] = gr.update(choices=self._narrations(), value=job.outputs[0].id)
        return done

    # The stage

    @with_error_toast
    def _scene_chosen(self, narration: str | None, part: str | None) -> Updates:
        scene, problem = self._scene(narration)
        if scene is None:
            return {self.part: gr.update(choices=[], value=None, visible=False), self.stage: self._stage(None, problem=problem)}
        named = [(one or NARRATOR, one) for one in scene.parts]
        chosen = part if part in scene.parts else next((one for one in scene.parts if one), scene.parts[0])
        return {
            self.part: gr.update(choices=named, value=chosen, visible=True),
            self.stage: self._stage(scene, chosen),
        }

    @with_error_toast
    def _part_chosen(self, narration: str | None, part: str | None) -> str:
        scene, problem = self._scene(narration)
        known = scene if scene is not None and part in scene.parts else None
        return self._stage(known, part or "", problem)

    def _scene(self, narration: str | None) -> tuple[RehearsalScene | None, str]:
        if not narration:
            return None, ""
        try:
            return scene_of(self._studio.library, narration), ""
        except GreenroomError as error:
            return None, str(error)

    def _stage(self, scene: RehearsalScene | None, part: str = "", problem: str = "") -> str:
        sound = "" if scene is None else output_url(scene.narration)
        own = 0 if scene is None else len(scene.own(part))
        return render("conversation/stage.html", scene=scene, part=part, sound=sound, own=own, problem=problem)


def _has_marks(companions: Any) -> bool:
    return any(path.suffix == MARKS for path in companions)


def _preparing(job: Job) -> str:
    return render("conversation/preparing.html", job=job)
