"""The capability "export_project": stems, or everything of a film, as a ZIP in the library."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from capabilities.common.outputs import as_job_output
from capabilities.director.film.capability import RenderFilm
from capabilities.director.projects.yaml_file import project_at_start
from capabilities.director.timeline.exports import ProjectExports
from capabilities.voiceover.recipe import terms_of
from studio.files import slug
from studio.jobs.capability import CPU_LANE, Capability, CapabilityDescription, JobContext
from studio.jobs.model import JobOutput
from studio.library import Recipe
from studio.services import Services

_NAME_BYTES = 80


class ExportSpec(BaseModel):
    """One ZIP.

    Args:
        project: its id.
        format: "stems" or "everything", as for the call `export_project`.
        title: of the result; filled in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str = Field(min_length=1, max_length=120)
    format: Literal["stems", "everything"] = "everything"
    title: str = Field("", max_length=240)


class ExportProject(Capability[ExportSpec]):
    """The capability "export_project". A job uses the board as it was when its work began; clips that an interrupted attempt
    completed are not written again.

    Attributes:
        exports: writes projects as files.
    """

    kind: ClassVar[str] = "export_project"
    Spec = ExportSpec

    def __init__(self, services: Services) -> None:
        self._library, self._desk = services.library, services.capability(RenderFilm).desk
        self.exports = ProjectExports(services, self._desk)

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Export", "Director", has_form=False)

    def prepare(self, spec: ExportSpec) -> ExportSpec:
        """Check that all that goes in exists.

        Raises:
            NotFound: no such project.
            InvalidInput: it is not spoken, nobody speaks, or the film was not rendered from the present board.
            NotEnoughSpace.
        """
        if spec.title:
            return spec
        film = self.exports.spoken(spec.project)
        self.exports.archive.film_for(film, spec.format)
        return spec.model_copy(update={"title": f"{film.project.title} ({spec.format})"})

    def title(self, spec: ExportSpec) -> str:
        return spec.title or spec.project

    def lane(self, spec: ExportSpec) -> str:
        return CPU_LANE

    def run(self, spec: ExportSpec, context: JobContext) -> list[JobOutput]:
        """Write the ZIP and add it to the library.

        Raises:
            InvalidInput, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = [output for output in self._library.list(limit=None, kinds=("archive",)) if output.job == context.job_id]
        if done:
            return [as_job_output(done[0])]
        found = self._desk.projects.get(spec.project)
        project = project_at_start(found.document, context.scratch)
        film = self.exports.spoken_of(project, found.folder)
        rendered = self.exports.archive.film_for(film, spec.format)
        target = context.scratch / "export.zip"
        name = slug(project.title, "film", _NAME_BYTES)
        self.exports.archive.write(film, spec.format, name, target, context.scratch / "export", context.progress)
        segments = [one.segment for shot in film.plan.shots if shot.timeline for one in shot.timeline.placed]
        recipe = Recipe(
            kind=self.kind, job=context.job_id, engine="director", parents=(rendered.id,) if rendered else (),
            terms=terms_of(segments), spec=spec.model_dump(mode="json"), details={"project": spec.project},
        )  # fmt: skip
        output = self._library.add(target, "archive", spec.title, recipe, name=f"{name}-{spec.format}")
        return [as_job_output(output)]
