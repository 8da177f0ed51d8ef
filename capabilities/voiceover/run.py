"""The work of a narration, shared by all capabilities with speech: speaking what is missing, joining, adding the result to the
library."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from capabilities.voiceover.join import SegmentMissing, SubtitleLimits, Timeline, assemble, blocks, lay_out
from capabilities.voiceover.plan import Plan, PlannedSegment
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.recipe import RecipeOrigin, recipe_of, tags_of, terms_of
from capabilities.voiceover.render import FAILED, RenderedSegment, render_missing
from capabilities.voiceover.spec import VoiceoverSpec
from capabilities.voiceover.take_review import TakeReviewer
from engines.contract import SpeechTraits
from media.audio.audio import Audio
from media.audio.encode import AUDIO_FORMATS, AudioWriter
from media.audio.normalisation import NormalisedStream, normalise_loudness
from media.messages.message import Message
from media.text.formats import to_srt, to_vtt
from studio.errors import EngineError, StorageError
from studio.files import write_json
from studio.jobs.capability import JobContext
from studio.jobs.model import JobOutput
from studio.library import LibraryOutput
from studio.services import Services
from studio.settings import VoiceoverSettings

_JOIN_ATTEMPTS = 3
_SPEECH_PER_CHARACTER = 1 / 13

Result = TypeVar("Result")


class NarrationRunner:
    """Speaks and joins for any job; has no state of a job."""

    def __init__(self, services: Services) -> None:
        self._services, self._segments, self._library = services, services.segments, services.library
        self._reviews = TakeReviewer(self._settings, services.segments, services.catalog, services.site)

    @property
    def _settings(self) -> VoiceoverSettings:
        return self._services.settings.voiceover

    def outputs_of(self, job_id: str) -> list[LibraryOutput]:
        """Return audio that an earlier attempt at this job has added to the library, if the server ended just after that."""
        return [output for output in self._library.list(limit=None, kinds=("audio",)) if output.job == job_id]

    def ensure_space(self, planned: Plan) -> None:
        """Check that segments, programme and file fit on the disk, with space to spare.

        Raises:
            NotEnoughSpace: with the numbers.
        """
        cards = (segment.role.casting.engine_cls.card for segment in planned.segments)
        rate = max((card.traits_of(SpeechTraits).sample_rate or 24_000 for card in cards), default=0)
        pauses = sum(segment.pause_before for segment in planned.segments) + planned.tail_pause
        needed = (planned.characters * _SPEECH_PER_CHARACTER * 2 + pauses) * rate * 4 * 1.5
        self._library.ensure_space(int(needed), "this narration")

    def speak_and(
        self,
        join: Callable[[dict[str, RenderedSegment]], Result],
        planned: Plan,
        context: JobContext,
        progress: NarrationProgress,
    ) -> Result:
        """Render what is missing and join it; a segment that is removed meanwhile is rendered again."""
        for _ in range(_JOIN_ATTEMPTS):
            all_rendered = self.checked(self.speak(planned, context, progress), planned, context, progress)
            try:
                return join(all_rendered)
            except SegmentMissing:
                continue
        raise StorageError("narration.pieces-vanish", retryable=True)

    def speak(self, planned: Plan, context: JobContext, progress: NarrationProgress) -> dict[str, RenderedSegment]:
        """Return all segments of a plan by key: complete stored ones are reused, the others are rendered now."""
        for former, voice in planned.replaced_voices.items():
            context.warn(Message.of("narration.voice-replaced", former=former, voice=voice).reason())
        self._make_voices(planned, context)
        all_rendered: dict[str, RenderedSegment] = {}
        missing: dict[str, PlannedSegment] = {}
        for segment in planned.segments:
            if segment.key in all_rendered or segment.key in missing:
                continue
            context.check()
            stored = self._segments.get(segment.key)
            if stored is None:
                missing[segment.key] = segment
            else:
                all_rendered[segment.key] = RenderedSegment.of(stored)
        progress.start(missing.keys())

        def kept(segment: PlannedSegment, rendered: RenderedSegment) -> None:
            seconds, problems = round(rendered.duration, 3), [str(problem) for problem in rendered.problems]
            context.event("segment", id=segment.id, index=segment.index, seconds=seconds, problems=problems)
            progress.rendered(segment, rendered)

        failures: list[EngineError] = []

        def failed(segment: PlannedSegment, error: EngineError) -> None:
            failures.append(error)
            all_rendered[segment.key] = self._mark_unspoken(segment, error, context)
            progress.rendered(segment, all_rendered[segment.key])

        todo = list(missing.values())
        all_rendered.update(render_missing(todo, self._segments, context, self._settings.retries, kept, failed))
        progress.learn_rendering()
        if failures and all(rendered.failure for rendered in all_rendered.values()):
            raise failures[0]
        if failures:
            context.warn(Message.of("script.unspoken", count=len(failures), first=failures[0].reason).reason())
        return all_rendered

    def _make_voices(self, planned: Plan, context: JobContext) -> None:
        """Speak the missing anchors of invented voices; everything in such a voice is cloned from its anchor."""
        missing = [anchor for anchor in planned.anchors if self._segments.get(anchor.key) is None]
        if not missing:
            return

        def kept(anchor: PlannedSegment, rendered: RenderedSegment) -> None:
            context.event("voice", id=anchor.id, speaker=anchor.speaker, seconds=round(rendered.duration, 3))

        context.progress(0.0, "Making up a voice" if len(missing) == 1 else f"Making up {len(missing)} voices")
        render_missing(missing, self._segments, context, self._settings.retries, kept)

    def _mark_unspoken(self, segment: PlannedSegment, error: EngineError, context: JobContext) -> RenderedSegment:
        self._segments.annotate(segment.key, {FAILED: str(error)})
        context.event("segment", id=segment.id, index=segment.index, seconds=0.0, problems=[error.reason], failed=True)
        return RenderedSegment.unspoken(segment, str(error))

    def checked(
        self, all_rendered: dict[str, RenderedSegment], planned: Plan, context: JobContext, progress: NarrationProgress
    ) -> dict[str, RenderedSegment]:
        """Return the take to use of each segment, by the key of its first; failed ones are rendered again if the job repairs."""

        def kept(take: PlannedSegment, rendered: RenderedSegment) -> None:
            seconds, problems = round(rendered.duration, 3), [str(problem) for problem in rendered.problems]
            context.event("retake", id=take.id, index=take.index, seconds=seconds, problems=problems)

        def render(takes: Sequence[PlannedSegment]) -> dict[str, RenderedSegment]:
            stored = {take.key: self._segments.get(take.key) for take in takes}
            made = {key: RenderedSegment.of(segment) for key, segment in stored.items() if segment is not None}
            missing = [take for take in takes if take.key not in made]
            return {**made, **render_missing(missing, self._segments, context, self._settings.retries, kept)}

        chosen = self._reviews.checked(planned, all_rendered, context, render, progress)
        progress.learn_checking()
        return chosen

    def join(
        self,
        spec: VoiceoverSpec,
        planned: Plan,
        all_rendered: dict[str, RenderedSegment],
        progress: NarrationProgress,
        folder: Path,
        origin: RecipeOrigin,
        name: str = "",
    ) -> LibraryOutput:
        """Join segments to one programme, normalise and encode it, and add it with subtitles to the library.

        Args:
            folder: for temporary files; emptied before and removed after.
            origin: the job.
            name: of the file, "" for the library's default.

        Raises:
            SegmentMissing, MediaError, GreenroomError of the library.
        """
        timeline = lay_out(planned, all_rendered)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        raw, target = folder / "programme.f32", folder / f"voiceover{AUDIO_FORMATS[spec.format].extension}"
        progress.start_joining()
        try:
            assemble(timeline, self._segments, raw, progress.assembled)
            levelled = self._encode(spec, planned, timeline, raw, target, progress)
            takes = self._reviews.record(planned)
            made = recipe_of(origin, spec, planned, all_rendered, levelled, takes)
            output = self._library.add(target, "audio", spec.title, made, _companions(timeline, spec, folder), name=name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        progress.learn_joining(timeline.duration)
        return output

    def _encode(
        self, spec: VoiceoverSpec, planned: Plan, timeline: Timeline, raw: Path, target: Path, progress: NarrationProgress
    ) -> NormalisedStream:
        encoding = False

        def source() -> Iterator[Audio]:
            return blocks(raw, timeline, progress.next_pass(encoding))

        levelled = normalise_loudness(source, spec.loudness or self._settings.loudness, self._settings.true_peak)
        encoding = True
        chapters = timeline.chapters(planned.chapters)
        tags = tags_of(spec, planned, terms_of(planned.segments) | self._library.terms([spec.parent]))
        with AudioWriter(target, spec.format, timeline.rate, timeline.channels, tags, chapters) as writer:
            for block in levelled:
                writer.write(block)
        return levelled


def _companions(timeline: Timeline, spec: VoiceoverSpec, folder: Path) -> list[Path]:
    srt, vtt, marks = (folder / f"voiceover{ending}" for ending in (".srt", ".vtt", ".json"))
    cues = timeline.cues(SubtitleLimits(spec.subtitle_line or 0, spec.subtitle_lines or 2, spec.subtitle_speed or 0.0))
    srt.write_text(to_srt(cues), encoding="utf-8")
    vtt.write_text(to_vtt(cues), encoding="utf-8")
    write_json(marks, timeline.marks())
    return [srt, vtt, marks]


def job_outputs(output: LibraryOutput) -> list[JobOutput]:
    """Return an audio output and its subtitles as outputs of a job: the sound, then SRT, then VTT."""
    subtitles = {path.suffix: path for path in output.companions}
    listed = [JobOutput(output.id, str(output.path), output.kind)]
    return listed + [JobOutput(output.id, str(subtitles[end]), "subtitles") for end in (".srt", ".vtt") if end in subtitles]
