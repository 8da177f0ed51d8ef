"""Portrait animation by the performance in a driving video."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from capabilities.common.face_warnings import face_warnings, warned
from capabilities.common.inputs import input_resolver
from capabilities.common.memory_fit import memory_fit
from capabilities.common.outputs import as_job_output, finished_video
from capabilities.common.render_engines import RenderEngineSelector, animates_videos
from capabilities.common.rendering import (
    MEASURED_SECONDS,
    RenderReport,
    cleared,
    finished,
    frames_for,
    fresh,
    part_frames,
    poster,
)
from capabilities.common.runtimes import FASTEST, render_measured, work_of
from capabilities.common.tags import video_tags
from capabilities.portrait.spec import PortraitSpec
from engines.analysis.mouth_measurement import agreement
from engines.contract import Engine, EngineOptions
from engines.contract.faces import AnimateRequest, RenderedPart
from media.video.images import is_image
from media.video.read import probe_video
from studio.errors import InvalidInput
from studio.jobs.capability import Capability, CapabilityDescription, JobContext, JobEstimate
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeStats
from studio.library import Recipe, RecipeInput
from studio.licences import combined, terms_of_card
from studio.services import Services

_BYTES_PER_FRAME = 60_000


_RENDERED = 0.88
"""Where rendering ends in the progress of a job."""


class AnimatePortrait(Capability[PortraitSpec]):
    """The capability "animate_portrait". Has no state of a job: a resumed job continues from the parts on disk."""

    kind: ClassVar[str] = "animate_portrait"
    Spec = PortraitSpec

    def __init__(self, services: Services) -> None:
        self._services, self._library = services, services.library
        self._engines = RenderEngineSelector(services.catalog, services.site)
        self._resolver = input_resolver(services)
        self.runtime_stats: RuntimeStats = RuntimeStats(services.paths.root / "portrait-runs.json")

    def estimate(self, spec: PortraitSpec) -> JobEstimate:
        """Return the estimate of a spec, as far as it is known before the work.

        Raises:
            InvalidInput, NotFound, EngineNotReady, MediaError: the job cannot work.
        """
        portrait, _ = self._resolver.find(spec.portrait, "portrait")
        driving, _ = self._resolver.find(spec.driving_video, "driving video")
        engine = self._engine(spec, portrait)
        seconds = _seconds(spec, portrait, driving)
        frames = frames_for(seconds, min(probe_video(driving).fps, FASTEST))
        known = self.runtime_stats.seconds(work_of(engine.card.id, self.kind, portrait, frames))
        return JobEstimate(engine.card.id, seconds, frames, known, *memory_fit(self._services, engine))

    def prepare(self, spec: PortraitSpec) -> PortraitSpec:
        """See that portrait, video, engine and options can be.

        Raises:
            InvalidInput, NotFound, EngineNotReady, MediaError: the job cannot work.
        """
        portrait, _ = self._resolver.find(spec.portrait, "portrait")
        driving, output = self._resolver.find(spec.driving_video, "driving video")
        if is_image(driving):
            raise InvalidInput("portrait.driving-video-still")
        probe_video(driving)
        engine = self._engine(spec, portrait)
        options = self._engines.options(engine, spec.options)
        return spec.model_copy(
            update={
                "engine": engine.card.id,
                "options": options.model_dump(mode="json", exclude_defaults=True),
                "title": spec.title or (output.title if output else driving.stem),
            }
        )

    def _engine(self, spec: PortraitSpec, portrait: Path) -> type[Engine]:
        """Return the engine of a spec; for a portrait that is a video, one that animates videos.

        Raises:
            InvalidInput, NotFound, EngineNotReady: there is none, or the requested one takes pictures only.
        """
        if is_image(portrait):
            return self._engines.choose(spec.engine, "animate")
        probe_video(portrait)
        engine = self._engines.choose(spec.engine, "animate", animates_videos)
        if not animates_videos(engine):
            raise InvalidInput("portrait.not-a-picture", engine=engine.card.title)
        return engine

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Animate portrait", "Lip-sync")

    def title(self, spec: PortraitSpec) -> str:
        return spec.title or "A portrait that performs"

    def lane(self, spec: PortraitSpec) -> str:
        return self._engines.lane(spec.engine, "animate")

    def run(self, spec: PortraitSpec, context: JobContext) -> list[JobOutput]:
        """Render what is missing, join with the driving video's sound, measure, add it to the library.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, context.job_id)
        if done is not None:
            return [as_job_output(done)]
        portrait, first = self._resolver.keep(spec.portrait, "portrait", context.scratch)
        driving, second = self._resolver.keep(spec.driving_video, "driving video", context.scratch)
        engine = self._engines.choose(spec.engine, "animate")
        options = self._engines.options(engine, spec.options)
        request = _request(spec, portrait, driving, context)
        parts = self._rendered(request, engine, options, context)
        result = context.scratch / "portrait.mp4"
        sound = driving if probe_video(driving).has_audio else None
        parents = [output for output in (first, second) if output is not None]
        terms = combined((terms_of_card(engine.card), *(output.terms for output in parents)))
        tags = video_tags(spec.title, engine.card.title, terms)
        report = finished(request, parts, result, sound, tags, context)
        report, likeness = self._measured(report, spec, (portrait, driving, result), context)
        recipe = Recipe(
            kind=self.kind,
            job=context.job_id,
            engine=engine.card.id,
            engine_version=engine.card.version,
            options=options.model_dump(mode="json"),
            seed=spec.seed,
            inputs=(RecipeInput.of_file("portrait", portrait), RecipeInput.of_file("driving video", driving)),
            parents=tuple(output.id for output in parents),
            terms=terms,
            facts=tuple(report.facts()),
            warnings=warned(context, face_warnings(report, likeness, "performance")),
            spec=spec.model_dump(mode="json"),
            details={"report": report.as_dict()},
        )
        output = self._library.add(result, "video", spec.title, recipe, [poster(portrait, context.scratch)])
        cleared(request.folder)
        return [as_job_output(output)]

    def _rendered(
        self, request: AnimateRequest, engine: type[Engine], options: EngineOptions, context: JobContext
    ) -> list[RenderedPart]:
        """Render the parts that are missing, and add the time that they took to what is known of this machine."""
        self._library.ensure_space(2 * request.frames * _BYTES_PER_FRAME, "this video")
        return render_measured(
            request,
            lambda able, wanted: able.animate(wanted),
            lambda: context.engine(engine, options),
            context,
            (0.0, _RENDERED),
            lambda timer: timer.record(self.runtime_stats, engine.card.id, self.kind, request.portrait),
        )

    def _measured(
        self, report: RenderReport, spec: PortraitSpec, files: tuple[Path, Path, Path], context: JobContext
    ) -> tuple[RenderReport, float]:
        """The mouth of the portrait against the mouth it followed, and the confidence that the portrait's face is human.

        Args:
            files: portrait, driving video, result.
        """
        portrait, driving, result = files
        fps = min(probe_video(driving).fps, FASTEST)
        count = min(report.frames, frames_for(MEASURED_SECONDS, fps))
        rate = [fps.numerator, fps.denominator]
        analysis = self._engines.analysis()
        with context.engine(analysis, analysis.Options()) as analyser:
            likeness = analyser.look(portrait, spec.choice)
            with context.span(0.90, 0.94):
                wanted = analyser.measure(driving, rate, count, spec.driving_choice)
            with context.span(0.94, 0.98):
                seen = analyser.measure(result, rate, count, spec.choice)
        if (np.isfinite(wanted.gaps) & np.isfinite(seen.gaps)).sum() < 8:
            return report, likeness
        correlation, lag = agreement(wanted.gaps, seen.gaps)
        return replace(report, correlation=round(correlation, 3), lag=lag), likeness


def _seconds(spec: PortraitSpec, portrait: Path, driving: Path) -> float:
    """Return the length of the result: of the shorter video, and at most what was asked for."""
    lengths = [probe_video(driving).duration]
    if not is_image(portrait):
        lengths.append(probe_video(portrait).duration)
    return min([*lengths, spec.seconds] if spec.seconds else lengths)


def _request(spec: PortraitSpec, portrait: Path, driving: Path, context: JobContext) -> AnimateRequest:
    fps = min(probe_video(driving).fps, FASTEST)
    seconds = _seconds(spec, portrait, driving)
    return AnimateRequest(
        portrait=portrait, driving=driving, folder=fresh(context.scratch / "parts"), fps=(fps.numerator, fps.denominator),
        frames=max(1, round(seconds * fps)), part_frames=part_frames(fps), choice=spec.choice,
        driving_choice=spec.driving_choice, quality=spec.quality, seed=spec.seed,
    )  # fmt: skip
