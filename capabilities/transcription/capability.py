"""The capability "transcription": text, subtitles and timed words of a sound, added to the library."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import ClassVar

from capabilities.transcription.run import AUTO, Transcriber, TranscriberChoice, TranscriptResult
from capabilities.transcription.spec import TranscriptionSpec
from media.text.cues import Cue, TimedWord
from media.text.formats import to_srt, to_vtt
from media.text.layout import tidy
from studio.artifacts.transcripts import as_json
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.files import file_within, write_json
from studio.jobs.capability import Capability, CapabilityDescription, JobContext
from studio.jobs.model import JobOutput
from studio.library import LibraryOutput, Recipe, RecipeInput
from studio.library.copies import source_of
from studio.licences import combined, terms_of_card
from studio.services import Services

TEXT = "text"
UPLOADS = "uploads"
"""The folder in the data folder where a page's and a client's files arrive."""


class NoSpeechFound(GreenroomError):
    """No speech was found in the sound."""


class Transcription(Capability[TranscriptionSpec]):
    """The capability "transcription". A resumed job needs only its spec and the disk."""

    kind: ClassVar[str] = "transcription"
    Spec = TranscriptionSpec

    def __init__(self, services: Services) -> None:
        self._library, self._voices = services.library, services.voices
        self._folders = (
            services.paths.root / UPLOADS,
            services.paths.outputs,
            services.paths.voices,
            services.site.assets / "voices",
        )
        self.work = Transcriber(services)

    def prepare(self, spec: TranscriptionSpec) -> TranscriptionSpec:
        """Find the sound, choose the engine and settle its options. A prepared spec stays as it is.

        Raises:
            InvalidInput, NotFound, EngineNotReady: what cannot work.
        """
        sound = self._sound(spec.audio)
        language = spec.language.strip() or AUTO
        choice = self.work.choose(spec.engine, language, spec.options)
        return spec.model_copy(
            update={
                "audio": str(sound),
                "engine": choice.engine.card.id,
                "language": language,
                "options": choice.options.model_dump(mode="json", exclude_defaults=True),
                "chosen": choice.why or spec.chosen,
                "name": spec.name or sound.name,
            }
        )

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Transcription", "Voiceover", has_form=False)

    def title(self, spec: TranscriptionSpec) -> str:
        return f"Transcript of {Path(spec.name or spec.audio).stem}"[:200]

    def lane(self, spec: TranscriptionSpec) -> str:
        return self._choice(spec).lane

    def run(self, spec: TranscriptionSpec, context: JobContext) -> list[JobOutput]:
        """Transcribe the sound and add text, subtitles and words to the library.

        Raises:
            NoSpeechFound, MediaError, EngineError, NotEnoughSpace, Cancelled.
        """
        for output in self._library.list(limit=None, kinds=(TEXT,)):
            if output.job == context.job_id:
                return job_outputs(output)
        sound = self._sound(spec.audio)
        choice = self._choice(spec)
        written = self.work.transcribe(sound, choice, spec.language, context)
        if not written.transcript.text:
            raise NoSpeechFound("transcription.no-speech", file=spec.name or sound.name)
        return job_outputs(self._add_to_library(spec, sound, choice, written, context))

    def _choice(self, spec: TranscriptionSpec) -> TranscriberChoice:
        return self.work.choose(spec.engine, spec.language, spec.options)

    def _sound(self, audio: str) -> Path:
        """Return the file of the spec, if it may be read."""
        if "/" not in audio:
            try:
                return self._library.get(audio).path
            except NotFound:
                raise NotFound("library.unknown", output=audio) from None
        path = file_within(audio, self._folders)
        if path is not None:
            return path
        named = Path(os.path.normpath(audio))
        if os.path.lexists(audio) or not any(named.is_relative_to(folder) for folder in self._folders):
            raise InvalidInput("transcription.not-our-file")
        raise NotFound("upload.file-gone", file=named.name[:80])

    def _add_to_library(
        self, spec: TranscriptionSpec, sound: Path, choice: TranscriberChoice, written: TranscriptResult, context: JobContext
    ) -> LibraryOutput:
        folder = context.scratch / "transcript"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        text, srt, vtt, words = (folder / f"transcript{ending}" for ending in (".txt", ".srt", ".vtt", ".json"))
        cues = cues_of(written)
        text.write_text(text_of(written), encoding="utf-8")
        srt.write_text(to_srt(cues), encoding="utf-8")
        vtt.write_text(to_vtt(cues), encoding="utf-8")
        write_json(words, {"duration": round(written.duration, 3), "engine": spec.engine, **as_json(written.transcript)})
        recipe = self._recipe(spec, sound, choice, written, context.job_id)
        return self._library.add(text, TEXT, self.title(spec), recipe, (srt, vtt, words))

    def _recipe(
        self, spec: TranscriptionSpec, sound: Path, choice: TranscriberChoice, written: TranscriptResult, job_id: str
    ) -> Recipe:
        card, said = choice.engine.card, written.transcript
        doubtful = sum(bool(one.doubt) for one in said.segments)
        facts = [card.title, f"{len(said.text.split())} words", said.language, f"{doubtful} doubtful" if doubtful else ""]
        source = source_of(self._library, sound)
        voices = [voice.terms for voice in self._voices.list() if voice.master.resolve() == sound]
        return Recipe(
            kind=self.kind,
            job=job_id,
            engine=card.id,
            engine_version=card.version,
            options=choice.options.model_dump(mode="json"),
            inputs=(RecipeInput.of_file("sound", sound, spec.name or sound.name),),
            parents=(source.id,) if source is not None else (),
            terms=combined((terms_of_card(card), *([source.terms] if source else []), *voices)),
            duration=written.duration,
            facts=tuple(fact for fact in (*facts, spec.chosen) if fact),
            spec=spec.model_dump(mode="json"),
            details={"language": said.language},
        )


def text_of(written: TranscriptResult) -> str:
    """Return the text as a file. A paragraph for each segment would be too short, so a line ends at a long pause."""
    lines: list[str] = []
    end = None
    for one in written.transcript.segments:
        if end is None or one.start - end > _PARAGRAPH_PAUSE:
            lines.append(one.text)
        else:
            lines[-1] = f"{lines[-1]} {one.text}"
        end = one.end
    return "\n".join(lines) + "\n"


_PARAGRAPH_PAUSE = 2.0


def cues_of(written: TranscriptResult) -> list[Cue]:
    """Readable subtitles of a transcript."""
    cues = (
        Cue(one.start, one.end, one.text, words=tuple(TimedWord(word.text, word.start, word.end) for word in one.words))
        for one in written.transcript.segments
    )
    return tidy(cues, total_seconds=written.duration)


def job_outputs(output: LibraryOutput) -> list[JobOutput]:
    """Return the outputs of a transcript in order: the text, SRT, VTT, then the timed words."""
    beside = {path.suffix: path for path in output.companions}
    kinds = ((".srt", "subtitles"), (".vtt", "subtitles"), (".json", "words"))
    listed = [JobOutput(output.id, str(output.path), output.kind)]
    return listed + [JobOutput(output.id, str(beside[ending]), kind) for ending, kind in kinds if ending in beside]
