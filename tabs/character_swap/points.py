"""Points on the first picture of the driving clip that mark the person, and what is not the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from engines.contract.faces import SeenFace, face_at
from media.errors import MediaError
from media.video.read import Picture, read_frames
from tabs.common.faces.marks import picked_line
from tabs.common.html import html_piece
from tabs.common.wiring import QUIET, Updates, Values, with_error_toast

SUBJECT, OTHER = "Who is meant", "What is not"
_MOST = 16
_LONGEST = 960
_GREEN, _RED = (40, 200, 120), (225, 70, 60)

Point = dict[str, Any]
"""{"x", "y"} in fractions of the picture, and "subject"."""
FacesOf = Callable[[Values], Sequence[SeenFace] | None]


class PointsPicker:
    """Draws the picture and handles clicks. `points` holds the clicked points."""

    def __init__(self) -> None:
        self.points = gr.State([])
        self._clean = gr.State(None)
        with gr.Accordion("Whose face: click on it in the first picture", open=False, elem_id="swap-who") as self.group:
            self.picture = gr.Image(
                label="First picture of the clip", interactive=False, type="numpy", elem_id="swap-first", height=300,
                buttons=[],
            )  # fmt: skip
            with gr.Row():
                self.meaning = gr.Radio([SUBJECT, OTHER], value=SUBJECT, show_label=False, container=False)
                self.clear = gr.Button("Clear", size="sm", elem_id="swap-clear")
            self.said = html_piece(elem_id="swap-clicked", live=True)

    @property
    def outputs(self) -> list[Any]:
        """The outputs of `first_picture`."""
        return [self._clean, self.points, self.picture, self.said]

    def wire(self, inputs: set[Any], faces_of: FacesOf) -> None:
        """Connect the clicks.

        Args:
            inputs: the inputs of `faces_of`.
            faces_of: returns the faces of which a click must hit one; None if any place is allowed.
        """

        @with_error_toast
        def clicked_on(values: Values, event: gr.SelectData) -> Updates:
            return self._clicked(values, event, faces_of(values))

        state = {self._clean, self.points, self.meaning}
        self.picture.select(clicked_on, state | inputs, [self.points, self.picture, self.said], **QUIET)
        self.clear.click(lambda clean: [[], clean, ""], self._clean, [self.points, self.picture, self.said], **QUIET)

    def first_picture(self, video: Path | None) -> list[Any]:
        """Return updates for `outputs` for another clip: its first picture without points."""
        try:
            picture = next(read_frames(video)).picture if video else None
        except (MediaError, StopIteration):
            picture = None
        small = None if picture is None else _smaller(picture)
        return [small, [], small, ""]

    def _clicked(self, values: Values, event: gr.SelectData, faces: Sequence[SeenFace] | None) -> Updates:
        at, clean = event.index, values[self._clean]
        if clean is None or not isinstance(at, list | tuple) or len(at) != 2:
            return gr.skip()
        height, width = clean.shape[:2]
        x, y = (min(1.0, max(0.0, value / side)) for value, side in zip(at, (width, height), strict=True))
        said = ""
        if faces is not None and values[self.meaning] == SUBJECT:
            picked = face_at(faces, x, y, width / height)
            said = picked_line(faces, picked)
            if picked is None:
                return {self.said: said}
        point = {"x": round(x, 4), "y": round(y, 4), "subject": values[self.meaning] == SUBJECT}
        made = [*(values[self.points] or []), point][-_MOST:]
        return {self.points: made, self.picture: marked(clean, made), self.said: said}


def marked(picture: Picture, points: list[Point]) -> Picture:
    """Return the picture with its points."""
    import cv2

    drawn = picture.copy()
    height, width = drawn.shape[:2]
    radius = max(5, round(0.015 * max(width, height)))
    for point in points:
        at = (round(point["x"] * width), round(point["y"] * height))
        cv2.circle(drawn, at, radius, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(drawn, at, radius - 2, _GREEN if point["subject"] else _RED, -1, cv2.LINE_AA)
    return drawn


def _smaller(picture: Picture) -> Picture:
    import cv2

    scale = min(1.0, _LONGEST / max(picture.shape[:2]))
    if scale == 1.0:
        return picture
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # type: ignore[no-any-return]
