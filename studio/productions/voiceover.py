"""A narration from a script: planned, spoken piece by piece, joined, levelled, subtitled and put into the library."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from engines.catalog import Catalog
from engines.contract import Device, Site
from media.audio import Audio
from media.encode import AUDIO_FORMATS, AudioWriter
from media.leveling import LevelledStream, level
from media.subtitles import to_srt, to_vtt
from studio.errors import InvalidInput, StorageError
from studio.files import write_json
from studio.jobs.model import JobOutput
from studio.jobs.production import CPU_LANE, GPU_LANE, Stage
from studio.library import Library, Output
from studio.paths import DataPaths
from studio.productions.casting import Cast, CastingOffice
from studio.productions.pace import PaceBook
from studio.productions.voiceover_join import PieceLost, Timeline, assemble, blocks, lay_out
from studio.productions.voiceover_plan import Plan, PlannedSegment, derived_seed, plan
from studio.productions.voiceover_progress import NarrationProgress
from studio.productions.voiceover_recipe import recipe_of, tags_of
from studio.productions.voiceover_render import Piece, render_missing
from studio.productions.voiceover_spec import VoiceoverSpec
from studio.script.parse import Script, parse
from studio.segments import SegmentStore
from studio.settings import Settings
from studio.voices.voices import Voices

_JOIN_ATTEMPTS = 3
_SPEECH_PER_CHARACTER = 1 / 13
_TITLE_LENGTH = 60


class Rooms(Protocol):
    """What a narration uses of the studio."""

    @property
    def settings(self) -> Settings: ...
    @property
    def paths(self) -> DataPaths: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def site(self) -> Site: ...
    @property
    def voices(self) -> Voices: ...
    @property
    def segments(self) -> SegmentStore: ...
    @property
    def library(self) -> Library: ...


class Voiceover:
    """The production "voiceover". Holds no state of a job: everything that a resumed job needs is its spec and the disk."""

    kind: ClassVar[str] = "voiceover"
    Spec: ClassVar[type[VoiceoverSpec]] = VoiceoverSpec

    def __init__(self, rooms: Rooms) -> None:
        self._settings = rooms.settings.voiceover
        self._segments = rooms.segments
        self._library = rooms.library
        self.office = CastingOffice(rooms.catalog, rooms.site, rooms.voices, rooms.settings.engines.default_speech)
        self.paces = PaceBook(rooms.paths.root / "pace.json")

    # Before the job is queued

    def prepare(self, spec: VoiceoverSpec) -> VoiceoverSpec:
        """Read the script, settle language, voices, engine and seed. A spec that was prepared stays as it is.

        Raises:
            InvalidInput, NotFound, EngineNotReady: what cannot work; for a line of the script the reason names it.
        """
        script = parse(spec.script, spec.speakers)
        if not script.lines and not self._spoken_headings(spec):
            raise InvalidInput("The script has chapters and nothing to say in them.", "Write a sentence below a heading.")
        spec = spec.completed(self._settings)
        spec = spec.model_copy(update={"language": self.office.language_for(spec, script)})
        cast = Cast(spec, self.office)
        for line in script.lines:
            cast.role(line)
        narrator = cast.narrator
        seed = derived_seed(0, narrator.voice_name, 0) if spec.seed is None else spec.seed
        return spec.model_copy(
            update={
                "engine": narrator.engine_id,
                "voice": narrator.voice_name,
                "options": narrator.options.model_dump(mode="json", exclude_defaults=True),
                "seed": seed,
                "title": spec.title.strip() or self._title(script),
            }
        )

    def _spoken_headings(self, spec: VoiceoverSpec) -> bool:
        return self._settings.speak_chapters if spec.speak_chapters is None else spec.speak_chapters

    @staticmethod
    def _title(script: Script) -> str:
        words = " ".join((script.chapters or tuple(line.text for line in script.lines))[0].split())
        return words if len(words) <= _TITLE_LENGTH else f"{words[:_TITLE_LENGTH].rsplit(' ', 1)[0]}…"

    def title(self, spec: VoiceoverSpec) -> str:
        return spec.title or self._title(parse(spec.script, spec.speakers))

    def lane(self, spec: VoiceoverSpec) -> str:
        engines = {segment.role.casting.engine_cls for segment in self.plan(spec).segments}
        return GPU_LANE if any(engine.card.device is Device.CUDA for engine in engines) else CPU_LANE

    def plan(self, spec: VoiceoverSpec) -> Plan:
        """The pieces of a prepared spec.

        Raises:
            GreenroomError: as `prepare`; a voice may have been deleted since.
        """
        return plan(spec, parse(spec.script, spec.speakers), Cast(spec, self.office), self._settings.longest_chunk)

    # The job

    def run(self, spec: VoiceoverSpec, stage: Stage) -> list[JobOutput]:
        """Speak what is missing, then join. What an interrupted attempt has left is used as far as it is whole.

        Raises:
            EngineError, NotEnoughSpace, StorageError, Cancelled.
        """
        if finished := self._finished(stage):
            return finished
        planned = self.plan(spec)
        self._library.ensure_space(self._needed_bytes(planned), "this narration")
        for _ in range(_JOIN_ATTEMPTS):
            pieces, progress = self._speak(planned, stage)
            try:
                return self._join(spec, planned, pieces, progress, stage)
            except PieceLost:
                continue  # something outside removed a piece: render it again
        raise StorageError(
            "Rendered pieces disappear while they are being joined.", "Check the disk of the data folder.", retryable=True
        )

    def _finished(self, stage: Stage) -> list[JobOutput]:
        """The results of an attempt that was ended after its last step and before the job could say so."""
        made = [output for output in self._library.list(limit=200, kinds=("audio",)) if output.job == stage.job_id]
        return job_outputs(made[0]) if made else []

    @staticmethod
    def _needed_bytes(planned: Plan) -> int:
        """Pieces, the joined programme and its file, as float samples, with room to spare."""
        rate = max(segment.role.casting.engine_cls.card.sample_rate or 24_000 for segment in planned.segments)
        pauses = sum(segment.pause_before for segment in planned.segments) + planned.tail_pause
        return int(((planned.characters * _SPEECH_PER_CHARACTER) * 2 + pauses) * rate * 4 * 1.5)

    def _speak(self, planned: Plan, stage: Stage) -> tuple[dict[str, Piece], NarrationProgress]:
        pieces: dict[str, Piece] = {}
        missing: list[PlannedSegment] = []
        looked_up: set[str] = set()
        for segment in planned.segments:
            if segment.key not in looked_up:
                looked_up.add(segment.key)
                stage.check()
                stored = self._segments.get(segment.key)
                if stored is None:
                    missing.append(segment)
                else:
                    pieces[segment.key] = Piece.of(stored)
        progress = NarrationProgress(stage, planned, {segment.key for segment in missing}, self.paces)
        progress.start()

        def kept(segment: PlannedSegment, piece: Piece) -> None:
            stage.event(
                "segment", id=segment.id, index=segment.index, seconds=round(piece.duration, 3), problems=list(piece.problems)
            )
            progress.rendered(segment, piece)

        pieces.update(render_missing(missing, self._segments, stage, self._settings.retries, kept))
        progress.learn_rendering()
        return pieces, progress

    def _join(
        self, spec: VoiceoverSpec, planned: Plan, pieces: dict[str, Piece], progress: NarrationProgress, stage: Stage
    ) -> list[JobOutput]:
        timeline = lay_out(planned, pieces)
        folder = stage.scratch / "join"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        raw, target = folder / "programme.f32", folder / f"voiceover{AUDIO_FORMATS[spec.format].extension}"
        progress.start_joining()
        try:
            assemble(timeline, self._segments, raw, progress.assembled)
            levelled = self._encode(spec, planned, timeline, raw, target, progress)
            output = self._library.add(
                target,
                "audio",
                spec.title,
                recipe_of(spec, planned, pieces, levelled, stage.job_id),
                self._companions(timeline, folder),
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        progress.learn_joining(timeline.duration)
        return job_outputs(output)

    def _encode(
        self, spec: VoiceoverSpec, planned: Plan, timeline: Timeline, raw: Path, target: Path, progress: NarrationProgress
    ) -> LevelledStream:
        encoding = False

        def source() -> Iterator[Audio]:
            return blocks(raw, timeline, progress.next_pass(encoding))

        levelled = level(source, spec.loudness or self._settings.loudness, self._settings.true_peak)
        encoding = True
        chapters = timeline.chapters(planned.chapters)
        with AudioWriter(target, spec.format, timeline.rate, timeline.channels, tags_of(spec, planned), chapters) as writer:
            for block in levelled:
                writer.write(block)
        return levelled

    @staticmethod
    def _companions(timeline: Timeline, folder: Path) -> list[Path]:
        srt, vtt, marks = (folder / f"voiceover{ending}" for ending in (".srt", ".vtt", ".json"))
        cues = timeline.cues()
        srt.write_text(to_srt(cues), encoding="utf-8")
        vtt.write_text(to_vtt(cues), encoding="utf-8")
        write_json(marks, timeline.marks())
        return [srt, vtt, marks]


def job_outputs(output: Output) -> list[JobOutput]:
    """An audio output and its subtitles as a job lists them: the sound first, then SRT, then VTT."""
    subtitles = {path.suffix: path for path in output.companions}
    listed = [JobOutput(output.id, str(output.path), output.kind)]
    return listed + [JobOutput(output.id, str(subtitles[end]), "subtitles") for end in (".srt", ".vtt") if end in subtitles]
