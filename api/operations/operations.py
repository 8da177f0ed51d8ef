"""The public API: what gradio_client and MCP call. Names, parameters, defaults and keys are fixed; scripts depend on them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import gradio as gr

from api.operations.editing import EditingOperations
from api.operations.endpoint import endpoint
from api.operations.library import LibraryOperations, checked_limit, file_data
from api.operations.swap import SwapCalls
from api.operations.system import SystemCalls
from api.operations.templates import TemplateCalls
from api.operations.uploads import uploaded_file
from api.operations.video import VideoCalls
from studio.errors import Cancelled, GreenroomError, NotFound
from studio.jobs.model import Job, JobState
from studio.services import Services
from studio.voices.preview import VoicePreviews

WAIT_SECONDS = 0.5


class Operations(VideoCalls, SwapCalls, SystemCalls, TemplateCalls, EditingOperations, LibraryOperations):
    """All endpoints over one open studio.

    A blocking call only waits for its job's row: a client that goes away, or a call that is cut off, changes nothing
    about the job, which is found again by /jobs.

    Args:
        uploads: the folder where Gradio puts uploaded files.
    """

    def __init__(self, studio: Services, auditions: VoicePreviews, uploads: Path) -> None:
        self._studio = studio
        self._auditions = auditions
        self._incoming = (uploads, studio.paths.outputs)
        self._closing = threading.Event()

    def close(self) -> None:
        """Let every call that waits for a job go, so that the server can end; the jobs stay as they are."""
        self._closing.set()

    # Work

    @endpoint
    def voiceover(
        self,
        script: str,
        voice: str = "",
        engine: str = "auto",
        options: dict[str, Any] = {},
        format: str = "wav",
    ) -> tuple[gr.FileData, gr.FileData, dict[str, Any]]:
        """Speak a script and wait for the finished narration: levelled, subtitled, in one file.

        Args:
            script: what to say; blank lines part paragraphs, "# Title" starts a chapter, "Anna: …" is a speaker's line.
            voice: a saved voice or a preset voice of the engine, as /voices lists them; empty for the engine's first.
            engine: id of a speech engine as /engines lists them; "auto" takes the clearest ready one for the script's language.
            options: values for the engine's own options; /engines holds their schema.
            format: wav, flac, mp3, m4a, opus or ogg.

        Returns:
            The audio file, the subtitles file (.srt) and the job.
        """
        spec = {"script": script, "voice": voice, "engine": engine, "options": options, "format": format}
        job = self._finished(self._studio.jobs.submit("voiceover", spec))
        return self._output(job, "audio"), self._output(job, "subtitles"), job.as_dict()

    @endpoint
    def transcribe(
        self, audio: gr.FileData, engine: str = "auto", language: str = "auto"
    ) -> tuple[str, gr.FileData, dict[str, Any]]:
        """Write down what is said in a sound and wait for it.

        Args:
            audio: the sound, in any common audio or video format.
            engine: id of a transcription engine as /engines lists them; "auto" takes the best ready one.
            language: BCP-47 tag of what is spoken, such as "en" or "de"; "auto" lets the engine find out.

        Returns:
            The text, the subtitles file (.srt) and the job, whose outputs hold the text, SRT, VTT and timed words.
        """
        path = uploaded_file(audio, "audio", self._incoming)
        spec = {"audio": str(path), "engine": engine, "language": language}
        job = self._finished(self._studio.jobs.submit("transcription", spec))
        text = next(Path(output.path).read_text("utf-8") for output in job.outputs if output.kind == "text")
        return text.strip(), self._output(job, "subtitles"), job.as_dict()

    @endpoint
    def lip_sync(
        self,
        face: gr.FileData,
        audio: gr.FileData,
        engine: str = "auto",
        options: dict[str, Any] = {},
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Make a face speak and wait for the video.

        Args:
            face: a picture or a video that shows a face.
            audio: the speech, in any common audio or video format.
            engine: id of a faces engine as /engines lists them; "auto" takes the best ready one.
            options: values for the engine's own options; /engines holds their schema.

        Returns:
            The video file and the job.
        """
        spec = {"face": self._given(face, "face"), "audio": self._given(audio, "audio"), "engine": engine, "options": options}
        job = self._finished(self._studio.jobs.submit("lip_sync", spec))
        return self._output(job, "video"), job.as_dict()

    @endpoint
    def animate_portrait(
        self,
        portrait: gr.FileData,
        driving_video: gr.FileData,
        engine: str = "auto",
        options: dict[str, Any] = {},
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Make a portrait follow the performance in a video and wait for the result.

        Args:
            portrait: a picture that shows a face.
            driving_video: a video of someone performing; its sound goes into the result.
            engine: id of a faces engine as /engines lists them; "auto" takes the best ready one.
            options: values for the engine's own options; /engines holds their schema.

        Returns:
            The video file and the job.
        """
        files = {"portrait": self._given(portrait, "portrait"), "driving_video": self._given(driving_video, "driving_video")}
        job = self._finished(self._studio.jobs.submit("animate_portrait", {**files, "engine": engine, "options": options}))
        return self._output(job, "video"), job.as_dict()

    @endpoint
    def submit(self, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Hand in a job and get it back at once, without waiting for it.

        Args:
            kind: what to do: voiceover, voiceover_batch, transcription, lip_sync, animate_portrait, text_to_video,
                image_to_video and the like.
            spec: the fields of that kind, with the same names as in the blocking call, such as {"script": "…", "voice": "…"};
                files by an output's id or by the path of an upload.
        """
        return self._studio.jobs.submit(kind, spec).as_dict()

    # Jobs

    @endpoint
    def job(self, job_id: str) -> dict[str, Any]:
        """State, progress, outputs and error of one job.

        Args:
            job_id: the id that /submit gave.
        """
        return self._studio.jobs.get(job_id).as_dict()

    @endpoint
    def jobs(self, state: str = "", limit: int = 50, kind: str = "", text: str = "") -> list[dict[str, Any]]:
        """The studio's jobs with their states and results, newest first; also those that others began.

        Args:
            state: queued, waiting, loading, running, done, failed, cancelled or interrupted; empty for all.
            limit: at most so many, 1 to 1000.
            kind: voiceover, lip_sync and so on; empty for all.
            text: to be found in the title or the id.
        """
        states, kinds = (state,) if state else (), (kind,) if kind else ()
        return [job.as_dict() for job in self._studio.jobs.list(states, kinds, checked_limit(limit), text)]

    @endpoint
    def cancel(self, job_id: str) -> dict[str, Any]:
        """Stop a job, whether it waits or runs.

        Args:
            job_id: the id that /submit gave.
        """
        return self._studio.jobs.cancel(job_id).as_dict()

    # Helpers

    def _given(self, value: gr.FileData, field: str) -> str:
        return str(uploaded_file(value, field, self._incoming))

    def _finished(self, job: Job) -> Job:
        while not job.state.ended:
            if self._closing.is_set():
                raise GreenroomError("studio.closing-job-goes-on", retryable=True, job=job.id)
            job = self._studio.jobs.wait(job.id, WAIT_SECONDS)
        if job.state is JobState.CANCELLED:
            raise Cancelled("job.was-cancelled", job=job.id)
        if job.error is not None:
            raise job.error.raised()
        return job

    @staticmethod
    def _output(job: Job, kind: str) -> gr.FileData:
        for output in job.outputs:
            if output.kind == kind:
                return file_data(Path(output.path))
        raise NotFound("job.no-such-file", job=job.id, kind=kind)


QUEUES: dict[str, dict[str, Any]] = {
    "voiceover": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "transcribe": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "lip_sync": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "animate_portrait": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "text_to_video": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "image_to_video": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "character_swap": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "upscale": {"concurrency_id": "gpu", "concurrency_limit": 1},
    "templates": {"queue": False},
    "template": {"concurrency_id": "comfyui", "concurrency_limit": 2},
    "import_template": {"concurrency_id": "comfyui", "concurrency_limit": 2},
    "delete_template": {"queue": False},
    "comfyui_models": {"concurrency_id": "comfyui", "concurrency_limit": 2},
    "submit": {"queue": False},
    "job": {"queue": False},
    "jobs": {"queue": False},
    "cancel": {"queue": False},
    "retry": {"queue": False},
    "move_job": {"queue": False},
    "remove_job": {"queue": False},
    "job_history": {"queue": False},
    "voices": {"queue": False},
    "save_voice": {"concurrency_id": "ingest", "concurrency_limit": 2},
    "delete_voice": {"queue": False},
    "voice_sample": {"queue": False},
    "judge_voice": {"concurrency_id": "ingest", "concurrency_limit": 2},
    "save_voice_part": {"concurrency_id": "ingest", "concurrency_limit": 2},
    "update_voice": {"queue": False},
    "export_voice": {"queue": False},
    "import_voice": {"concurrency_id": "ingest", "concurrency_limit": 2},
    "segments": {"queue": False},
    "respeak_segment": {"queue": False},
    "pick_take": {"queue": False},
    "edit_segment": {"queue": False},
    "keep_voice": {"queue": False},
    "outputs": {"queue": False},
    "delete_output": {"queue": False},
    "recipe": {"queue": False},
    "engines": {"queue": False},
    "load": {"concurrency_id": "load", "concurrency_limit": 1},
    "unload": {"queue": False},
    "memory": {"queue": False},
    "memory_history": {"queue": False},
    "machine_events": {"queue": False},
    "set_idle": {"queue": False},
    "environments": {"queue": False},
    "weights": {"queue": False},
    "run_times": {"queue": False},
    "disk": {"queue": False},
    "free_disk": {"queue": False},
    "log": {"queue": False},
    "support_bundle": {"queue": False},
    "estimate": {"queue": False},
    "doctor": {"concurrency_id": "doctor", "concurrency_limit": 1},
}
"""Every public endpoint by name, with its place in Gradio's queue: only what may take long waits there."""


def register(endpoints: Operations) -> None:
    """Declare all endpoints in the Blocks whose context is open."""
    for name, queue in QUEUES.items():
        gr.api(getattr(endpoints, name), api_name=name, **queue)
