"""The sample portraits as buttons, for every tab that takes a face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import NotFound
from tabs.common.html import html_piece
from tabs.common.templating import render
from tabs.common.wiring import QUIET, clicked, portrait_url, with_error_toast


def sample_pictures(assets: Path) -> dict[str, Path]:
    """Return the portraits that ship with the studio, by their display names."""
    return {path.stem.replace("-", " ").capitalize(): path for path in sorted((assets / "portraits").glob("*.*g"))}


class SamplePictures:
    """Draws the portraits.

    Args:
        assets: the folder that ships with the studio.
    """

    def __init__(self, assets: Path, *, elem_id: str) -> None:
        self._pictures = sample_pictures(assets)
        pictures = [(name, portrait_url(path.name)) for name, path in self._pictures.items()]
        self.piece = html_piece(render("common/sample_pictures.html", pictures=pictures), elem_id=elem_id)

    def wire(self, picture: gr.Image, *cleared: Any) -> None:
        """Connect the buttons: a press sets `picture` and clears the components `cleared`."""

        @with_error_toast
        def chosen(event: gr.EventData) -> list[Any]:
            path = self._pictures.get(clicked(event).get("sample", ""))
            if path is None:
                raise NotFound("portrait.sample-unknown")
            return [str(path), *(gr.update(value=None) for _ in cleared)]

        self.piece.click(chosen, None, [picture, *cleared], **QUIET)
