"""A studio that makes the film of one small project, and counts what each film made."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from capabilities.director.document.change import read_changes
from capabilities.director.document.model import BoardLine, BoardScene, BoardShot, CastMember, Look, Project
from capabilities.director.film.capability import RenderFilm
from capabilities.director.projects.open_project import OpenProject
from capabilities.registry import all_capabilities
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.settings import load_settings


class FilmMaker:
    """A studio with one small project, whose film is made again and again."""

    def __init__(self, folder: Path, project: Project | None = None) -> None:
        self.studio = Services.open(load_settings(data={"folder": folder}), all_capabilities)
        self.desk = self.studio.capability(RenderFilm).desk
        self.project = self.desk.projects.make(project or board())
        self.first = self.render()

    def render(self, project: OpenProject | None = None) -> Job:
        spec = {"project": (project or self.project).folder.name, "approve": True}
        job = self.studio.jobs.wait(self.studio.jobs.submit("render_film", spec).id, 120)
        assert job.state is JobState.DONE, job.error
        return job

    def change(self, *changes: dict[str, Any]) -> None:
        self.desk.projects.update(self.project.folder.name, read_changes(list(changes)))

    def made(self, job: Job) -> Counter[str]:
        """What a job made itself: sentences, and steps with their shots."""
        events = self.studio.jobs.events(job.id)
        steps = [f"{event.data['sort']} {event.data['shot']}" for event in events if event.kind == "step"]
        return Counter([*steps, *("sentence" for event in events if event.kind == "segment")])


def board() -> Project:
    shots = (
        BoardShot(id="s1", show="presenter", lines=(BoardLine(id="l1", text="Good evening."),)),
        BoardShot(
            id="s2", see="hills at dawn", lines=(BoardLine(id="l2", text="The sun is up."), BoardLine(id="l3", text="Look!"))
        ),
        BoardShot(id="s3", see="the sea at night", corner=True, lines=(BoardLine(id="l4", who="Tom", text="And then it sets."),)),
        BoardShot(id="s4", see="a forest", seconds=0.6),
    )
    cast = {"Eva": CastMember(portrait="samples/la-donna-velata.jpg"), "Tom": CastMember(portrait="samples/mona-lisa.jpg")}
    return Project(title="Sun", cast=cast, look=Look(height=144), scenes=(BoardScene(id="c", shots=shots),))
