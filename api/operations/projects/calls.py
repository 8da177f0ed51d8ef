"""Calls about projects: boards that become films and audiobooks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.operations.answers.jobs import JobAnswer
from api.operations.answers.projects import (
    AdoptedTimeline,
    DeletedProject,
    FilmStateAnswer,
    ProjectAnswer,
    ProjectRowAnswer,
    ProjectVersion,
    ShotStateAnswer,
    SnapshotAnswer,
)
from api.operations.context import OperationContext
from api.operations.files import FileRef, InputFile
from api.operations.operation import Access, Group, Input
from capabilities.director.book.capability import RenderBook
from capabilities.director.book.importing import project_of_file
from capabilities.director.document.change import Replace, read_changes
from capabilities.director.document.model import Project
from capabilities.director.errors import ProjectConflict
from capabilities.director.film.capability import RenderFilm
from capabilities.director.film.desk import FilmDesk, FilmState
from capabilities.director.projects.open_project import OpenProject
from capabilities.director.timeline.exports import ProjectExports
from capabilities.director.writing.template import board_of
from media.documents.read import DOCUMENT_SUFFIXES
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.validation import validated

GROUP = Group("projects", "Projects", "Boards of scenes, shots and lines, and the films that are made of them.")
REFUSALS = (NotFound,)
_JOBS_LOOKED_AT = 200


class ProjectsInput(Input):
    archived: bool = Field(False, description="Those that are archived instead.")


class ProjectId(Input):
    project: str = Field(description="Its id, as `projects` lists it.")


class ProjectReadInput(ProjectId):
    film: bool = Field(False, description="Tell what of the film is there and what the rest will take.")


class MakeInput(Input):
    topic: str = Field("", description="What it is about, in a line: a board is written from it.")
    notes: str = Field("", description="A text that the board is made of, sentence by sentence.")
    title: str = Field("", description="Empty takes the topic.")
    document: dict[str, Any] = Field({}, description="A whole document instead, as `project` gives it.")
    copy_of: str = Field("", description="The id of a project to be copied instead.")
    restore: str = Field("", description="The key of a deleted project to be brought back instead, from `delete_project`.")
    seed: int = Field(0, description="Another one writes another board of the same topic.")


class ProjectImportInput(Input):
    file: InputFile = Field(
        description="What `export_project` gave, or a project's YAML; or a book, a script or subtitles: EPUB, DOCX, ODT, PDF, "
        "HTML, Markdown, TXT, SRT, VTT, SubStation, Fountain or CSV."
    )
    kind: str = Field("audiobook", description='What a book or a script is to become: "audiobook" or "film".')
    find_speakers: bool = Field(True, description="Find by rule who says what between quotation marks of a book.")


class UpdateInput(ProjectId):
    changes: list[dict[str, Any]] = Field(
        [],
        description='Each an object with "op": "set" (at, to), "insert" (at, item, after), "delete" (at), "move" (at, to, '
        'after), "rename" (at, to). All are made, or none. Addresses are "project", "look", "captions", "music", "book", '
        '"cast/NAME", "scenes/ID", "shots/ID" and "lines/ID", for "set" with ".field" behind.',
    )
    version: int = Field(-1, description="That the changes were made from; -1 writes over whatever came meanwhile.")
    turn: str = Field("", description='"undo" or "redo" instead of changes.')
    who: str = Field("", description="The editor's name, for the history.")


class RenderInput(ProjectId):
    approve: bool = Field(False, description="Take shots that nobody approved as they are.")


class ProjectExportInput(ProjectId):
    format: str = Field(
        "project",
        description='"project": one file with everything that it names, for another studio. "yaml": the document alone. '
        '"otio", "edl", "fcpxml": the film as a timeline. "srt", "vtt", "ass": its subtitles. "stems": a ZIP of one WAV for each '
        'voice and the music. "everything": a ZIP of the film, its clips with handles, stems, timelines, subtitles, recipe and '
        "project. All but the first two need the film's sound, the last one the film itself.",
    )


class TimelineImportInput(ProjectId):
    file: InputFile = Field(description='An edited OpenTimelineIO file (.otio) of what `export_project` gave as "otio".')
    version: int = Field(-1, description="Of the project, as for `update_project`.")


class SnapshotInput(ProjectId):
    name: str = Field("", description='What it is called; empty is "snapshot".')


class RestoreInput(ProjectId):
    snapshot: str = Field(description="Its id, as `snapshots` lists it.")
    who: str = Field("", description="The editor's name, for the history.")


@GROUP.operation(Access.READS)
def projects(context: OperationContext, call: ProjectsInput) -> list[ProjectRowAnswer]:
    """The projects, the last changed first."""
    return [ProjectRowAnswer(**vars(row)) for row in desk_of(context).projects.list(archived=call.archived)]


@GROUP.operation(Access.READS, errors=(*REFUSALS, GreenroomError), example={"project": "PROJECT"})
def project(context: OperationContext, call: ProjectReadInput) -> ProjectAnswer:
    """One project with its document; on request with what its film is now and what it will take."""
    desk = desk_of(context)
    found = desk.projects.get(call.project)
    return project_answer(context, found, film=call.film)


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"topic": "a lighthouse keeper who loses his light"})
def make_project(context: OperationContext, call: MakeInput) -> ProjectAnswer:
    """Make a project: a board written by rule from a topic or from notes, a document that is given, a copy, or one that was
    deleted."""
    desk = desk_of(context)
    if call.restore:
        desk.projects.take_back(call.restore)
        return project_answer(context, desk.projects.get(desk.projects.list()[0].id))
    if call.copy_of:
        return project_answer(context, desk.projects.duplicate(call.copy_of, call.title))
    if call.document:
        given = {name: value for name, value in call.document.items() if name not in ("id", "version")}
        made = validated(Project, {**given, **({"title": call.title} if call.title else {})})
    else:
        made = board_of(call.topic, call.notes, call.seed, "", call.title)
    return project_answer(context, desk.projects.make(made))


@GROUP.operation(Access.WRITES, errors=(GreenroomError,), example={"file": "@PROJECT"})
def import_project(context: OperationContext, call: ProjectImportInput) -> ProjectAnswer:
    """Make a project of an exported file, or of a book, a script or subtitles: chapters become scenes, paragraphs shots, and who
    speaks is found; lines to look at have `doubt` and `other`. Its id is a new one where the old is taken."""
    desk = desk_of(context)
    if call.file.suffix.lower() not in DOCUMENT_SUFFIXES:
        return project_answer(context, desk.projects.take_in(call.file))
    if call.kind not in ("audiobook", "film"):
        raise InvalidInput("project.kind-unknown", kind=call.kind[:20])
    kind: Literal["film", "audiobook"] = "film" if call.kind == "film" else "audiobook"
    read = project_of_file(call.file, context.files.uploads, find_speakers=call.find_speakers, kind=kind)
    return project_answer(context, desk.projects.make(read))


@GROUP.operation(
    Access.WRITES,
    errors=(*REFUSALS, ProjectConflict),
    example={"project": "PROJECT", "changes": [{"op": "set", "at": "project.title", "to": "Lamps"}]},
)
def update_project(context: OperationContext, call: UpdateInput) -> ProjectVersion:
    """Change a project, field by field; changes of others to other fields stay. A field that somebody changed since the version
    that was seen is refused with both values and the present version (HTTP 409)."""
    desk = desk_of(context)
    found = desk.projects.get(call.project)
    if call.turn not in ("", "undo", "redo"):
        raise InvalidInput("project.turn-unknown", turn=call.turn[:20])
    if call.turn:
        entry = found.undo(call.who) if call.turn == "undo" else found.redo(call.who)
    else:
        changes = read_changes(context.files.in_spec({"changes": call.changes})["changes"])
        if any(isinstance(one, Replace) for one in changes):
            raise InvalidInput("project.replaced-whole")
        base = None if call.version < 0 else call.version
        entry = desk.projects.update(call.project, changes, base, call.who)
    return ProjectVersion(id=call.project, version=entry.version, touched=list(entry.touched))


@GROUP.operation(Access.READS, errors=(*REFUSALS, GreenroomError), example={"project": "PROJECT"})
def estimate_project(context: OperationContext, call: ProjectId) -> FilmStateAnswer:
    """How long the film lasts, what of it is there, and what the rest will take on this machine; nothing is queued."""
    desk = desk_of(context)
    found = desk.projects.get(call.project)
    return film_answer(state_of(context, found))


@GROUP.operation(Access.WRITES, errors=(*REFUSALS, GreenroomError), example={"project": "PROJECT", "approve": True})
def render_project(context: OperationContext, call: RenderInput) -> JobAnswer:
    """Make the film or the audiobook; gives the job at once. Only what is missing or was changed is made."""
    if desk_of(context).projects.get(call.project).document.kind == "audiobook":
        return context.job(context.studio.jobs.submit(RenderBook.kind, {"project": call.project}))
    return context.job(context.studio.jobs.submit(RenderFilm.kind, {"project": call.project, "approve": call.approve}))


@GROUP.operation(Access.READS, errors=(*REFUSALS, GreenroomError), example={"project": "PROJECT"})
def export_project(context: OperationContext, call: ProjectExportInput) -> FileRef:
    """The project as a file: for another studio, for an editing program, or with all that was made of it."""
    path = exports_of(context).write(call.project, call.format, context.files.uploads / "projects")
    return context.file(path, f"/media/projects/{path.name}")


@GROUP.operation(
    Access.WRITES, errors=(*REFUSALS, ProjectConflict, GreenroomError),
    example={"project": "PROJECT", "file": "@TIMELINE"},
)  # fmt: skip
def import_timeline(context: OperationContext, call: TimelineImportInput) -> AdoptedTimeline:
    """Take the order and the lengths of an edited timeline into the board, as one change that can be undone. Shots that were cut
    out are removed; a spoken shot keeps all its words; what cannot be taken is told. Only what changed is made again."""
    base = None if call.version < 0 else call.version
    done = exports_of(context).take_back(call.project, call.file, base)
    return AdoptedTimeline(
        id=call.project, version=done.version, resized=list(done.adoption.resized), moved=list(done.adoption.moved),
        removed=list(done.adoption.removed), notes=[note.reason() for note in done.adoption.notes],
    )  # fmt: skip


@GROUP.operation(Access.DELETES, errors=REFUSALS, example={"project": "OLDPROJECT"})
def delete_project(context: OperationContext, call: ProjectId) -> DeletedProject:
    """Remove a project with its files; its films stay in the library. For half an hour it can be had back."""
    return DeletedProject(id=call.project, key=desk_of(context).projects.delete(call.project))


@GROUP.operation(Access.READS, errors=REFUSALS, example={"project": "PROJECT"})
def snapshots(context: OperationContext, call: ProjectId) -> list[SnapshotAnswer]:
    """The snapshots of a project, the newest first."""
    return [SnapshotAnswer(**vars(one)) for one in desk_of(context).projects.snapshots(call.project)]


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"project": "PROJECT", "name": "before the cut"})
def keep_snapshot(context: OperationContext, call: SnapshotInput) -> SnapshotAnswer:
    """Keep a project as it is now under a name."""
    return SnapshotAnswer(**vars(desk_of(context).projects.snapshot(call.project, call.name[:200])))


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"project": "PROJECT", "snapshot": "SNAPSHOT"})
def restore_snapshot(context: OperationContext, call: RestoreInput) -> ProjectVersion:
    """Make a project what it was at a snapshot, as one change that can be undone."""
    entry = desk_of(context).projects.restore(call.project, call.snapshot, call.who)
    return ProjectVersion(id=call.project, version=entry.version, touched=list(entry.touched))


def desk_of(context: OperationContext) -> FilmDesk:
    """What holds the projects."""
    return context.studio.capability(RenderFilm).desk


def exports_of(context: OperationContext) -> ProjectExports:
    """What gives projects out and takes timelines back."""
    return ProjectExports(context.studio, desk_of(context))


def project_answer(context: OperationContext, found: OpenProject, *, film: bool = False) -> ProjectAnswer:
    """A project as an answer; a film that cannot be is told in `problem`."""
    document, told, problem = found.document, None, ""
    if film:
        try:
            told = film_answer(state_of(context, found))
        except GreenroomError as error:
            problem = str(error)
    return ProjectAnswer(
        id=document.id, title=document.title, version=document.version, can_undo=found.can_undo, can_redo=found.can_redo,
        document=document.as_stored(), film=told, job=_last_job(context, document.id), problem=problem,
    )  # fmt: skip


def state_of(context: OperationContext, found: OpenProject) -> FilmState:
    """What of the film or of the audiobook of a project is there, and what the rest will take."""
    document = found.document
    if document.kind == "audiobook":
        return context.studio.capability(RenderBook).desk.state(document)
    return desk_of(context).state(document, found.folder)


def _last_job(context: OperationContext, project_id: str) -> str:
    made = context.studio.jobs.list(kinds=[RenderFilm.kind, RenderBook.kind], limit=_JOBS_LOOKED_AT)
    return next((job.id for job in made if job.spec.get("project") == project_id), "")


def film_answer(state: FilmState) -> FilmStateAnswer:
    shots = [
        ShotStateAnswer(
            sounds=[f"media/segments/{key}" for line in one.lines for key in line.keys],
            id=one.id,
            seconds=one.seconds,
            spoken=one.spoken,
            ready=one.ready,
            price_seconds=round(one.price.seconds, 1),
        )
        for one in state.shots
    ]
    return FilmStateAnswer(
        seconds=round(state.seconds, 2), price_seconds=round(state.price.seconds, 1), measured=state.price.measured,
        sentences=state.sentences, steps=state.steps, shots=shots,
    )  # fmt: skip
