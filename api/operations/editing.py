"""The endpoints that mend what there is: voices, the sentences of a narration, recipes; part of api.endpoints.Endpoints."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from api.operations.endpoint import endpoint
from api.operations.uploads import uploaded_file
from capabilities.transcription.voice_transcript import submit_transcript_job
from capabilities.voiceover.capability import Voiceover
from capabilities.voiceover.spec import VoiceoverSpec
from studio.errors import InvalidInput
from studio.jobs.model import Job
from studio.library.copies import terms_of_file
from studio.services import Services
from studio.voices.model import Voice


class EditingOperations:
    """What the page's lists of voices, sentences and outputs can do, for programs."""

    _studio: Services
    _incoming: tuple[Path, Path]

    # Voices

    @endpoint
    def judge_voice(self, audio: gr.FileData) -> dict[str, Any]:
        """What a clip would be worth as a voice, without saving it: findings, and the best part of one that is too long.

        Args:
            audio: the clip, in any common audio or video format.
        """
        verdict = self._studio.voices.judge(uploaded_file(audio, "audio", self._incoming))
        findings = [{**asdict(finding), "severity": finding.severity.value} for finding in verdict.findings]
        best = verdict.best_window
        return {
            "ok": verdict.ok,
            "duration": verdict.duration,
            "findings": findings,
            "best_part": None if best is None else [best[0], best[1]],
        }

    @endpoint
    def save_voice_part(
        self,
        name: str,
        audio: gr.FileData,
        start: float,
        end: float,
        transcript: str = "",
        tags: list[str] = [],
        consent: str = "",
    ) -> dict[str, Any]:
        """Save a voice from a part of a longer clip; judge_voice names the best one.

        Args:
            name: what to call it; unique.
            audio: the clip, in any common audio or video format.
            start: where the part begins, in seconds.
            end: where it ends, in seconds.
            transcript: the words that are said in the part, when known.
            tags: words to find it by.
            consent: who agreed to the use of this voice, how and when.
        """
        if not 0 <= start < end:
            raise InvalidInput("narration.no-part", start=start, end=end)
        clip = uploaded_file(audio, "audio", self._incoming)
        terms = terms_of_file(self._studio.library, clip)
        voice = self._studio.voices.add(
            name, clip, transcript=transcript, tags=tuple(tags), consent=consent, window=(start, end), terms=terms
        )
        return self._with_transcript(voice)

    @endpoint
    def update_voice(
        self,
        voice: str,
        name: str | None = None,
        transcript: str | None = None,
        tags: list[str] | None = None,
        notes: str | None = None,
        consent: str | None = None,
    ) -> dict[str, Any]:
        """Change a saved voice: another name, transcript, tags, notes or consent. What is left out stays as it is.

        Args:
            voice: its present name.
            name: its new name.
            transcript: the words that are said in its clip.
            tags: words to find it by.
            notes: anything worth knowing.
            consent: who agreed to the use of this voice, how and when.
        """
        changed = self._studio.voices.update(voice, name=name, transcript=transcript, tags=tags, notes=notes, consent=consent)
        return changed.as_dict()

    @endpoint
    def export_voice(self, voice: str) -> gr.FileData:
        """A saved voice as one file, with its sound, texts and consent; import_voice takes it in another studio.

        Args:
            voice: its name.
        """
        path = self._studio.voices.export(voice)
        return gr.FileData(path=str(path), orig_name=path.name)

    @endpoint
    def import_voice(self, file: gr.FileData) -> dict[str, Any]:
        """Save the voice in an exported file; when its name is taken it gets a number.

        Args:
            file: a file that export_voice gave.
        """
        return self._with_transcript(self._studio.voices.import_file(uploaded_file(file, "file", self._incoming)))

    def _with_transcript(self, voice: Voice) -> dict[str, Any]:
        submit_transcript_job(self._studio.jobs, voice)
        return voice.as_dict()

    # Sentences of a narration

    @endpoint
    def segments(self, job_id: str) -> list[dict[str, Any]]:
        """The sentences of a narration: id, text, speaker and voice, state, and what was found in each.

        Args:
            job_id: of a voiceover job.
        """
        views = self._narrations.segments_of(self._narration(job_id))
        plain: list[dict[str, Any]] = json.loads(json.dumps([asdict(view) for view in views], default=str))
        return plain

    @endpoint
    def respeak_segment(self, job_id: str, segment: str) -> dict[str, Any]:
        """Speak one sentence of a narration again, in another take; gives the new job at once. The rest is not rendered again.

        Args:
            job_id: of a voiceover job.
            segment: the sentence's id, as segments lists it.
        """
        return self._changed(self._narrations.with_new_take(self._spec(job_id), segment))

    @endpoint
    def pick_take(self, job_id: str, segment: str, seed: int) -> dict[str, Any]:
        """Take another of the takes that a sentence of a narration has; gives the new job at once.

        Args:
            job_id: of a voiceover job.
            segment: the sentence's id, as segments lists it.
            seed: of the take.
        """
        return self._changed(self._narrations.with_picked_take(self._spec(job_id), segment, seed))

    @endpoint
    def edit_segment(self, job_id: str, segment: str, text: str) -> dict[str, Any]:
        """Change the words of one sentence of a narration; gives the new job at once. The rest is not rendered again.

        Args:
            job_id: of a voiceover job.
            segment: the sentence's id, as segments lists it.
            text: the new words; empty takes the sentence out.
        """
        return self._changed(self._narrations.with_edited_text(self._spec(job_id), segment, text))

    @endpoint
    def keep_voice(self, job_id: str, segment: str, name: str) -> dict[str, Any]:
        """Save the voice in which a sentence was spoken, with the sentence as its transcript.

        Args:
            job_id: of a voiceover job.
            segment: the sentence's id, as segments lists it.
            name: what to call the voice; unique.
        """
        return self._narrations.keep_voice(self._narration(job_id), segment, name).as_dict()

    # Outputs

    @endpoint
    def recipe(self, output: str) -> dict[str, Any]:
        """How an output was made: engine, versions, options, seed, inputs, licence; its `kind` and `spec` can go to submit.

        Args:
            output: its id as outputs lists it.
        """
        return dict(self._studio.library.get(output).recipe)

    # Helpers

    @property
    def _narrations(self) -> Voiceover:
        return self._studio.capability(Voiceover)

    def _narration(self, job_id: str) -> Job:
        job = self._studio.jobs.get(job_id)
        if job.kind != "voiceover":
            raise InvalidInput("narration.not-one", job=job.id)
        return job

    def _spec(self, job_id: str) -> VoiceoverSpec:
        return VoiceoverSpec(**self._narration(job_id).spec)

    def _changed(self, spec: VoiceoverSpec) -> dict[str, Any]:
        return self._studio.jobs.submit(Voiceover.kind, spec).as_dict()
