"""The capability "write_board": the language model writes a board as a job, which takes a minute or more and can be cancelled."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from capabilities.director.film.capability import RenderFilm
from capabilities.director.writing.model_writer import POINTS, board_by_model
from capabilities.director.writing.template import LONGEST_TOPIC, idea_of
from engines.contract import ChatRequest
from media.messages.message import Message
from studio.jobs.capability import CPU_LANE, Capability, CapabilityDescription, JobContext
from studio.jobs.model import JobOutput
from studio.language.errors import NoLanguageModelError
from studio.language.job_hooks import phases_of, stop_of
from studio.language.json_answers import Check
from studio.services import Services

PROJECT = "project"
"""The event with which a job tells the id of its project."""


class WriteSpec(BaseModel):
    """A board to write.

    Args:
        topic: one line.
        by: name of the model on submission.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str = Field(min_length=1, max_length=LONGEST_TOPIC)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    by: str = Field("", max_length=200)


class WriteBoard(Capability[WriteSpec]):
    """The capability "write_board". Its result is a project, which the event "project" names; there is no file."""

    kind: ClassVar[str] = "write_board"
    Spec = WriteSpec

    def __init__(self, services: Services) -> None:
        self._language, self._desk = services.language, services.capability(RenderFilm).desk
        self._services = services

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Board", "Director", has_form=False)

    def prepare(self, spec: WriteSpec) -> WriteSpec:
        """Validate the topic, and fill in the model.

        Raises:
            NoLanguageModelError: there is none.
            InvalidInput: there is no topic.
        """
        idea_of(spec.topic)
        status = self._language.status()
        if status.source == "none":
            raise NoLanguageModelError("llm.none")
        return spec.model_copy(update={"by": status.model or status.kind})

    def title(self, spec: WriteSpec) -> str:
        return " ".join(spec.topic.split())[:80]

    def lane(self, spec: WriteSpec) -> str:
        return CPU_LANE

    def run(self, spec: WriteSpec, context: JobContext) -> list[JobOutput]:
        """Write the board, and create its project.

        Raises:
            LanguageError, EngineError: the model gave no usable answer.
            Cancelled: the user cancelled.
        """
        if any(event.kind == PROJECT for event in self._services.jobs.events(context.job_id)):
            return []

        def told(answered: int) -> None:
            context.progress(answered / (POINTS + 1), f"Writing, part {answered + 1} of {POINTS + 1}")

        with self._language.model_in_use(stop_of(context), phases_of(context)) as llm:

            def ask(request: ChatRequest, check: Check[BaseModel]) -> BaseModel:
                return self._language.ask_shaped(llm, request, check, stop_of(context)).value

            made = board_by_model(spec.topic, spec.seed, ask, llm.name or spec.by, told)
        if made.bare:
            context.warn(Message.of("project.rows-not-written", rows=made.bare).reason())
        project = self._desk.projects.make(made.project)
        context.event(PROJECT, id=project.folder.name)
        return []
