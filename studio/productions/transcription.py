"""A transcript of a sound: text, subtitles and timed words, in the library."""

from __future__ import annotations

import os
import shutil
from hashlib import file_digest
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from media.subtitles import Cue, TimedWord, tidy, to_srt, to_vtt
from studio.errors import GreenroomError, InvalidInput, NotFound
from studio.files import file_within, write_json
from studio.jobs.model import JobOutput
from studio.jobs.production import Stage
from studio.library import Library, Output
from studio.productions.transcribing import AUTO, Listener, Rooms, Transcribing, Written
from studio.productions.transcript_pieces import as_json

TEXT = "text"
UPLOADS = "uploads"
"""The folder in the data folder where a page's and a client's files arrive."""


class NothingSaid(GreenroomError):
    """No speech was found in the sound."""


class TranscriptionSpec(BaseModel):
    """One sound to be written down.

    Args:
        audio: path of a file among the uploads, the outputs or the voices; or an output's id.
        engine: an engine's id or "auto".
        language: BCP-47 tag of what is spoken, or "auto".
        options: of the engine; none with "auto".
        chosen: why the engine was taken; filled in.
        name: the file's name as the person knows it, "" for the path's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    audio: str = Field(min_length=1, max_length=4_000)
    engine: str = Field(AUTO, max_length=100)
    language: str = Field(AUTO, max_length=35)
    options: dict[str, Any] = {}
    chosen: str = ""
    name: str = Field("", max_length=200)


class TranscriptionRooms(Rooms, Protocol):
    """What this production uses of the studio."""

    @property
    def library(self) -> Library: ...


class Transcription:
    """The production "transcription". What a resumed job needs is its spec and the disk."""

    kind: ClassVar[str] = "transcription"
    Spec: ClassVar[type[TranscriptionSpec]] = TranscriptionSpec

    def __init__(self, rooms: TranscriptionRooms) -> None:
        self._library = rooms.library
        self._folders = (rooms.paths.root / UPLOADS, rooms.paths.outputs, rooms.paths.voices, rooms.site.assets / "voices")
        self.work = Transcribing(rooms)

    def prepare(self, spec: TranscriptionSpec) -> TranscriptionSpec:
        """Find the sound, choose the engine and settle its options. A prepared spec stays as it is.

        Raises:
            InvalidInput, NotFound, EngineNotReady: what cannot work.
        """
        sound = self._sound(spec.audio)
        language = spec.language.strip() or AUTO
        listener = self.work.listener(spec.engine, language, spec.options)
        return spec.model_copy(
            update={
                "audio": str(sound),
                "engine": listener.engine.card.id,
                "language": language,
                "options": listener.options.model_dump(mode="json", exclude_defaults=True),
                "chosen": listener.why or spec.chosen,
                "name": spec.name or sound.name,
            }
        )

    def title(self, spec: TranscriptionSpec) -> str:
        return f"Transcript of {Path(spec.name or spec.audio).stem}"[:200]

    def lane(self, spec: TranscriptionSpec) -> str:
        return self._listener(spec).lane

    def run(self, spec: TranscriptionSpec, stage: Stage) -> list[JobOutput]:
        """Write the sound down and put text, subtitles and words into the library.

        Raises:
            NothingSaid, MediaError, EngineError, NotEnoughSpace, Cancelled.
        """
        for output in self._library.list(limit=None, kinds=(TEXT,)):
            if output.job == stage.job_id:
                return job_outputs(output)
        sound = self._sound(spec.audio)
        listener = self._listener(spec)
        written = self.work.write_down(sound, listener, spec.language, stage)
        if not written.transcript.text:
            raise NothingSaid(f"No speech was found in {spec.name or sound.name}.", "Check that something is said in it.")
        return job_outputs(self._shelve(spec, sound, listener, written, stage))

    def _listener(self, spec: TranscriptionSpec) -> Listener:
        return self.work.listener(spec.engine, spec.language, spec.options)

    def _sound(self, audio: str) -> Path:
        """The file that is meant, if it may be read."""
        if "/" not in audio:
            try:
                return self._library.get(audio).path
            except NotFound:
                raise NotFound(f"There is no output {audio}.", "Give an output's id, or a file that was uploaded.") from None
        path = file_within(audio, self._folders)
        if path is not None:
            return path
        named = Path(os.path.normpath(audio))
        if os.path.lexists(audio) or not any(named.is_relative_to(folder) for folder in self._folders):
            raise InvalidInput("The sound is not one of the studio's files.", "Upload it first, or name an output.")
        raise NotFound(f"{named.name[:80]} is not there any more.", "Upload it again.")

    def _shelve(self, spec: TranscriptionSpec, sound: Path, listener: Listener, written: Written, stage: Stage) -> Output:
        folder = stage.scratch / "transcript"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        text, srt, vtt, words = (folder / f"transcript{ending}" for ending in (".txt", ".srt", ".vtt", ".json"))
        cues = cues_of(written)
        text.write_text(text_of(written), encoding="utf-8")
        srt.write_text(to_srt(cues), encoding="utf-8")
        vtt.write_text(to_vtt(cues), encoding="utf-8")
        write_json(words, {"duration": round(written.duration, 3), "engine": spec.engine, **as_json(written.transcript)})
        recipe = {"kind": self.kind, "job": stage.job_id, **self._recipe(spec, sound, listener, written)}
        return self._library.add(text, TEXT, self.title(spec), recipe, (srt, vtt, words))

    def _recipe(self, spec: TranscriptionSpec, sound: Path, listener: Listener, written: Written) -> dict[str, Any]:
        card, said = listener.engine.card, written.transcript
        with sound.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        doubtful = sum(bool(one.doubt) for one in said.segments)
        facts = [card.title, f"{len(said.text.split())} words", said.language, f"{doubtful} doubtful" if doubtful else ""]
        return {
            "engine": card.id,
            "engine_version": card.version,
            "options": listener.options.model_dump(mode="json"),
            "language": said.language,
            "inputs": [{"role": "sound", "name": spec.name or sound.name, "sha256": digest}],
            "parents": [sound.name] if sound.parent == self._library.folder else [],
            "licence": card.weights_licence.name,
            "commercial_use": card.commercial_use,
            "duration": round(written.duration, 3),
            "facts": [fact for fact in (*facts, spec.chosen) if fact],
            "spec": spec.model_dump(mode="json"),
        }


def text_of(written: Written) -> str:
    """The text as a file: one paragraph a stretch of speech would be choppy, so a line ends where a pause is long."""
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


def cues_of(written: Written) -> list[Cue]:
    """Readable subtitles of a transcript."""
    cues = (
        Cue(one.start, one.end, one.text, words=tuple(TimedWord(word.text, word.start, word.end) for word in one.words))
        for one in written.transcript.segments
    )
    return tidy(cues, total_seconds=written.duration)


def job_outputs(output: Output) -> list[JobOutput]:
    """A transcript as a job lists it: the text, SRT, VTT, then the timed words."""
    beside = {path.suffix: path for path in output.companions}
    kinds = ((".srt", "subtitles"), (".vtt", "subtitles"), (".json", "words"))
    listed = [JobOutput(output.id, str(output.path), output.kind)]
    return listed + [JobOutput(output.id, str(beside[ending]), kind) for ending, kind in kinds if ending in beside]
