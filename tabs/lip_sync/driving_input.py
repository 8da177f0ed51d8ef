"""The driving video of a portrait: an upload, or an output of an earlier job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from capabilities.common.face_spec import rank_of
from studio.services import Services
from tabs.common.lists.live_lists import LiveDropdown
from tabs.common.sources import LIBRARY
from tabs.common.wiring import Updates, Values
from tabs.lip_sync.library_inputs import output_choices, source_of

VIDEO = "Video"


class DrivingInput:
    """Draws the components of the driving video. Their names in the form are those of its attributes."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.driving_from = gr.Radio([VIDEO, LIBRARY], value=VIDEO, label="Driving video", elem_id="driving-from")
        self.driving = gr.Video(label="Video", sources=["upload", "webcam"], elem_id="driving", height=300)
        self.driving_output = LiveDropdown(
            output_choices(studio, "video"), label="From the library", visible=False, elem_id="driving-output"
        )
        self.driving_face = gr.Number(
            1, label="Which face leads", info="1 is the largest of the first picture.", precision=0, minimum=1, maximum=64
        )

    @property
    def named(self) -> dict[str, Any]:
        """The components by their fixed names."""
        names = ("driving_from", "driving", "driving_output", "driving_face")
        return {name: getattr(self, name) for name in names}

    @property
    def places(self) -> dict[str, Any]:
        """The component that is visible for each choice of `driving_from`."""
        return {VIDEO: self.driving, LIBRARY: self.driving_output}

    def spec(self, values: Values) -> dict[str, Any]:
        """Return the fields of a job that name the driving video."""
        chosen = self.places[values[self.driving_from]]
        return {"driving_video": values[chosen] or "", "driving_face_number": int(values[self.driving_face] or 1)}

    def restored(self, spec: Mapping[str, Any]) -> Updates:
        """Return updates that restore the fields of an earlier job."""
        driving = source_of(self._studio, spec.get("driving_video", ""))
        updates: Updates = {
            self.driving_from: LIBRARY if driving.output else VIDEO,
            self.driving_face: rank_of(spec.get("driving_face_number", 0), spec.get("driving_face", 0)) + 1,
        }
        if driving.file:
            updates[self.driving] = driving.file
        if driving.output:
            choices = output_choices(self._studio, "video")
            updates[self.driving_output] = gr.update(choices=choices, value=driving.output)
        return updates
