"""A face that speaks: a picture or a video, and speech from a file, the library, or spoken from a text first."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from capabilities.common.face_spec import LipSyncSpec
from capabilities.common.inputs import InputResolver
from capabilities.common.rendering import (
    ANALYSIS_ENGINE,
    RenderEngineSelector,
    cleared,
    course_of,
    frames_for,
    fresh,
    joined,
    part_frames,
    poster,
    render_missing,
    reported,
    with_sync,
)
from capabilities.common.runtimes import FASTEST, RenderEstimate, RenderTimer, work_of
from capabilities.common.tags import video_tags
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract import Engine, EngineOptions
from engines.contract.faces import LipSyncRequest, ListenRequest, MouthTrack
from engines.contract.problem_size import ProblemSize
from media.audio.decode import probe
from media.video.images import is_image
from media.video.read import probe_video
from studio.errors import InvalidInput
from studio.jobs.capability import JobContext
from studio.jobs.model import JobOutput, JobState
from studio.jobs.runtime_stats import RuntimeStats
from studio.library import Library, LibraryOutput, Recipe, RecipeInput
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
"""What the player says of where the mouth's movement comes from."""


def _begins(spec: LipSyncSpec) -> tuple[float, float]:
    """Where listening and rendering begin in it: a text is spoken first, and its mouth is known from the voice."""
    return (0.25, 0.26) if spec.narration else (0.0, 0.05)


def input_resolver(services: Services) -> InputResolver:
    """Uploads, results and the sample portraits and voices may go into a job."""
    samples = (services.site.assets / "portraits", services.site.assets / "voices")
    return InputResolver(services.library, (services.paths.root / "uploads", services.paths.outputs, *samples))


@dataclass(frozen=True)
class _Speech:
    """The sound of one job, and where it comes from."""

    path: Path
    marks: Path | None
    parent: LibraryOutput | None
    seconds: float


class LipSync:
    """The production "lip_sync". Holds no state of a job: a resumed job goes on from the parts on disk."""

    kind: ClassVar[str] = "lip_sync"
    Spec: ClassVar[type[LipSyncSpec]] = LipSyncSpec

    def __init__(self, services: Services, voiceover: Voiceover) -> None:
        self._library = services.library
        self._voiceover = voiceover
        self._engines = RenderEngineSelector(services.catalog, services.site)
        self._shelf = input_resolver(services)
        self.book = RuntimeStats(services.paths.root / "lip-sync-runs.json")

    def forecast(self, spec: LipSyncSpec) -> RenderEstimate:
        """What a spec of a form amounts to, as far as that is known before the work.

        Raises:
            InvalidInput, NotFound, EngineNotReady, MediaError: what cannot be, in words.
        """
        face, _ = self._shelf.find(spec.face, "face")
        engine = self._engines.choose(spec.engine, "lip_sync")
        if spec.audio:
            seconds = probe(self._shelf.find(spec.audio, "audio")[0]).duration
        else:
            seconds = self._voiceover.estimate(spec.text, spec.voice).seconds_of_speech
        fps = Fraction(spec.fps).limit_denominator(1001)
        if not is_image(face):
            info = probe_video(face)
            fps, seconds = min(info.fps, FASTEST), info.duration if spec.length == "picture" else seconds
        seconds = min(seconds, spec.seconds) if spec.seconds else seconds
        frames = frames_for(seconds, fps) if seconds else 0
        known = self.book.seconds(work_of(engine.card.id, self.kind, face, frames)) if frames else None
        return RenderEstimate(engine.card.id, seconds, frames, known)

    def prepare(self, spec: LipSyncSpec) -> LipSyncSpec:
        """See that face, speech, engine and options can be; a text is prepared as a voiceover.

        Raises:
            InvalidInput, NotFound, EngineNotReady: what cannot work, in words.
        """
        self._shelf.find(spec.face, "face")
        if bool(spec.audio) == bool(spec.text.strip()):
            raise InvalidInput("A face needs something to say.", "Give either a recording or a text, and not both.")
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
            path, output = self._shelf.find(spec.audio, "audio")
            name = "Recording" if path.stem == "audio" else path.stem  # a browser's microphone gives files of that name
            changed["title"] = spec.title or (output.title if output else name)
        return spec.model_copy(update=changed)

    def title(self, spec: LipSyncSpec) -> str:
        return spec.title or "A speaking face"

    def lane(self, spec: LipSyncSpec) -> str:
        return self._engines.lane(spec.engine, "lip_sync")

    def run(self, spec: LipSyncSpec, context: JobContext) -> list[JobOutput]:
        """Speak the text where there is one, render what is missing, join, measure, shelve.

        Raises:
            EngineError, MediaError, NotEnoughSpace, StorageError, Cancelled.
        """
        done = finished_video(self._library, context.job_id)
        if done is not None:
            return [as_job_output(done)]
        face, face_output = self._shelf.keep(spec.face, "face", context.scratch)
        if spec.narration and is_image(face):
            with context.engine(ANALYSIS_ENGINE, self._ground_options()) as ground:
                ground.look(face, spec.choice)  # before anything is spoken for a face that cannot be used
        speech = self._speech(spec, context)
        engine = self._engines.choose(spec.engine, "lip_sync")
        options = self._engines.options(engine, spec.options)
        track = self._listen(spec, speech, context)
        request = self._request(spec, face, speech, track, context)
        self._library.ensure_space(2 * request.frames * _BYTES_PER_FRAME, "this video")
        clock = RenderTimer()
        parts = render_missing(
            request,
            lambda able, wanted: clock.of(able.lip_sync(wanted)),
            lambda: context.engine(engine, options),
            context,
            (_begins(spec)[1], _RENDERED),
        )
        clock.teach(self.book, engine.card.id, self.kind, face)
        context.progress(_RENDERED, "Joining picture and sound")
        fps = Fraction(*request.fps)
        result = context.scratch / "lip-sync.mp4"
        parents = [output for output in (face_output, speech.parent) if output is not None]
        cards = (engine.card, self._engines.choose(ANALYSIS_ENGINE, "lip_sync").card)
        terms = combined((terms_of_cards(cards), *(output.terms for output in parents)))
        tags = video_tags(spec.title, engine.card.title, terms)
        joined(parts, result, fps, speech.path, request.frames / float(fps), tags, context)
        report = reported(parts, result, fps, has_sound=True)
        with context.engine(ANALYSIS_ENGINE, self._ground_options()) as ground, context.span(_RENDERED, _MEASURED):
            report = with_sync(report, ground, result, fps, track, float(getattr(options, "expression", 1.0)))
        recipe = Recipe(
            kind=self.kind,
            job=context.job_id,
            engine=engine.card.id,
            engine_version=engine.card.version,
            voice=spec.voice.split("/")[-1],
            options=options.model_dump(mode="json"),
            seed=spec.seed,
            inputs=(RecipeInput.of_file("face", face), RecipeInput.of_file("audio", speech.path)),
            parents=tuple(output.id for output in parents),
            terms=terms,
            facts=(*report.facts(), _MOUTH_FROM.get(track.source, track.source)),
            spec=spec.model_dump(mode="json", exclude={"narration"}),
            details={
                "mouth_from": track.source,
                "report": report.as_dict(),
                "mouth": course_of(track, request.frames / float(fps)),
            },
        )
        output = self._library.add(result, "video", spec.title, recipe, [poster(face, context.scratch)])
        cleared(request.folder)
        return [as_job_output(output)]

    def _speech(self, spec: LipSyncSpec, context: JobContext) -> _Speech:
        output: LibraryOutput | None
        if spec.narration:
            made = self._voiceover.run(
                VoiceoverSpec.model_validate(spec.narration), SubtaskContext(context, 0.0, _begins(spec)[0])
            )
            path, output = Path(made[0].path), self._library.get(made[0].id)
        else:
            path, output = self._shelf.keep(spec.audio, "audio", context.scratch)
        marks = next((one for one in output.companions if one.suffix == ".json"), None) if output else None
        info = probe(path)
        if not info.has_audio:
            raise InvalidInput(f"{path.name} holds no sound.", "Use a sound file, or a video with sound.")
        return _Speech(path, marks, output, info.duration)

    def _listen(self, spec: LipSyncSpec, speech: _Speech, context: JobContext) -> MouthTrack:
        begin, end = _begins(spec)
        context.progress(begin, "Listening")
        request = ListenRequest(speech.path, speech.marks, spec.transcript, spec.language)
        with context.engine(ANALYSIS_ENGINE, self._ground_options()) as ground, context.span(begin, end):
            track: MouthTrack = ground.listen(request)
        return track

    def _ground_options(self) -> EngineOptions:
        return self._engines.options(self._engines.choose(ANALYSIS_ENGINE, "lip_sync"), {})

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


def beginning(text: str, seconds: float) -> str:
    """The first sentences of a text, surely longer than so many seconds of speech: a preview need not wait for the rest."""
    end = re.compile(r"[.!?…](?=\s)|[。！？\n]").search(text, round(seconds * _MOST_LETTERS_A_SECOND))
    return text[: end.end()] if end else text


class SubtaskContext:
    """A stage that fills a part of another one's progress, for a production that works inside another."""

    def __init__(self, context: JobContext, start: float, end: float) -> None:
        self._stage, self._start, self._width = context, start, end - start

    @property
    def job_id(self) -> str:
        return self._stage.job_id

    @property
    def scratch(self) -> Path:
        return self._stage.scratch

    def engine(
        self, engine: type[Engine] | str, options: EngineOptions, extent: ProblemSize | None = None
    ) -> AbstractContextManager[Any]:
        return self._stage.engine(engine, options, extent)

    def progress(self, fraction: float, note: str = "", eta_seconds: float | None = None) -> None:
        self._stage.progress(self._start + self._width * fraction, note)

    def span(self, start: float, end: float) -> AbstractContextManager[None]:
        return self._stage.span(self._start + self._width * start, self._start + self._width * end)

    def phase(self, state: JobState, note: str = "") -> None:
        self._stage.phase(state, note)

    def check(self) -> None:
        self._stage.check()

    def event(self, kind: str, **data: Any) -> None:
        self._stage.event(kind, **data)


def finished_video(library: Library, job_id: str) -> LibraryOutput | None:
    """The video that an earlier attempt at a job has put into the library: the server may have ended just then."""
    return next((output for output in library.list(limit=None, kinds=("video",)) if output.job == job_id), None)


def as_job_output(output: LibraryOutput) -> JobOutput:
    return JobOutput(output.id, str(output.path), output.kind)
