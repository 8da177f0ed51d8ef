"""The endpoints that make clips; part of api.endpoints.Endpoints."""

from __future__ import annotations

from typing import Any

import gradio as gr

from api.operations.endpoint import endpoint
from studio.jobs.model import Job
from studio.services import Services


class VideoCalls:
    """/text_to_video, /image_to_video and /upscale."""

    _studio: Services

    @endpoint
    def text_to_video(
        self, prompt: str, engine: str = "auto", options: dict[str, Any] = {}
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Make a clip from words and wait for it.

        Args:
            prompt: what is to be seen; the animatic takes it for a script: each sentence is shown and spoken.
            engine: id of a video engine as /engines lists them; "auto" takes the best ready one.
            options: values for the engine's own options; /engines holds their schema. Shots, size, voice, music and captions
                are fields of the job: use /submit with the kind "text_to_video".

        Returns:
            The video file and the job, whose outputs hold the subtitles too.
        """
        job = self._finished(self._studio.jobs.submit("text_to_video", {"prompt": prompt, "engine": engine, "options": options}))
        return self._output(job, "video"), job.as_dict()

    @endpoint
    def image_to_video(
        self, image: gr.FileData, prompt: str, engine: str = "auto", options: dict[str, Any] = {}
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Make a clip that begins with a picture, or under the animatic shows it, and wait for it.

        Args:
            image: the picture.
            prompt: what happens; may be empty under the animatic, which reads the camera's move from it ("push in").
            engine: id of a video engine as /engines lists them; "auto" takes the best ready one.
            options: values for the engine's own options; /engines holds their schema.

        Returns:
            The video file and the job.
        """
        spec = {"image": self._given(image, "image"), "prompt": prompt, "engine": engine, "options": options}
        job = self._finished(self._studio.jobs.submit("image_to_video", spec))
        return self._output(job, "video"), job.as_dict()

    @endpoint
    def upscale(
        self, video: gr.FileData, engine: str = "auto", options: dict[str, Any] = {}
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Make a video larger and wait for it; its sound and length stay.

        Args:
            video: the video; a result of the studio may be given by its path.
            engine: id of an upscaling engine as /engines lists them; "auto" takes the best ready one.
            options: values for the engine's own options, such as {"scale": 2}; /engines holds their schema.

        Returns:
            The video file and the job.
        """
        spec = {"video": self._given(video, "video"), "engine": engine, "options": options}
        job = self._finished(self._studio.jobs.submit("upscale", spec))
        return self._output(job, "video"), job.as_dict()

    # What Endpoints gives

    def _given(self, value: gr.FileData, field: str) -> str:
        raise AssertionError

    def _finished(self, job: Job) -> Job:
        raise AssertionError

    @staticmethod
    def _output(job: Job, kind: str) -> gr.FileData:
        raise AssertionError
