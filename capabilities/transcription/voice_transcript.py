"""Transcribes the clip of a saved voice in the background and stores the text with the voice."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from capabilities.transcription.run import AUTO, Transcriber
from studio.errors import Cancelled, GreenroomError, InvalidInput
from studio.jobs.capability import Capability, CapabilityDescription, JobContext
from studio.jobs.model import Job, JobOutput
from studio.jobs.service import JobService
from studio.services import Services
from studio.voices.model import TranscriptStatus, Voice

log = logging.getLogger(__name__)

DRAFTERS = frozenset({"pocketsphinx"})
"""Engines whose text a person has to check before a clone may rely on it."""

REPLACEABLE = frozenset({"none", "failed", "draft", "made"})
"""Transcripts that no person has written; the others are never overwritten."""


class VoiceTranscriptSpec(BaseModel):
    """One saved voice. `engine`, `language` and `options` as for a transcription."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    voice: str = Field(min_length=1, max_length=200)
    engine: str = Field(AUTO, max_length=100)
    language: str = Field(AUTO, max_length=35)
    options: dict[str, Any] = {}


class VoiceTranscript(Capability[VoiceTranscriptSpec]):
    """The capability "voice_transcript". A transcript that the user has entered meanwhile is not changed."""

    kind: ClassVar[str] = "voice_transcript"
    Spec = VoiceTranscriptSpec

    def __init__(self, services: Services) -> None:
        self._voices = services.voices
        self._work = Transcriber(services)

    def prepare(self, spec: VoiceTranscriptSpec) -> VoiceTranscriptSpec:
        """Find the voice and choose the engine.

        Raises:
            NotFound, InvalidInput, EngineNotReady: what cannot work.
        """
        voice = self._voices.resolve(spec.voice)
        if voice.built_in or voice.transcript_status not in REPLACEABLE:
            raise InvalidInput("transcription.voice-has-one", voice=voice.name)
        language = spec.language if spec.language != AUTO else voice.language or AUTO
        choice = self._work.choose(spec.engine, language, spec.options)
        options = choice.options.model_dump(mode="json", exclude_defaults=True)
        return spec.model_copy(update={"engine": choice.engine.card.id, "language": language, "options": options})

    def describe(self) -> CapabilityDescription:
        return CapabilityDescription("Voice transcript", "Voiceover", has_form=False)

    def title(self, spec: VoiceTranscriptSpec) -> str:
        return f"Transcript of the voice {spec.voice}"

    def lane(self, spec: VoiceTranscriptSpec) -> str:
        return self._work.choose(spec.engine, spec.language, spec.options).lane

    def run(self, spec: VoiceTranscriptSpec, context: JobContext) -> list[JobOutput]:
        """Transcribe the clip and store the text, or that it failed.

        Raises:
            GreenroomError: there is no speech, or the engine failed; the voice's status is then "failed".
        """
        voice = self._voices.resolve(spec.voice)
        try:
            choice = self._work.choose(spec.engine, spec.language, spec.options)
            said = self._work.transcribe(voice.master, choice, spec.language, context).transcript
            if not said.text:
                raise InvalidInput("transcription.voice-not-understood", voice=voice.name)
        except Cancelled:
            raise
        except GreenroomError:
            self._note(voice, "", "failed", "")
            raise
        doubtful = any(one.doubt for one in said.segments)
        status: TranscriptStatus = "draft" if doubtful or choice.engine.card.id in DRAFTERS else "made"
        self._note(voice, said.text, status, said.language)
        return []

    def _note(self, transcribed: Voice, text: str, status: TranscriptStatus, language: str) -> None:
        """Store the result with the voice, unless its transcript or its clip was changed meanwhile."""
        now = self._voices.get(transcribed.name)
        if now.sound == transcribed.sound and now.transcript_status in REPLACEABLE:
            language = now.language or language
            self._voices.update(now.name, transcript=text, transcript_status=status, language=language)


def submit_transcript_job(jobs: JobService, voice: Voice) -> Job | None:
    """Submit the job that transcribes a new voice; None if it has a transcript or no engine can transcribe it. Saving a voice
    must not fail because no engine is ready, so errors are only logged.
    """
    if voice.transcript:
        return None
    try:
        return jobs.submit("voice_transcript", {"voice": voice.name})
    except GreenroomError as error:
        log.info("No transcript is made: %s", error)
        return None
