"""Points that are clicked on the driving clip's first picture: who is meant, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from media.errors import MediaError
from media.video.read import Picture, read_frames
from tabs.common.wiring import QUIET, with_error_toast

SUBJECT, OTHER = "Who is meant", "What is not"
_MOST = 16
_LONGEST = 960
_GREEN, _RED = (40, 200, 120), (225, 70, 60)

Point = dict[str, Any]
"""{"x", "y"} in fractions of the picture, and "subject"."""


class PointsPicker:
    """Draws the picture here and takes clicks. `points` holds what was clicked."""

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

    @property
    def outputs(self) -> list[Any]:
        """Outputs of `first_picture`."""
        return [self._clean, self.points, self.picture]

    def wire(self) -> None:
        state = [self._clean, self.points]
        self.picture.select(self._clicked, [*state, self.meaning], [self.points, self.picture], **QUIET)
        self.clear.click(lambda clean: [[], clean], self._clean, [self.points, self.picture], **QUIET)

    def first_picture(self, video: Path | None) -> list[Any]:
        """Updates for `outputs` when another clip was chosen: its first picture without points."""
        try:
            picture = next(read_frames(video)).picture if video else None
        except (MediaError, StopIteration):
            picture = None
        small = None if picture is None else _smaller(picture)
        return [small, [], small]

    @with_error_toast
    def _clicked(self, clean: Any, points: list[Point] | None, meaning: str, event: gr.SelectData) -> list[Any]:
        at = event.index
        if clean is None or not isinstance(at, list | tuple) or len(at) != 2:
            return [gr.skip(), gr.skip()]
        height, width = clean.shape[:2]
        x, y = (min(1.0, max(0.0, value / side)) for value, side in zip(at, (width, height), strict=True))
        made = [*(points or []), {"x": round(x, 4), "y": round(y, 4), "subject": meaning == SUBJECT}][-_MOST:]
        return [made, marked(clean, made)]


def marked(picture: Picture, points: list[Point]) -> Picture:
    """The picture with its points drawn in."""
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
