"""The capability "render_book": the audiobook of a board, as M4B with chapters and cover and an MP3 for each chapter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from capabilities.audiobook.files import BookFacts, MadeBook
from capabilities.audiobook.production import BookOrder, BookProduction, book_details, book_facts, listed
from capabilities.director.book.desk import BookDesk
from capabilities.director.book.script import BookScript
from capabilities.director.document.model import Project
from capabilities.director.film.capability import RenderFilm
from capabilities.director.film.desk import stamp_of
from capabilities.director.projects.yaml_file import project_at_start
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.join import SubtitleLimits
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.recipe import terms_of
from capabilities.voiceover.render import RenderedSegment
from capabilities.voiceover.run import NarrationRunner
from engines.contract import Device
from media.video.covers import cover_jpeg
from studio.jobs.capability import CPU_LANE, GPU_LANE, Capability, CapabilityDescription, JobContext, JobEstimate
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeEstimate
from studio.library import LibraryOutput, Recipe, RecipeInput
from studio.services import Services

_SPREAD = 0.25


class BookSpec(BaseModel):
    """One audiobook.

    Args:
        project: its id. version: of the board on submission; filled in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str = Field(min_length=1, max_length=120)
    version: int = Field(0, ge=0)
    title: str = Field("", max_length=200)


class RenderBook(Capability[BookSpec]):
    """The capability "render_book". A job uses the board as it was when its work began; sentences that are stored are not
    spoken again.

    Attributes:
        desk: reads projects as audiobooks.
    """

    kind: ClassVar[str] = "render_book"
    Spec = BookSpec

    def __init__(self, services: Services) -> None:
        self._services = services
        self._voiceover = services.capability(Voiceover)
        self._narrator = NarrationRunner(services)
        self._production = BookProduction(services.library, services.segments)
        self.desk = BookDesk(services, services.capability(RenderFilm).desk)

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Audiobook", "Director", has_form=False)

    def prepare(self, spec: BookSpec) -> BookSpec:
        """
        Raises:
            NotFound: no such project. InvalidInput: nothing is said in it, or a line or its cover cannot be. NotEnoughSpace.
        """
        if spec.version:
            return spec
        found = self.desk.projects.get(spec.project)
        project = found.document
        self._narrator.ensure_space(self.desk.read(project).plan)
        if project.book.cover:
            cover_jpeg(self.desk.files.find(found.folder, project.book.cover, "cover")[0])
        return spec.model_copy(update={"version": max(1, project.version), "title": spec.title or project.title})

    def title(self, spec: BookSpec) -> str:
        return spec.title or spec.project

    def lane(self, spec: BookSpec) -> str:
        segments = self.desk.read(self.desk.projects.get(spec.project).document).plan.segments
        cards = {one.role.engine_id: one.role.casting.engine_cls.card for one in segments}
        return GPU_LANE if any(card.device is Device.CUDA for card in cards.values()) else CPU_LANE

    def estimate(self, spec: BookSpec) -> JobEstimate:
        """
        Raises:
            NotFound, InvalidInput, EngineNotReady: as `prepare`.
        """
        state = self.desk.state(self.desk.projects.get(spec.project).document)
        known, seconds = state.price.measured, state.price.seconds
        time_told = RuntimeEstimate(
            seconds, exact=False, low=seconds * (1 - _SPREAD), high=seconds * (1 + _SPREAD), reckoned=not known
        )
        return JobEstimate("director", state.seconds, 0, time_told, True, f"{state.sentences} sentences are to be spoken.")

    def run(self, spec: BookSpec, context: JobContext) -> list[JobOutput]:
        """Speak what is missing, and write the files.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = self._production.outputs_of(context.job_id)
        if any(output.kind == "audio" for output in done):
            return listed(done)
        found = self.desk.projects.get(spec.project)
        project = project_at_start(found.document, context.scratch)
        script = self.desk.read(project, checked=True)
        order = self._order(spec, project, script, found.folder, context.job_id)
        progress = NarrationProgress(context, script.plan, self._voiceover.paces)

        def join(rendered: dict[str, RenderedSegment]) -> list[LibraryOutput]:
            return self._production.write(order, rendered, progress, context)

        return listed(self._narrator.speak_and(join, script.plan, context, progress))

    def _order(self, spec: BookSpec, project: Project, script: BookScript, folder: Path, job: str) -> BookOrder:
        book, settings = project.book, self._services.settings.voiceover
        cover, parent = None, ""
        if book.cover:
            path, output = self.desk.files.find(folder, book.cover, "cover")
            cover, parent = cover_jpeg(path), output.id if output else ""
        facts = BookFacts(project.title, book.author, book.narrator, book.date, book.description, book.chapter_files)
        limits = SubtitleLimits(settings.subtitle_line, settings.subtitle_lines, settings.subtitle_speed)

        def recipe(made: MadeBook, rendered: Mapping[str, RenderedSegment]) -> Recipe:
            voices = sorted({segment.role.voice_name for segment in script.plan.segments})
            return Recipe(
                kind=self.kind,
                job=job,
                engine="director",
                inputs=tuple(RecipeInput("voice", voice) for voice in voices),
                parents=(parent,) if parent else (),
                terms=terms_of(script.plan.segments),
                duration=made.seconds,
                facts=book_facts(script.plan, rendered, made),
                spec=spec.model_dump(mode="json"),
                details={
                    **book_details(script.plan, rendered, made), "project": spec.project, "board": stamp_of(project),
                },
            )  # fmt: skip

        return BookOrder(facts, script.plan, _comment(script), cover, limits, recipe)


def _comment(script: BookScript) -> str:
    """What the file itself tells of how it was made."""
    terms = terms_of(script.plan.segments)
    cards = {one.role.engine_id: one.role.casting.engine_cls.card for one in script.plan.segments}
    told = {
        "made_with": "Greenroom", "kind": "audiobook", "engines": {card.id: card.version for card in cards.values()},
        "voices": sorted({one.role.voice_name for one in script.plan.segments}), "licence": terms.licence,
        "commercial_use": terms.commercial_use,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
