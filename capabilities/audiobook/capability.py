"""The capability "audiobook": M4B with chapters and cover, MP3s with a table for shops; spoken like a narration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from capabilities.audiobook.files import BookFacts, MadeBook
from capabilities.audiobook.production import BookOrder, BookProduction, book_details, book_facts, listed
from capabilities.audiobook.script import narration_of, script_of_book, with_credits
from capabilities.audiobook.spec import AudiobookSpec
from capabilities.common.inputs import input_resolver
from capabilities.common.memory_fit import memory_fit
from capabilities.voiceover.capability import PreparedNarration, Voiceover
from capabilities.voiceover.cast import Cast
from capabilities.voiceover.join import SubtitleLimits
from capabilities.voiceover.pace import JOIN
from capabilities.voiceover.plan import Plan, plan
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.recipe import tags_of, terms_of
from capabilities.voiceover.render import RenderedSegment
from capabilities.voiceover.run import NarrationRunner
from capabilities.voiceover.spec import VoiceoverSpec
from engines.contract import Engine
from media.audio.audiobook.book_file import CoverJpeg
from media.video.covers import cover_jpeg
from studio.jobs.capability import Capability, CapabilityDescription, JobContext, JobEstimate, Submission
from studio.jobs.model import JobOutput
from studio.jobs.runtime_stats import RuntimeEstimate
from studio.library import LibraryOutput, Recipe, RecipeInput
from studio.services import Services
from studio.verification.audio_check import LETTERS_PER_SECOND

_UNTITLED = "Untitled book"


@dataclass(frozen=True)
class PlannedBook:
    """A prepared spec, the narration that speaks it, and its segments."""

    spec: AudiobookSpec
    narration: VoiceoverSpec
    plan: Plan


class Audiobook(Capability[AudiobookSpec]):
    """The capability "audiobook". A resumed job needs only its spec and the stored segments."""

    kind: ClassVar[str] = "audiobook"
    Spec = AudiobookSpec

    def __init__(self, services: Services) -> None:
        self._services, self._library, self._segments = services, services.library, services.segments
        self._voiceover = services.capability(Voiceover)
        self._work = NarrationRunner(services)
        self._production = BookProduction(services.library, services.segments)
        self._longest = services.settings.voiceover.longest_chunk
        self._inputs = input_resolver(services)

    def prepare(self, spec: AudiobookSpec) -> AudiobookSpec:
        """Resolve language, voices, engine, seed and pronunciations, and check that the cover is a picture.

        Raises:
            GreenroomError: as `Voiceover.prepare`.
            MediaError, NotFound, InvalidInput: of the cover.
        """
        return self._prepared(spec)[0]

    def accept(self, spec: AudiobookSpec) -> Submission[AudiobookSpec]:
        prepared, made = self._prepared(spec)
        return Submission(prepared, prepared.title, self._voiceover.lane_of(made))

    def _prepared(self, spec: AudiobookSpec) -> tuple[AudiobookSpec, PreparedNarration]:
        spec = spec.model_copy(update={"title": " ".join(spec.title.split()) or _UNTITLED})
        if spec.cover:
            cover_jpeg(self._inputs.find(spec.cover, "cover")[0])
        if spec.language == "auto":
            text, script = script_of_book(spec.chapters, spec.cast)
            found = self._voiceover.resolver.language_for(narration_of(spec, text), script)
            spec = spec.model_copy(update={"language": found})
        text, script = script_of_book(with_credits(spec, spec.language), spec.cast)
        made = self._voiceover.prepared(narration_of(spec, text), script)
        settled = (
            "voice", "engine", "options", "seed", "check", "check_with", "language", "lexicon", "reading", "replaced_voices",
        )  # fmt: skip
        return spec.model_copy(update={name: getattr(made.spec, name) for name in settled}), made

    def title(self, spec: AudiobookSpec) -> str:
        return spec.title or _UNTITLED

    def lane(self, spec: AudiobookSpec) -> str:
        return self._voiceover.lane_of(self._prepared(spec)[1])

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Audiobook", "Director", has_form=False)

    def estimate(self, spec: AudiobookSpec) -> JobEstimate:
        made = self._prepared(spec)[1]
        return self._estimated(made.cast.narrator.casting.engine_cls, sum(len(line.text) for line in made.script.lines))

    def estimate_of_length(self, characters: int, voice: str, language: str) -> JobEstimate:
        """Return an estimate by the number of characters; fast, because no text is parsed.

        Raises:
            InvalidInput, NotFound, EngineNotReady: the voice is not available.
        """
        return self._estimated(self._voiceover.resolver.cast(voice, "auto", language or "en").engine_cls, characters)

    def _estimated(self, engine: type[Engine], spoken: int) -> JobEstimate:
        pace, join = self._voiceover.paces.of(engine.card.id), self._voiceover.paces.of(JOIN)
        seconds = spoken * pace.speech if pace else spoken / LETTERS_PER_SECOND
        time = None
        if pace and join:
            spread, joining = self._voiceover.paces.spread(engine.card.id, spoken), spoken * join.work
            low, high = (spread.low + joining, spread.high + joining) if spread else (0.0, 0.0)
            expected = spoken * (pace.work + join.work)
            time = RuntimeEstimate(expected, exact=False, low=low, high=high, runs=spread.runs if spread else 0)
        fits, memory = memory_fit(self._services, engine)
        return JobEstimate(engine.card.id, seconds, 0, time, fits, memory)

    def plan(self, spec: AudiobookSpec) -> PlannedBook:
        """Return the segments of a prepared spec.

        Raises:
            GreenroomError: as `prepare`; a voice may have been deleted since.
        """
        text, script = script_of_book(with_credits(spec, spec.language), spec.cast)
        narration = narration_of(spec, text).completed(self._services.settings.voiceover)
        cast = Cast(narration, self._voiceover.resolver, script)
        return PlannedBook(spec, narration, plan(narration, script, cast, self._longest))

    def run(self, spec: AudiobookSpec, context: JobContext) -> list[JobOutput]:
        """Speak missing segments, then write the files. Complete segments of an interrupted attempt are reused.

        Raises:
            EngineError, NotEnoughSpace, StorageError, MediaError, Cancelled.
        """
        done = self._production.outputs_of(context.job_id)
        if any(output.kind == "audio" for output in done):
            return listed(done)
        book = self.plan(spec)
        self._work.ensure_space(book.plan)
        order = self._order(book, self._cover(spec, context), context.job_id)
        progress = NarrationProgress(context, book.plan, self._voiceover.paces)

        def join(rendered: dict[str, RenderedSegment]) -> list[LibraryOutput]:
            return self._production.write(order, rendered, progress, context)

        return listed(self._work.speak_and(join, book.plan, context, progress))

    def _cover(self, spec: AudiobookSpec, context: JobContext) -> CoverJpeg | None:
        return cover_jpeg(self._inputs.keep(spec.cover, "cover", context.scratch)[0]) if spec.cover else None

    def _order(self, book: PlannedBook, cover: CoverJpeg | None, job: str) -> BookOrder:
        spec, told = book.spec, book.narration
        facts = BookFacts(spec.title, spec.author, spec.narrator, spec.date, spec.description, spec.chapter_files)
        limits = SubtitleLimits(told.subtitle_line or 0, told.subtitle_lines or 2, told.subtitle_speed or 0.0)
        comment = tags_of(told, book.plan, terms_of(book.plan.segments))["comment"]

        def recipe(made: MadeBook, rendered: Mapping[str, RenderedSegment]) -> Recipe:
            return self._recipe(book, rendered, made, job)

        return BookOrder(facts, book.plan, comment, cover, limits, recipe)

    def _recipe(self, book: PlannedBook, rendered: Mapping[str, RenderedSegment], made: MadeBook, job: str) -> Recipe:
        spec = book.spec
        voices = sorted({segment.role.voice_name for segment in book.plan.segments})
        cards = {segment.role.engine_id: segment.role.casting.engine_cls.card for segment in book.plan.segments}
        return Recipe(
            kind=self.kind,
            job=job,
            engine=spec.engine,
            engine_version=cards[spec.engine].version if spec.engine in cards else "",
            voice=spec.voice.split("/", 1)[-1],
            options=spec.options,
            seed=spec.seed,
            inputs=tuple(RecipeInput("voice", voice) for voice in voices),
            parents=tuple(filter(None, (spec.parent, spec.cover if self._is_output(spec.cover) else ""))),
            terms=terms_of(book.plan.segments),
            duration=made.seconds,
            facts=book_facts(book.plan, rendered, made),
            spec=spec.model_dump(mode="json", exclude_defaults=True),
            details=book_details(book.plan, rendered, made),
        )

    def _is_output(self, cover: str) -> bool:
        return bool(cover) and any(output.id == cover for output in self._library.list(limit=None))
