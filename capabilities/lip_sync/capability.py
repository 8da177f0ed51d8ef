"""Lip-sync: a picture or a video with speech from a file, from the library, or synthesised from a text."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from capabilities.common.face_warnings import face_warnings, warned
from capabilities.common.inputs import input_resolver
from capabilities.common.memory_fit import memory_fit
from capabilities.common.outputs import as_job_output, finished_video
from capabilities.common.render_engines import RenderEngineSelector
from capabilities.common.rendering import cleared, course_of, finished, frames_for, fresh, part_frames, poster, with_sync
from capabilities.common.runtimes import FASTEST, render_measured, work_of
from capabilities.common.short_video import lengthened
from capabilities.common.subtask import SubtaskContext
from capabilities.common.tags import video_tags
from capabilities.lip_sync.spec import LipSyncSpec
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract import Engine, EngineOptions
from engines.contract.analysis import AnalysisEngine, MouthTrackRequest
from engines.contract.faces import LipSyncRequest, MouthTrack, RenderedPart
from media.audio.decode import probe
from media.video.images import is_image
from media.video.read import probe_video
from studio.errors import InvalidInput
from studio.jobs.capability import Capability, CapabilityDescription, JobContext, JobEstimate
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeStats
from studio.library import LibraryOutput, Recipe, RecipeInput
from studio.licences import combined, terms_of_cards
from studio.services import Services

_BYTES_PER_FRAME = 60_000
_MOST_LETTERS_A_SECOND = 30
"""Faster than any voice speaks."""
_RENDERED, _MEASURED = 0.96, 0.99
"""Where the last stages of a job end in its progress."""

_MOUTH_FROM = {
    "exact": "mouth from the voice's own times",
    "aligned": "mouth aligned to the text",
    "phones": "mouth from recognised sounds",
    "loudness": "mouth from loudness",
}
"""The player's note on the source of the mouth's movement."""


def _begins(spec: LipSyncSpec) -> tuple[float, float]:
    """Where listening and rendering begin in it: a text is spoken first, and its mouth is known from the voice."""
    return (0.25, 0.26) if spec.narration else (0.0, 0.05)


@dataclass(frozen=True)
class _Speech:
    """The sound of one job, and where it comes from."""

    path: Path
    marks: Path | None
    parent: LibraryOutput | None
    seconds: float


class LipSync(Capability[LipSyncSpec]):
    """The capability "lip_sync". Has no state of a job: a resumed job continues from the parts on disk."""

    kind: ClassVar[str] = "lip_sync"
    Spec = LipSyncSpec

    def __init__(self, services: Services) -> None:
        self._services, self._library = services, services.library
        self._voiceover = services.capability(Voiceover)
        self._engines = RenderEngineSelector(services.catalog, services.site)
        self._resolver = input_resolver(services)
        self.runtime_stats: RuntimeStats = RuntimeStats(services.paths.root / "lip-sync-runs.json")

    def estimate(self, spec: LipSyncSpec) -> JobEstimate:
        """Return the estimate of a spec, as far as it is known before the work.

        Raises:
            InvalidInput, NotFound, EngineNotReady, MediaError: the job cannot work.
        """
        face, _ = self._resolver.find(spec.face, "face")
        engine = self._engines.choose(spec.engine, "lip_sync")
        if spec.audio:
            seconds = probe(self._resolver.find(spec.audio, "audio")[0]).duration
        else:
            seconds = self._voiceover.count(spec.text, spec.voice).seconds_of_speech
        fps = Fraction(spec.fps).limit_denominator(1001)
        if not is_image(face):
            info = probe_video(face)
            fps, seconds = min(info.fps, FASTEST), info.duration if spec.length == "picture" else seconds
        seconds = min(seconds, spec.seconds) if spec.seconds else seconds
        frames = frames_for(seconds, fps) if seconds else 0
        known = self.runtime_stats.seconds(work_of(engine.card.id, self.kind, face, frames)) if frames else None
        return JobEstimate(engine.card.id, seconds, frames, known, *memory_fit(self._services, engine))

    def prepare(self, spec: LipSyncSpec) -> LipSyncSpec:
        """See that face, speech, engine and options can be; a text is prepared as a voiceover.

        Raises:
            InvalidInput, NotFound, EngineNotReady, MediaError: the job cannot work.
        """
        face, _ = self._resolver.find(spec.face, "face")
        if not is_image(face):
            probe_video(face)  # a damaged file is refused by its own name, before it waits for its turn
        if bool(spec.audio) == bool(spec.text.strip()):
            raise InvalidInput("lipsync.nothing-to-say")
        engine = self._engines.choose(spec.engine, "lip_sync")
        options = self._engines.options(engine, spec.options)
        changed: dict[str, Any] = {
            "engine": engine.card.id,
            "options": options.model_dump(mode="json", exclude_defaults=True),
        }
        if spec.text:
            script = beginning(spec.text, spec.seconds) if spec.seconds else spec.text
            made = self._voiceover.prepare(VoiceoverSpec(script=script, voice=spec.voice, title=spec.title))
            changed |= {"narration": made.model_dump(mode="json"), "voice": made.voice, "title": spec.title or made.title}
        else:
            path, output = self._resolver.find(spec.audio, "audio")
            probe(path)
            name = "Recording" if path.stem == "audio" else path.stem  # a browser's microphone gives files of that name
            changed["title"] = spec.title or (output.title if output else name)
        return spec.model_copy(update=changed)

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Lip sync", "Lip-sync")

    def title(self, spec: LipSyncSpec) -> str:
        return spec.title or "A speaking face"

    def lane(self, spec: LipSyncSpec) -> str:
        return self._engines.lane(spec.engine, "lip_sync")

    def run(self, spec: LipSyncSpec, context: JobContext) -> list[JobOutput]:
        """Speak the text where there is one, render what is missing, join, measure, add it to the library.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, context.job_id)
        if done is not None:
            return [as_job_output(done)]
        face, face_output = self._resolver.keep(spec.face, "face", context.scratch)
        with self._analyser(context) as analyser:
            likeness = analyser.look(face, spec.choice)  # before anything is spoken for a face that cannot be used
        speech = self._speech(spec, context)
        engine = self._engines.choose(spec.engine, "lip_sync")
        options = self._engines.options(engine, spec.options)
        track = self._mouth_track(spec, speech, context)
        request = self._request(spec, face, speech, track, context)
        request = _long_enough(request, str(getattr(options, "short_video", "hold")), context)
        parts = self._rendered(request, engine, options, context, _begins(spec)[1], face)
        fps = Fraction(*request.fps)
        result = context.scratch / "lip-sync.mp4"
        recipe = self._recipe(spec, context.job_id, engine, options, (face, face_output), speech)
        tags = video_tags(spec.title, engine.card.title, recipe.terms)
        report = finished(request, parts, result, speech.path, tags, context)
        with self._analyser(context) as analyser, context.span(_RENDERED, _MEASURED):
            report = with_sync(report, analyser, result, fps, spec.choice, track, float(getattr(options, "expression", 1.0)))
        warnings = warned(context, face_warnings(report, likeness))
        course = course_of(track, request.frames / float(fps))
        recipe = replace(
            recipe,
            facts=(*report.facts(), _MOUTH_FROM.get(track.source, track.source)),
            warnings=warnings,
            details={"mouth_from": track.source, "report": report.as_dict(), "mouth": course},
        )
        output = self._library.add(result, "video", spec.title, recipe, [poster(face, context.scratch)])
        cleared(request.folder)
        return [as_job_output(output)]

    def _rendered(
        self, request: LipSyncRequest, engine: type[Engine], options: EngineOptions, context: JobContext, begin: float, face: Path
    ) -> list[RenderedPart]:
        """Render the parts that are missing, from `begin` of the progress on, and note the time that a face like this takes."""
        self._library.ensure_space(2 * request.frames * _BYTES_PER_FRAME, "this video")
        return render_measured(
            request,
            lambda able, wanted: able.lip_sync(wanted),
            lambda: context.engine(engine, options),
            context,
            (begin, _RENDERED),
            lambda timer: timer.record(self.runtime_stats, engine.card.id, self.kind, face),
        )

    def _speech(self, spec: LipSyncSpec, context: JobContext) -> _Speech:
        output: LibraryOutput | None
        if spec.narration:
            made = self._voiceover.run(
                VoiceoverSpec.model_validate(spec.narration), SubtaskContext(context, 0.0, _begins(spec)[0])
            )
            path, output = Path(made[0].path), self._library.get(made[0].id)
        else:
            path, output = self._resolver.keep(spec.audio, "audio", context.scratch)
        marks = next((one for one in output.companions if one.suffix == ".json"), None) if output else None
        info = probe(path)
        if not info.has_audio:
            raise InvalidInput("sound.none-in-file", file=path.name)
        return _Speech(path, marks, output, info.duration)

    def _mouth_track(self, spec: LipSyncSpec, speech: _Speech, context: JobContext) -> MouthTrack:
        begin, end = _begins(spec)
        context.progress(begin, "Listening")
        request = MouthTrackRequest(speech.path, speech.marks, spec.transcript, spec.language)
        with self._analyser(context) as analyser, context.span(begin, end):
            return analyser.track_mouth(request)

    def _analyser(self, context: JobContext) -> AbstractContextManager[AnalysisEngine]:
        engine = self._engines.analysis()
        return context.engine(engine, engine.Options())

    def _request(self, spec: LipSyncSpec, face: Path, speech: _Speech, track: MouthTrack, context: JobContext) -> LipSyncRequest:
        seconds = max(speech.seconds, track.duration - 0.02)
        if is_image(face):
            fps = Fraction(spec.fps).limit_denominator(1001)
        else:
            info = probe_video(face)
            fps = min(info.fps, FASTEST)
            seconds = info.duration if spec.length == "picture" else seconds
        if spec.seconds:
            seconds = min(seconds, spec.seconds)
        return LipSyncRequest(
            face=face, sound=speech.path, mouth=track, folder=fresh(context.scratch / "parts"),
            fps=(fps.numerator, fps.denominator), frames=frames_for(seconds, fps), part_frames=part_frames(fps),
            choice=spec.choice, quality=spec.quality, seed=spec.seed,
        )  # fmt: skip

    def _recipe(
        self,
        spec: LipSyncSpec,
        job_id: str,
        engine: type[Engine],
        options: EngineOptions,
        face: tuple[Path, LibraryOutput | None],
        speech: _Speech,
    ) -> Recipe:
        """What is known before the result is measured."""
        parents = [output for output in (face[1], speech.parent) if output is not None]
        engines = terms_of_cards((engine.card, self._engines.analysis().card))
        return Recipe(
            kind=self.kind,
            job=job_id,
            engine=engine.card.id,
            engine_version=engine.card.version,
            voice=spec.voice.split("/")[-1],
            options=options.model_dump(mode="json"),
            seed=spec.seed,
            inputs=(RecipeInput.of_file("face", face[0]), RecipeInput.of_file("audio", speech.path)),
            parents=tuple(output.id for output in parents),
            terms=combined((engines, *(output.terms for output in parents))),
            spec=spec.model_dump(mode="json", exclude={"narration"}),
        )


def _long_enough(request: LipSyncRequest, manner: str, context: JobContext) -> LipSyncRequest:
    """The same with a video as long as the result, extended as the option says."""
    if is_image(request.face):
        return request
    folder = fresh(context.scratch / "longer")
    return replace(request, face=lengthened(request.face, request.frames, Fraction(*request.fps), manner, folder, context))


def beginning(text: str, seconds: float) -> str:
    """Return the first sentences of a text, enough for a preview of some seconds of speech."""
    end = re.compile(r"[.!?…](?=\s)|[。！？\n]").search(text, round(seconds * _MOST_LETTERS_A_SECOND))
    return text[: end.end()] if end else text
