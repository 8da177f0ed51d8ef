"""The capability "render_film": renders a film from a board: speech, shots, joining with captions and music."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from capabilities.common.outputs import finished_video
from capabilities.common.subtask import SubtaskContext
from capabilities.common.tags import video_tags
from capabilities.director.document.model import Project
from capabilities.director.film.desk import FilmDesk, stamp_of
from capabilities.director.film.pictures import PictureMaker
from capabilities.director.film.plan import FPS, QUALITY, FilmPlan
from capabilities.director.film.speech import shot_plan, timeline_of, whole
from capabilities.director.projects.files import named_files
from capabilities.director.projects.yaml_file import project_at_start
from capabilities.video.capability import TextToVideo, job_outputs
from capabilities.video.checks import bytes_of_clip
from capabilities.video.join import join_shots
from capabilities.video.shots import shot_list
from capabilities.video.sound import ClipAudio, ShotSpeech
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.join import Timeline
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.recipe import terms_of
from capabilities.voiceover.run import NarrationRunner
from engines.contract import Device
from media.text.formats import to_srt, to_vtt
from media.video.images import write_picture
from media.video.read import read_frames
from studio.artifacts.clips import StoredShot
from studio.errors import InvalidInput
from studio.files import write_json
from studio.jobs.capability import CPU_LANE, GPU_LANE, Capability, CapabilityDescription, JobContext, JobEstimate
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeEstimate, RuntimeStats
from studio.library import LibraryOutput, Recipe
from studio.licences import combined, terms_of_cards
from studio.services import Services

_SPREAD = 0.25


class FilmSpec(BaseModel):
    """One film.

    Args:
        project: its id.
        version: of the board on submission; filled in.
        approve: whether shots that are not approved are accepted; otherwise the film is refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str = Field(min_length=1, max_length=120)
    version: int = Field(0, ge=0)
    approve: bool = False
    title: str = Field("", max_length=200)


class RenderFilm(Capability[FilmSpec]):
    """The capability "render_film".

    A job uses the board as it was when its work began. All intermediate results are stored under the hash of their inputs, so
    that a film that was interrupted, or is rendered again with one changed line, makes only what is missing.

    Attributes:
        desk: reads projects as films, and stores them.
    """

    kind: ClassVar[str] = "render_film"
    Spec = FilmSpec

    def __init__(self, services: Services) -> None:
        self._services, self._library = services, services.library
        self._voiceover, self._video = services.capability(Voiceover), services.capability(TextToVideo)
        self._narrator = NarrationRunner(services)
        self.desk = FilmDesk(services)
        self.runtime_stats: RuntimeStats = self.desk.times.stats
        self._fonts = services.site.assets / "fonts" / "captions"

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Film", "Director", has_form=False)

    def prepare(self, spec: FilmSpec) -> FilmSpec:
        """Validate the board, and fill in its version.

        Raises:
            NotFound: no such project.
            InvalidInput: it has no shots, some are not approved, or a line or file of it is invalid.
        """
        found = self.desk.projects.get(spec.project)
        project = found.document
        if spec.version:
            return spec
        state = self.desk.state(project, found.folder)
        waiting = sum(not shot.approved for shot in project.shots())
        if waiting and not spec.approve:
            raise InvalidInput("project.not-approved", shots=waiting)
        frames = round(state.seconds * FPS)
        self._library.ensure_space(bytes_of_clip(frames, *_size(self.desk, project)), "this film")
        return spec.model_copy(update={"version": max(1, project.version), "title": spec.title or project.title})

    def title(self, spec: FilmSpec) -> str:
        return spec.title or spec.project

    def lane(self, spec: FilmSpec) -> str:
        project = self.desk.projects.get(spec.project).document
        speakers = {one.role.engine_id for plan in self.desk.read(project).plans.values() for one in plan.segments}
        cards = [self._services.catalog.get(name).card for name in speakers]
        return GPU_LANE if any(card.device is Device.CUDA for card in (*cards, self.desk.talker().card)) else CPU_LANE

    def estimate(self, spec: FilmSpec) -> JobEstimate:
        """Return the estimated time.

        Raises:
            NotFound, InvalidInput, EngineNotReady: as `prepare`.
        """
        found = self.desk.projects.get(spec.project)
        state = self.desk.state(found.document, found.folder)
        known, seconds = state.price.measured, state.price.seconds
        time_told = RuntimeEstimate(
            seconds, exact=False, low=seconds * (1 - _SPREAD), high=seconds * (1 + _SPREAD), reckoned=not known
        )
        told = f"{state.sentences} sentences and {state.steps} pictures are to be made."
        return JobEstimate("director", state.seconds, round(state.seconds * FPS), time_told, True, told)

    def run(self, spec: FilmSpec, context: JobContext) -> list[JobOutput]:
        """Speak, render and join what is missing.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, context.job_id)
        if done is not None:
            return job_outputs(done)
        began = time.monotonic()
        project, folder = self._board(spec, context)
        state = self.desk.state(project, folder)
        after = self.desk.times.join(_size(self.desk, project), round(state.seconds * FPS)).seconds
        speaking = sum(shot.price.seconds for shot in state.shots) and _share(state.sentences, state.price.seconds)
        timelines = self._spoken(project, context, speaking)
        plan = self.desk.plan(project, folder, timelines, _lengths(timelines))
        form = self.desk.form(project)
        maker = PictureMaker(
            form, self.desk.clips, self._services.segments, self.desk.faces, self._fonts, context, self._video.runtime_stats,
            self.desk.times,
        )  # fmt: skip
        joined = max(0.5, 1 - after / max(after, state.price.seconds))
        made = time.monotonic()
        clips = maker.make(plan, (speaking, joined), after)
        joining = time.monotonic()
        output = self._joined(spec, project, folder, plan, timelines, clips, context, joined)
        self.desk.times.learn_join(plan.size, plan.frames, time.monotonic() - joining)
        self.desk.times.learn_around(max(0.1, made - began - self._narrating(state.sentences, made - began)))
        self.desk.clips.prune()
        return job_outputs(output)

    @staticmethod
    def _narrating(sentences: int, seconds: float) -> float:
        """Return the seconds before the first picture that are speech, without the fixed overhead."""
        return seconds * 0.5 if sentences else 0.0

    def _board(self, spec: FilmSpec, context: JobContext) -> tuple[Project, Path]:
        """Return the board as it was when the work began, and the folder of its files."""
        found = self.desk.projects.get(spec.project)
        return project_at_start(found.document, context.scratch), found.folder

    def _spoken(self, project: Project, context: JobContext, share: float) -> dict[str, Timeline | None]:
        """Return the sound of every shot."""
        lines = self.desk.speech.plans(project)
        plans = {shot.id: shot_plan(shot, lines) for shot in project.shots()}
        everything = whole(plans.values())
        if not everything.segments:
            return dict.fromkeys(plans)
        inner = SubtaskContext(context, 0.0, share or 0.01)
        progress = NarrationProgress(inner, everything, self._voiceover.paces)
        spoken = self._narrator.speak(everything, inner, progress)
        return {name: timeline_of(plan, spoken) for name, plan in plans.items()}

    def _joined(
        self, spec: FilmSpec, project: Project, folder: Path, plan: FilmPlan, timelines: Mapping[str, Timeline | None],
        clips: list[StoredShot], context: JobContext, begin: float,
    ) -> LibraryOutput:  # fmt: skip
        work = context.scratch / "join"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        context.progress(begin, "Mixing the sound")
        placed = [shot.placed for shot in plan.shots]
        spoken = [ShotSpeech(timelines[shot.board.id]) for shot in plan.shots]
        music = self.desk.files.find(folder, project.music.file, "music")[0] if project.music.file else None
        track = None
        if music is not None or any(one.timeline for one in spoken):
            sound = ClipAudio(
                placed, spoken, self._services.segments, work, plan.seconds, music, project.music.level,
                self._services.settings.voiceover.loudness, self._services.settings.voiceover.true_peak,
            )  # fmt: skip
            track = iter(sound.levelled(context.check))
        recipe = self._recipe(spec, project, folder, plan, timelines, context)
        tags = video_tags(project.title, "from a board", recipe.terms)

        def report(share: float) -> None:
            context.progress(begin + (0.99 - begin) * share, "Joining the shots")

        target = work / "film.mp4"
        soft = plan.cues if project.captions.mode == "soft" else ()
        join_shots(target, placed, clips, FPS, plan.size, QUALITY, track, tags, report, soft)
        output = self._library.add(target, "video", project.title, recipe, self._companions(project, plan, target, work))
        shutil.rmtree(work, ignore_errors=True)
        return output

    def _companions(self, project: Project, plan: FilmPlan, target: Path, folder: Path) -> list[Path]:
        """Write poster, shot list and subtitles."""
        poster, listed = folder / "poster.jpg", folder / "shots.json"
        middle = plan.shots[0].placed.frames // 2
        write_picture(poster, next(read_frames(target, FPS, first=middle, count=1)).picture)
        rows = [
            {**row, "id": shot.board.id, "show": shot.board.show}
            for row, shot in zip(shot_list([one.placed for one in plan.shots], FPS), plan.shots, strict=True)
        ]
        write_json(listed, {"title": project.title, "fps": float(FPS), "shots": rows})
        made = [poster, listed]
        if plan.cues and project.captions.mode != "off":
            for name, text in (("film.srt", to_srt(plan.cues)), ("film.vtt", to_vtt(plan.cues))):
                (folder / name).write_text(text, encoding="utf-8")
                made.append(folder / name)
        return made

    def _recipe(
        self, spec: FilmSpec, project: Project, folder: Path, plan: FilmPlan, timelines: Mapping[str, Timeline | None],
        context: JobContext,
    ) -> Recipe:  # fmt: skip
        segments = [placed.segment for one in timelines.values() if one for placed in one.placed]
        outputs = [self.desk.files.find(folder, name, name)[1] for name in named_files(project)]
        parents = [one for one in outputs if one is not None]
        cards = [self.desk.form(project).engine.card]
        if any(shot.portrait for shot in plan.shots):
            cards += [self.desk.talker().card, self.desk.faces.analysis().card]
        facts = (f"{len(plan.shots)} shots", f"{plan.size[0]} × {plan.size[1]}", f"{plan.seconds:.0f} s")
        return Recipe(
            kind=self.kind, job=context.job_id, engine="director", seed=project.look.seed, duration=plan.seconds,
            parents=tuple(one.id for one in parents), facts=facts, spec=spec.model_dump(mode="json"),
            terms=combined((terms_of(segments), terms_of_cards(cards), *(one.terms for one in parents))),
            details={"project": spec.project, "board": stamp_of(project)},
        )  # fmt: skip


def _size(desk: FilmDesk, project: Project) -> tuple[int, int]:
    form = desk.form(project)
    return form.width, form.height


def _lengths(timelines: Mapping[str, Timeline | None]) -> dict[str, float]:
    return {name: one.duration if one else 0.0 for name, one in timelines.items()}


def _share(sentences: int, seconds: float) -> float:
    """Return the approximate share of a film's time for its speech."""
    return min(0.3, 0.5 * sentences / max(1.0, seconds)) if sentences else 0.0
