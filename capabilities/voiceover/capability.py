"""The capability "voiceover": a narration from a script, planned, spoken by segments, joined, normalised, subtitled and added
to the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from capabilities.common.memory_fit import memory_fit
from capabilities.common.seed import derived_seed
from capabilities.voiceover.cast import Cast, VoiceResolver, replaced_voices
from capabilities.voiceover.choice.counting import ScriptCounter, script_of
from capabilities.voiceover.choice.engine_choice import EngineChoice
from capabilities.voiceover.estimate import TOO_LONG, ScriptEstimate
from capabilities.voiceover.pace import SpeechRateStats
from capabilities.voiceover.plan import Plan, plan
from capabilities.voiceover.progress import NarrationProgress
from capabilities.voiceover.recipe import RecipeOrigin, terms_of
from capabilities.voiceover.render import RenderedSegment
from capabilities.voiceover.revision.edits import with_edited_text, with_new_take, with_picked_take, with_present_sayings
from capabilities.voiceover.revision.outdated import OutdatedSegments
from capabilities.voiceover.roles.pronunciations import lexicon_for
from capabilities.voiceover.roles.speaker import Speaker
from capabilities.voiceover.run import NarrationRunner, job_outputs
from capabilities.voiceover.script.parse import Script
from capabilities.voiceover.segments import SegmentList, SegmentView
from capabilities.voiceover.spec import LONGEST_SCRIPT, LexiconEntry, VoiceoverSpec
from engines.contract import Device
from media.text.reading.reader import read
from studio.errors import InvalidInput, NotFound
from studio.files import slug
from studio.jobs.capability import CPU_LANE, GPU_LANE, Capability, CapabilityDescription, JobContext, JobEstimate, Submission
from studio.jobs.model import Job, JobOutput
from studio.jobs.runtime_stats import RuntimeEstimate, RuntimeStats
from studio.library import LibraryOutput
from studio.services import Services
from studio.settings import VoiceoverSettings
from studio.verification.verifiers import AUTO, choose_verifier, speaks_by_rule
from studio.voices.designed import add_designed
from studio.voices.model import Voice

_TITLE_LENGTH = 60
_NAME_BYTES = 80


@dataclass(frozen=True)
class PreparedNarration:
    """A completed spec with its parsed script and its resolved voices, so that preparation runs once."""

    spec: VoiceoverSpec
    script: Script
    cast: Cast
    longest_chunk: int

    @property
    def speakers(self) -> list[Speaker]:
        """The narrator, and the speaker of each line."""
        return [self.cast.narrator, *(self.cast.role(line) for line in self.script.lines)]

    def plan(self) -> Plan:
        """Return the segments."""
        return plan(self.spec, self.script, self.cast, self.longest_chunk)

    def plan_of(self, part: str) -> Plan:
        """Return the segments of a part of the script."""
        spec = self.spec.model_copy(update={"script": part})
        return plan(spec, script_of(spec), self.cast, self.longest_chunk)


def _spec_of(job: Job) -> VoiceoverSpec:
    return VoiceoverSpec.model_validate(job.spec)


class Voiceover(Capability[VoiceoverSpec]):
    """The capability "voiceover". Has no state of a job: a resumed job needs only its spec and the disk."""

    kind: ClassVar[str] = "voiceover"
    Spec = VoiceoverSpec

    def __init__(self, services: Services) -> None:
        self._services = services
        self._work = NarrationRunner(services)
        self._outdated = OutdatedSegments(services.pronunciations)
        self._segment_list = SegmentList(services.segments, self._settings.check_tries)
        self._catalog, self._site, self._voices = services.catalog, services.site, services.voices
        self.resolver = VoiceResolver(
            services.catalog, services.site, services.voices, services.segments.path,
            lambda: services.settings.engines.default_speech,
        )  # fmt: skip
        self._choice = EngineChoice(self.resolver, self._settings.longest_chunk)
        self.runtime_stats: RuntimeStats = RuntimeStats(services.paths.root / "voice-runs.json")
        self.paces = SpeechRateStats(services.paths.root / "pace.json", self.runtime_stats)
        counted_by = (self.resolver, self._choice, self.paces, lambda: self._settings, services.pronunciations)
        self._counter = ScriptCounter(*counted_by)

    @property
    def _settings(self) -> VoiceoverSettings:
        return self._services.settings.voiceover

    # Before the job is queued

    def prepare(self, spec: VoiceoverSpec) -> VoiceoverSpec:
        """Parse the script; settle language, voices, engine and seed. A prepared spec is returned unchanged.

        Raises:
            InvalidInput, NotFound, EngineNotReady: what cannot work; for a line of the script the reason names it.
        """
        return self.prepared(spec).spec

    def prepared(self, spec: VoiceoverSpec, script: Script | None = None) -> PreparedNarration:
        """Return the prepared spec with its script and its cast.

        Args:
            script: the parsed script if it was not written in the script language; its positions are those in `spec.script`.

        Raises:
            GreenroomError: as `prepare`.
        """
        spec = spec.completed(self._settings)
        if spec.lexicon is None:
            spec = spec.model_copy(update={"lexicon": self._lexicon(spec)})
        script = script_of(spec) if script is None else script
        if not script.lines and not self._spoken_headings(spec):
            raise InvalidInput("script.chapters-alone")
        spec = spec.model_copy(update={"language": self.resolver.language_for(spec, script)})
        tried = self._choice.tried(spec, script)
        tried.refuse()
        spec, cast = tried.spec, tried.cast
        narrator = cast.narrator
        spec = self._with_verifier(spec, [narrator, *(cast.role(line) for line in script.lines)])
        settled = {
            "engine": narrator.engine_id,
            "voice": narrator.voice_name,
            "options": narrator.options.model_dump(mode="json", exclude_defaults=True),
            "seed": derived_seed(0, narrator.voice_name, 0) if spec.seed is None else spec.seed,
            "title": spec.title.strip() or self._title(script),
            "replaced_voices": spec.replaced_voices
            | replaced_voices(cast.role(line) for line in script.lines)
            | replaced_voices([narrator]),
        }
        return PreparedNarration(spec.model_copy(update=settled), script, cast, self._settings.longest_chunk)

    def _lexicon(self, spec: VoiceoverSpec) -> tuple[LexiconEntry, ...]:
        return lexicon_for(spec.script, self._services.pronunciations.list()) if spec.reading else ()

    def accept(self, spec: VoiceoverSpec) -> Submission[VoiceoverSpec]:
        made = self.prepared(spec)
        return Submission(made.spec, made.spec.title, self.lane_of(made))

    def _with_verifier(self, spec: VoiceoverSpec, roles: Sequence[Speaker]) -> VoiceoverSpec:
        """Return the spec with the check settled: its mode, and the recogniser."""
        check = spec.check
        if check is None:
            by_rule = all(speaks_by_rule(role.casting.engine_cls.card) for role in roles)
            check = "off" if by_rule else self._settings.check
        listener = "" if check == "off" else choose_verifier(spec.language, spec.check_with, self._catalog, self._site)
        return spec.model_copy(update={"check": check, "check_with": listener})

    def _spoken_headings(self, spec: VoiceoverSpec) -> bool:
        return self._settings.speak_chapters if spec.speak_chapters is None else spec.speak_chapters

    @staticmethod
    def _title(script: Script) -> str:
        words = " ".join(read((script.chapters or tuple(line.text for line in script.lines))[0]).shown.text.split())
        return words if len(words) <= _TITLE_LENGTH else f"{words[:_TITLE_LENGTH].rsplit(' ', 1)[0]}…"

    def _file_name(self, spec: VoiceoverSpec) -> str:
        """Of the result, where a person gave it a title; "" for the library's usual one."""
        named = spec.title and spec.title != self._title(script_of(spec))
        return slug(spec.title, "narration", _NAME_BYTES) if named else ""

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Voiceover", "Voiceover")

    def estimate(self, spec: VoiceoverSpec) -> JobEstimate:
        """
        Raises:
            InvalidInput: the script is empty or wrong, or the voice cannot be.
        """
        found = self._counter.count(spec)
        if found.problem or not found.engine:
            raise InvalidInput("script.cannot-be-planned", problem=found.problem)
        known = found.seconds_to_render
        time = None if known is None else RuntimeEstimate(known, exact=False, low=found.low, high=found.high, runs=found.runs)
        fits, memory = memory_fit(self._services, self._catalog.get(found.engine))
        return JobEstimate(found.engine, found.seconds_of_speech, 0, time, fits, memory, found.spoken)

    def title(self, spec: VoiceoverSpec) -> str:
        return spec.title or self._title(script_of(spec))

    def lane(self, spec: VoiceoverSpec) -> str:
        script = script_of(spec)
        return self.lane_of(PreparedNarration(spec, script, Cast(spec, self.resolver, script), self._settings.longest_chunk))

    def lane_of(self, made: PreparedNarration) -> str:
        """Return the lane of a prepared narration."""
        cards = [speaker.casting.engine_cls.card for speaker in made.speakers]
        if made.spec.check not in (None, "off") and made.spec.check_with not in ("", AUTO):
            cards.append(self._catalog.get(made.spec.check_with).card)
        return GPU_LANE if any(card.device is Device.CUDA for card in cards) else CPU_LANE

    def plan(self, spec: VoiceoverSpec) -> Plan:
        """Return the segments of a prepared spec.

        Raises:
            GreenroomError: as `prepare`; a voice may have been deleted since.
        """
        script = script_of(spec)
        return plan(spec, script, Cast(spec, self.resolver, script), self._settings.longest_chunk)

    # The job

    def run(self, spec: VoiceoverSpec, context: JobContext) -> list[JobOutput]:
        """Speak what is missing, then join. Complete segments of an interrupted attempt are reused.

        Raises:
            EngineError, NotEnoughSpace, StorageError, Cancelled.
        """
        if finished := self._work.outputs_of(context.job_id):
            return job_outputs(finished[0])
        planned = self.plan(spec)
        self._work.ensure_space(planned)
        progress = NarrationProgress(context, planned, self.paces)
        origin = RecipeOrigin(self.kind, context.job_id)

        def join(all_rendered: dict[str, RenderedSegment]) -> LibraryOutput:
            return self._work.join(spec, planned, all_rendered, progress, context.scratch / "join", origin, self._file_name(spec))

        return job_outputs(self._work.speak_and(join, planned, context, progress))

    # For a page, beside the job

    def segments_of(self, job: Job) -> list[SegmentView]:
        """Return the present segments of a job, in order. Quick enough to call twice a second."""
        views = self._segment_list.views(job.id, lambda: self.plan(_spec_of(job)))
        plan = self._segment_list.plan(job.id, lambda: self.plan(_spec_of(job)))
        changed = self._outdated.of(job.id, plan, lambda: _spec_of(job))
        return [replace(view, outdated=view.id in changed) for view in views] if changed else views

    def voices_of(self, job: Job) -> list[SegmentView]:
        """Return the anchors of a job: for each voice that its engine invented, the sentence that keeps it constant."""
        return self._segment_list.anchors(job.id, lambda: self.plan(_spec_of(job)))

    def keep_voice(self, job: Job, segment_id: str, name: str) -> Voice:
        """Save the voice of one segment or anchor of a narration, with its words as the transcript.

        Raises:
            NotFound: the segment does not exist. InvalidInput, VoiceRefused: as `add_designed`.
        """
        found = next((view for view in (*self.voices_of(job), *self.segments_of(job)) if view.id == segment_id), None)
        if found is None or found.path is None:
            raise NotFound("narration.sentence-gone")
        planned = self.plan(_spec_of(job))
        spoken = next(one for one in (*planned.anchors, *planned.segments) if one.id == segment_id)
        return add_designed(self._voices, name, found.path, found.text, spoken.role.language, terms_of([spoken]))

    def count(
        self,
        script: str,
        voice: str = "",
        engine: str = "auto",
        speakers: Mapping[str, str] | None = None,
        just_text: Sequence[str] = (),
        replace_unsayable: bool = False,
        verse: bool = False,
    ) -> ScriptEstimate:
        """Count a script while it is being written. Never raises; errors are in `problem`."""
        fields = {"speakers": dict(speakers or {}), "just_text": tuple(just_text), "replace_unsayable": replace_unsayable}
        if len(script) > LONGEST_SCRIPT:
            return ScriptEstimate(len(script.strip()), len(script.split()), problem=TOO_LONG)
        return self._counter.count(VoiceoverSpec(script=script, voice=voice, engine=engine, verse=verse, **fields))

    def with_new_take(self, spec: VoiceoverSpec, segment_id: str) -> VoiceoverSpec:
        """Return the prepared spec with a new take requested for one segment.

        Raises:
            NotFound: no segment has this id.
        """
        return with_new_take(spec, self.plan(spec), segment_id)

    def with_picked_take(self, spec: VoiceoverSpec, segment_id: str, seed: int) -> VoiceoverSpec:
        """Return the prepared spec in which one segment uses the take that was made with `seed`.

        Raises:
            NotFound: no segment has this id.
        """
        return with_picked_take(spec, self.plan(spec), segment_id, seed)

    def with_edited_text(self, spec: VoiceoverSpec, segment_id: str, text: str) -> VoiceoverSpec:
        """Return the prepared spec with other words in one segment; "" removes the segment. All other segments are unchanged.

        Raises:
            NotFound: no segment has this id.
        """
        return with_edited_text(spec, self.plan(spec), segment_id, text)

    def with_present_sayings(self, spec: VoiceoverSpec) -> VoiceoverSpec:
        """Return the prepared spec with the present pronunciation list; only the sentences that differ are rendered again."""
        return with_present_sayings(spec)
