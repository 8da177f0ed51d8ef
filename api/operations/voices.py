"""Calls about voices."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from pydantic import Field

from api.operations.answers.voices import ClipVerdict, ListedVoice, NearVoiceAnswer, VoiceAnswer
from api.operations.context import OperationContext
from api.operations.files import FileRef, InputFile
from api.operations.operation import Access, Group, Input, Nothing, Queue
from capabilities.transcription.voice_transcript import submit_transcript_job
from engines.contract import Engine, PresetVoice
from studio.errors import EngineError, InvalidInput, MediaError, NotFound, StorageError
from studio.library.copies import terms_of_file
from studio.voices.model import Voice
from studio.voices.presets.nearest import nearest_to

GROUP = Group("voices", "Voices", "Saved voices, preset voices of engines, and their samples.")
INGEST = Queue("ingest", 2)
REFUSALS = (MediaError, StorageError)

NAME = Field(description="What to call it; unique.")
CLIP = Field(description="The clip, in any common audio or video format.")
TAGS: Any = Field([], description="Words to find it by.")
CONSENT = Field("", description="Who agreed to the use of this voice, how and when.")


class VoiceName(Input):
    voice: str = Field(description="Its name as `voices` lists it.")


MEND = Field(False, description="Turn back reversed polarity, keep the channel with the voice, take out an offset.")


class SaveVoiceInput(Input):
    name: str = NAME
    audio: InputFile = CLIP
    transcript: str = Field("", description="The words that are said in it, when known.")
    tags: list[str] = TAGS
    consent: str = CONSENT
    mend: bool = MEND


class SaveVoicePartInput(Input):
    name: str = NAME
    audio: InputFile = CLIP
    start: float = Field(description="Where the part begins, in seconds.")
    end: float = Field(description="Where it ends, in seconds.")
    transcript: str = Field("", description="The words that are said in the part, when known.")
    tags: list[str] = TAGS
    consent: str = CONSENT
    mend: bool = MEND


class UpdateVoiceInput(Input):
    voice: str = Field(description="Its present name.")
    name: str | None = Field(None, description="Its new name.")
    transcript: str | None = Field(None, description="The words that are said in its clip.")
    tags: list[str] | None = Field(None, description="Words to find it by.")
    notes: str | None = Field(None, description="Anything worth knowing.")
    consent: str | None = Field(None, description="Who agreed to the use of this voice, how and when.")


class ClipInput(Input):
    audio: InputFile = CLIP


class VoiceFile(Input):
    file: InputFile = Field(description="A file that `export_voice` gave.")


@GROUP.operation(Access.READS)
def voices(context: OperationContext, call: Nothing) -> list[ListedVoice]:
    """Saved voices, the samples that ship with the studio, and the preset voices of every ready engine.

    A preset voice has "preset": true and the name "engine/preset"; each name can be given as `voice` to `voiceover`.
    """
    saved = [{**voice.as_dict(), "preset": False} for voice in context.studio.voices.list()]
    found = saved + [_preset(engine, preset) for engine, preset in context.previews.presets()]
    return [ListedVoice.model_validate(one) for one in found]


@GROUP.operation(
    Access.WRITES,
    queue=INGEST,
    errors=REFUSALS,
    example={"name": "Ada", "audio": "@CLIP", "consent": "Ada, by mail, in May"},
)
def save_voice(context: OperationContext, call: SaveVoiceInput) -> VoiceAnswer:
    """Save a voice from a clip of 3 to 30 seconds of one person speaking."""
    return _saved(context, call, None)


@GROUP.operation(
    Access.WRITES,
    queue=INGEST,
    errors=REFUSALS,
    example={"name": "Ada's first words", "audio": "@CLIP", "start": 0, "end": 4},
)
def save_voice_part(context: OperationContext, call: SaveVoicePartInput) -> VoiceAnswer:
    """Save a voice from a part of a longer clip; `judge_voice` names the best one."""
    if not 0 <= call.start < call.end:
        raise InvalidInput("narration.no-part", start=call.start, end=call.end)
    return _saved(context, call, (call.start, call.end))


@GROUP.operation(Access.READS, queue=INGEST, errors=(MediaError,), example={"audio": "@CLIP"})
def judge_voice(context: OperationContext, call: ClipInput) -> ClipVerdict:
    """What a clip would be worth as a voice, without saving it: findings, and the best part of one that is too long."""
    verdict = context.studio.voices.judge(call.audio)
    findings = [finding.as_dict() for finding in verdict.findings]
    best = list(verdict.best_window) if verdict.best_window is not None else None
    return ClipVerdict.model_validate({"ok": verdict.ok, "duration": verdict.duration, "findings": findings, "best_part": best})


@GROUP.operation(Access.READS, queue=INGEST, errors=(MediaError, EngineError), example={"audio": "@CLIP"})
def nearest_voice(context: OperationContext, call: ClipInput) -> list[NearVoiceAnswer]:
    """The built-in voices that sound most like a recording of one person, the nearest first. They are chosen, not made: none is
    a clone of the recording, which is not kept."""
    studio = context.studio
    found = nearest_to(call.audio, studio.catalog, studio.site, studio.workers)
    return [NearVoiceAnswer.model_validate(asdict(one)) for one in found]


@GROUP.operation(Access.WRITES, errors=(NotFound, StorageError), example={"voice": "VOICE", "tags": ["calm"]})
def update_voice(context: OperationContext, call: UpdateVoiceInput) -> VoiceAnswer:
    """Change a saved voice: another name, transcript, tags, notes or consent. What is left out stays as it is."""
    return _answer(context.studio.voices.update(call.voice, **call.model_dump(exclude={"voice"})))


@GROUP.operation(Access.DELETES, errors=(NotFound,), example={"voice": "VOICE"})
def delete_voice(context: OperationContext, call: VoiceName) -> VoiceAnswer:
    """Delete a saved voice and its files."""
    return _answer(context.studio.voices.delete(call.voice))


@GROUP.operation(Access.READS, errors=(NotFound,), example={"voice": "hibari/heart"})
def voice_sample(context: OperationContext, call: VoiceName) -> FileRef:
    """How a voice sounds: a saved voice's recording, or a preset voice saying a line."""
    return context.file(context.previews.clip(call.voice), f"/media/voice-samples?voice={quote(call.voice, safe='')}")


@GROUP.operation(Access.READS, errors=(NotFound, StorageError), example={"voice": "VOICE"})
def export_voice(context: OperationContext, call: VoiceName) -> FileRef:
    """A saved voice as one file, with its sound, texts and consent; `import_voice` takes it in another studio."""
    return context.file(context.studio.voices.export(call.voice), f"/media/voices/{quote(call.voice, safe='')}/export")


@GROUP.operation(Access.WRITES, queue=INGEST, errors=REFUSALS, example={"file": "@VOICEFILE"})
def import_voice(context: OperationContext, call: VoiceFile) -> VoiceAnswer:
    """Save the voice in an exported file; when its name is taken it gets a number."""
    return _with_transcript(context, context.studio.voices.import_file(call.file))


def _saved(
    context: OperationContext, call: SaveVoiceInput | SaveVoicePartInput, window: tuple[float, float] | None
) -> VoiceAnswer:
    terms = terms_of_file(context.studio.library, call.audio)
    voice = context.studio.voices.add(
        call.name, call.audio, call.transcript, call.tags, call.consent, window=window, terms=terms, mend=call.mend
    )
    return _with_transcript(context, voice)


def _with_transcript(context: OperationContext, voice: Voice) -> VoiceAnswer:
    submit_transcript_job(context.studio.jobs, voice)
    return _answer(voice)


def _answer(voice: Voice) -> VoiceAnswer:
    return VoiceAnswer.model_validate(voice.as_dict())


def _preset(engine: type[Engine], preset: PresetVoice) -> dict[str, Any]:
    name = f"{engine.card.id}/{preset.id}"
    return {
        "id": name, "name": name, "title": preset.title, "language": preset.language, "gender": preset.gender,
        "engine": engine.card.id, "preset": True,
    }  # fmt: skip
