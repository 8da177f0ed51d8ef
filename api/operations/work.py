"""Calls that make something and wait for it, and the ones that hand work in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from api.operations.answers.jobs import EstimateAnswer, JobAnswer
from api.operations.context import OperationContext
from api.operations.files import FileRef, InputFile
from api.operations.operation import WORK, Access, Group, Input, Parts
from capabilities.registry import kinds
from studio.errors import EngineNotReady, MediaError, MemoryRefused, NotFound, StorageError
from studio.jobs.model import Job

GROUP = Group("work", "Work", "Calls that make something and wait for it, and the ones that hand work in.")
REFUSALS = (NotFound, MediaError, EngineNotReady, MemoryRefused, StorageError)

OPTIONS: Any = Field({}, description="Values for the engine's own options; `engines` holds their schema.")


def _engine(kind: str, what: str = "the best ready one") -> Any:
    return Field("auto", description=f'Id of {kind} engine as `engines` lists them; "auto" takes {what}.')


class Film(Parts):
    """A film and its job."""

    video: FileRef
    job: JobAnswer


class VoiceoverInput(Input):
    script: str = Field(
        description='What to say; blank lines part paragraphs, "# Title" starts a chapter, "Anna: …" is a speaker\'s line.'
    )
    voice: str = Field(
        "",
        description="A saved voice or a preset voice of the engine, as `voices` lists them; empty for the engine's first.",
    )
    engine: str = _engine("a speech", "the clearest ready one for the script's language")
    options: dict[str, Any] = OPTIONS
    format: str = Field("wav", description="wav, flac, mp3, m4a, opus or ogg.")


class Narration(Parts):
    """A finished narration."""

    audio: FileRef
    subtitles: FileRef = Field(description="SRT.")
    job: JobAnswer


@GROUP.operation(
    Access.WRITES,
    queue=WORK,
    errors=REFUSALS,
    example={"script": "Hello from the studio.", "voice": "hibari/heart", "format": "mp3"},
)
def voiceover(context: OperationContext, call: VoiceoverInput) -> Narration:
    """Speak a script and wait for the finished narration: levelled, subtitled, in one file."""
    job = context.finished("voiceover", call.model_dump())
    return Narration(audio=context.output(job, "audio"), subtitles=context.output(job, "subtitles"), job=context.job(job))


class TranscribeInput(Input):
    audio: InputFile = Field(description="The sound, in any common audio or video format.")
    engine: str = _engine("a transcription")
    language: str = Field("auto", description='BCP-47 tag of what is spoken, such as "en"; "auto" lets the engine find out.')


class Transcript(Parts):
    """What is said in a sound."""

    text: str
    subtitles: FileRef = Field(description="SRT.")
    job: JobAnswer = Field(description="Its outputs hold the text, SRT, VTT and timed words.")


@GROUP.operation(Access.WRITES, queue=WORK, errors=REFUSALS, example={"audio": "@SPEECH", "language": "en"})
def transcribe(context: OperationContext, call: TranscribeInput) -> Transcript:
    """Write down what is said in a sound and wait for it."""
    job = context.finished("transcription", call.model_dump(mode="json"))
    text = next(Path(output.path).read_text("utf-8") for output in job.outputs if output.kind == "text")
    return Transcript(text=text.strip(), subtitles=context.output(job, "subtitles"), job=context.job(job))


class LipSyncInput(Input):
    face: InputFile = Field(description="A picture or a video that shows a face.")
    audio: InputFile = Field(description="The speech, in any common audio or video format.")
    engine: str = _engine("a faces")
    options: dict[str, Any] = OPTIONS


@GROUP.operation(
    Access.WRITES,
    queue=WORK,
    errors=REFUSALS,
    example={"face": "@PORTRAIT", "audio": "@SPEECH", "engine": "puppet"},
)
def lip_sync(context: OperationContext, call: LipSyncInput) -> Film:
    """Make a face speak and wait for the video."""
    return _film(context, context.finished("lip_sync", call.model_dump(mode="json")))


class AnimatePortraitInput(Input):
    portrait: InputFile = Field(description="A picture that shows a face; with LivePortrait a video, too.")
    driving_video: InputFile = Field(description="A video of someone performing; its sound goes into the result.")
    engine: str = _engine("a faces")
    options: dict[str, Any] = OPTIONS


@GROUP.operation(
    Access.WRITES,
    queue=WORK,
    errors=REFUSALS,
    example={"portrait": "@PORTRAIT", "driving_video": "@FILM"},
)
def animate_portrait(context: OperationContext, call: AnimatePortraitInput) -> Film:
    """Make a portrait follow the performance in a video and wait for the result."""
    return _film(context, context.finished("animate_portrait", call.model_dump(mode="json")))


class TextToVideoInput(Input):
    prompt: str = Field(description="What is to be seen; the animatic takes it for a script: each sentence is shown and spoken.")
    engine: str = _engine("a video")
    options: dict[str, Any] = Field(
        {},
        description="Values for the engine's own options; `engines` holds their schema. Shots, size, voice, music and captions "
        "are fields of the job: use `submit` with the kind text_to_video.",
    )


@GROUP.operation(Access.WRITES, queue=WORK, errors=REFUSALS, example={"prompt": "Night falls.", "engine": "animatic"})
def text_to_video(context: OperationContext, call: TextToVideoInput) -> Film:
    """Make a clip from words and wait for it.

    The job's outputs hold the subtitles too.
    """
    return _film(context, context.finished("text_to_video", call.model_dump()))


class ImageToVideoInput(Input):
    image: InputFile = Field(description="The picture.")
    prompt: str = Field(
        description='What happens; may be empty under the animatic, which reads the camera\'s move from it ("push in").'
    )
    engine: str = _engine("a video")
    options: dict[str, Any] = OPTIONS


@GROUP.operation(
    Access.WRITES,
    queue=WORK,
    errors=REFUSALS,
    example={"image": "@PICTURE", "prompt": "push in", "engine": "animatic"},
)
def image_to_video(context: OperationContext, call: ImageToVideoInput) -> Film:
    """Make a clip that begins with a picture, or under the animatic shows it, and wait for it."""
    return _film(context, context.finished("image_to_video", call.model_dump(mode="json")))


class CharacterSwapInput(Input):
    template: str = Field(description='Id of a template as `templates` lists them; "basic-face-swap" needs no ComfyUI.')
    reference_image: InputFile = Field(description="The picture.")
    driving_video: InputFile = Field(description="The video whose person is replaced, or whose movements are taken over.")
    options: dict[str, Any] = Field(
        {},
        description="Values for the template's parameters; `template` tells them. Templates with other inputs, trimming and the "
        "like are fields of the job: use `submit` with the kind character_swap.",
    )


@GROUP.operation(
    Access.WRITES,
    queue=WORK,
    errors=REFUSALS,
    example={"template": "basic-face-swap", "reference_image": "@PORTRAIT", "driving_video": "@FILM"},
)
def character_swap(context: OperationContext, call: CharacterSwapInput) -> Film:
    """Put the person of a picture into a video and wait for it."""
    return _film(context, context.finished("character_swap", call.model_dump(mode="json")))


class UpscaleInput(Input):
    video: InputFile = Field(description="The video; a result of the studio may be given by its id.")
    engine: str = _engine("an upscaling")
    options: dict[str, Any] = Field(
        {}, description='Values for the engine\'s own options, such as {"scale": 2}; `engines` holds their schema.'
    )


@GROUP.operation(Access.WRITES, queue=WORK, errors=REFUSALS, example={"video": "@FILM", "options": {"scale": 2}})
def upscale(context: OperationContext, call: UpscaleInput) -> Film:
    """Make a video larger and wait for it; its sound and length stay."""
    return _film(context, context.finished("upscale", call.model_dump(mode="json")))


class SubmitInput(Input):
    kind: str = Field(description=f"What to do: {', '.join(kinds())}.")
    spec: dict[str, Any] = Field(
        description='The fields of that kind, with the same names as in the blocking call, such as {"script": "…", "voice": "…"};'
        " files by an output's id or by the path of an upload."
    )


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"kind": "voiceover", "spec": {"script": "Short."}})
def submit(context: OperationContext, call: SubmitInput) -> JobAnswer:
    """Hand in a job and get it back at once, without waiting for it."""
    return context.job(context.studio.jobs.submit(call.kind, context.files.in_spec(call.spec)))


class EstimateInput(Input):
    kind: str = Field(description=f"What to do: {', '.join(kinds(estimated=True))}.")
    spec: dict[str, Any] = Field(description="Its fields, the same as `submit` takes for that kind.")


@GROUP.operation(
    Access.READS,
    errors=(NotFound, EngineNotReady, MediaError),
    example={"kind": "voiceover", "spec": {"script": "How long?"}},
)
def estimate(context: OperationContext, call: EstimateInput) -> EstimateAnswer:
    """Ask how long a job would take on this machine, how long its result would be and whether its engine fits into memory now,
    without making anything.

    Worth a call before long work; nothing is queued, loaded or spent.
    """
    found = context.studio.jobs.estimate(call.kind, context.files.in_spec(call.spec)).as_dict()
    return EstimateAnswer.model_validate(found)


def _film(context: OperationContext, job: Job) -> Film:
    return Film(video=context.output(job, "video"), job=context.job(job))
