"""The endpoint that runs templates; part of api.endpoints.Endpoints."""

from __future__ import annotations

from typing import Any

import gradio as gr

from api.operations.endpoint import endpoint
from studio.jobs.model import Job
from studio.services import Services


class SwapCalls:
    """/character_swap."""

    _studio: Services

    @endpoint
    def character_swap(
        self, template: str, reference_image: gr.FileData, driving_video: gr.FileData, options: dict[str, Any] = {}
    ) -> tuple[gr.FileData, dict[str, Any]]:
        """Put the person of a picture into a video and wait for it.

        Args:
            template: id of a template as /templates lists them; "basic-face-swap" needs no ComfyUI.
            reference_image: the picture.
            driving_video: the video whose person is replaced, or whose movements are taken over.
            options: values for the template's parameters; /template tells them. Templates with other inputs, trimming and the
                like are fields of the job: use /submit with the kind "character_swap".

        Returns:
            The video file and the job.
        """
        files = {
            "reference_image": self._given(reference_image, "reference_image"),
            "driving_video": self._given(driving_video, "driving_video"),
        }
        job = self._finished(self._studio.jobs.submit("character_swap", {"template": template, **files, "options": options}))
        return self._output(job, "video"), job.as_dict()

    # What Endpoints gives

    def _given(self, value: gr.FileData, field: str) -> str:
        raise AssertionError

    def _finished(self, job: Job) -> Job:
        raise AssertionError

    @staticmethod
    def _output(job: Job, kind: str) -> gr.FileData:
        raise AssertionError
