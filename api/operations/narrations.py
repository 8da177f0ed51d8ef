"""Calls about the sentences of a narration."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from pydantic import Field

from api.operations.answers.jobs import JobAnswer
from api.operations.answers.library import SegmentAnswer
from api.operations.answers.voices import VoiceAnswer
from api.operations.context import OperationContext
from api.operations.jobs import JobId
from api.operations.operation import Access, Group, Input
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.segments import SegmentView
from capabilities.voiceover.spec import VoiceoverSpec
from studio.errors import InvalidInput, MediaError, NotFound
from studio.jobs.model import Job

GROUP = Group("narrations", "Sentences of a narration", "What was spoken, sentence by sentence, and how to change one of them.")
REFUSALS = (NotFound,)
_KEY = re.compile(r"[0-9a-f]{64}")

JOB = Field(description="Of a voiceover job.")
SEGMENT = Field(description="The sentence's id, as `segments` lists it.")


class NarrationId(JobId):
    job_id: str = JOB


class SegmentInput(Input):
    job_id: str = JOB
    segment: str = SEGMENT


class TakeInput(SegmentInput):
    seed: int = Field(description="Of the take.")


class EditInput(SegmentInput):
    text: str = Field(description="The new words; empty takes the sentence out.")


class KeepInput(SegmentInput):
    name: str = Field(description="What to call the voice; unique.")


@GROUP.operation(Access.READS, errors=REFUSALS, example={"job_id": "NARRATION"})
def segments(context: OperationContext, call: NarrationId) -> list[SegmentAnswer]:
    """The sentences of a narration: id, text, speaker and voice, state, and what was found in each."""
    return _answers(context, narrations_of(context).segments_of(narration_of(context, call.job_id)))


@GROUP.operation(Access.READS, errors=REFUSALS, example={"job_id": "NARRATION"})
def made_voices(context: OperationContext, call: NarrationId) -> list[SegmentAnswer]:
    """The voices that were made up for a narration: the one sentence that all others in each are cloned from. Its id goes into
    `respeak_segment` for another voice, and into `keep_voice`."""
    return _answers(context, narrations_of(context).voices_of(narration_of(context, call.job_id)))


def _answers(context: OperationContext, views: list[SegmentView]) -> list[SegmentAnswer]:
    plain = json.loads(json.dumps([asdict(view) for view in views], default=str))
    if context.links is not None:
        for one, view in zip(plain, views, strict=True):
            if view.path is not None and _KEY.fullmatch(view.path.stem):
                one["url"] = context.links.address(f"/media/segments/{view.path.stem}")
    return [SegmentAnswer.model_validate(one) for one in plain]


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"job_id": "NARRATION", "segment": "SEGMENT"})
def respeak_segment(context: OperationContext, call: SegmentInput) -> JobAnswer:
    """Speak one sentence of a narration again, in another take; gives the new job at once. The rest is not rendered again, but
    for a made-up voice: all in it is spoken in the new one."""
    return submitted(context, narrations_of(context).with_new_take(_spec(context, call.job_id), call.segment))


@GROUP.operation(Access.WRITES, errors=REFUSALS, example={"job_id": "NARRATION", "segment": "SEGMENT", "seed": 1})
def pick_take(context: OperationContext, call: TakeInput) -> JobAnswer:
    """Take another of the takes that a sentence of a narration has; gives the new job at once."""
    return submitted(context, narrations_of(context).with_picked_take(_spec(context, call.job_id), call.segment, call.seed))


@GROUP.operation(
    Access.WRITES,
    errors=REFUSALS,
    example={"job_id": "NARRATION", "segment": "SEGMENT", "text": "It was a calm evening."},
)
def edit_segment(context: OperationContext, call: EditInput) -> JobAnswer:
    """Change the words of one sentence of a narration; gives the new job at once. The rest is not rendered again."""
    return submitted(context, narrations_of(context).with_edited_text(_spec(context, call.job_id), call.segment, call.text))


@GROUP.operation(
    Access.WRITES,
    errors=(*REFUSALS, MediaError),
    example={"job_id": "NARRATION", "segment": "SEGMENT", "name": "The narrator"},
)
def keep_voice(context: OperationContext, call: KeepInput) -> VoiceAnswer:
    """Save the voice in which a sentence was spoken, or one that was made up, with its words as the transcript."""
    kept = narrations_of(context).keep_voice(narration_of(context, call.job_id), call.segment, call.name)
    return VoiceAnswer.model_validate(kept.as_dict())


def narrations_of(context: OperationContext) -> Voiceover:
    """The capability that narrates."""
    return context.studio.capability(Voiceover)


def narration_of(context: OperationContext, job_id: str) -> Job:
    """
    Raises:
        NotFound: no such job. InvalidInput: it is none that narrates.
    """
    job = context.studio.jobs.get(job_id)
    if job.kind != "voiceover":
        raise InvalidInput("narration.not-one", job=job.id)
    return job


def _spec(context: OperationContext, job_id: str) -> VoiceoverSpec:
    return VoiceoverSpec(**narration_of(context, job_id).spec)


def submitted(context: OperationContext, spec: VoiceoverSpec) -> JobAnswer:
    """The job of a narration that was handed in."""
    return context.job(context.studio.jobs.submit(Voiceover.kind, spec))
