"""The Check-a-file section of the System tab: what any file states about itself, and the studio's signing certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import GreenroomError, InvalidInput
from studio.provenance.formats import SIDECAR_SUFFIX
from studio.provenance.statement import FileStatement
from studio.provenance.words import report_of
from studio.services import Services
from tabs.common.html import html_piece, newest
from tabs.common.templating import render
from tabs.common.wiring import QUIET

MOST_AT_ONCE = 20


class ProvenanceSection:
    """An upload button, the statements that were found, and the drawn piece about the studio's own certificate."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.asked: list[Any] = []
        self.piece = html_piece(elem_id="provenance", on_draw="greenroom.keepFolds(element)", value=newest("check"))
        self.choose = gr.UploadButton(
            "Choose files to check", file_count="multiple", type="filepath", variant="primary", elem_id="check-files"
        )
        self.told = html_piece(elem_id="checked", live=True)

    def draw(self) -> list[str]:
        try:
            certificate, trouble = self._studio.provenance.certificate(), ""
        except GreenroomError as error:
            certificate, trouble = None, str(error)
        return [render("system/provenance.html", certificate=certificate, trouble=trouble)]

    def clicked(self, event: gr.EventData) -> None:
        """Refuse every press: the piece has no buttons.

        Raises:
            InvalidInput: always.
        """
        raise InvalidInput("page.button-unknown")

    def wire(self) -> None:
        """Check files as soon as they are uploaded; the previous result is removed first, so that it is not taken for theirs."""
        given = self.choose.upload(
            lambda: render("system/checked.html", files=None), None, self.told, trigger_mode="always_last", **QUIET
        )
        given.then(self._checked, self.choose, self.told, **QUIET)

    def _checked(self, uploads: list[str] | None) -> str:
        paths = [Path(path) for path in uploads or ()]
        apart = {path.stem: path for path in paths if path.suffix == SIDECAR_SUFFIX}
        files = [path for path in paths if path.suffix != SIDECAR_SUFFIX]
        found = [self._file(path, apart.get(path.name) or apart.get(path.stem)) for path in files[:MOST_AT_ONCE]]
        left = len(files) - len(found)
        alone = not files and bool(apart)
        return render("system/checked.html", files=found, left=left, alone=alone)

    def _file(self, path: Path, sidecar: Path | None) -> dict[str, Any]:
        try:
            found = self._studio.provenance.check(path, sidecar)
        except GreenroomError as error:
            return {"name": path.name, "trouble": str(error), "report": None, "statement": None, "chip": ("failed", "not read")}
        return {"name": path.name, "trouble": "", "report": report_of(found), "statement": found, "chip": _chip(found)}


def _chip(found: FileStatement) -> tuple[str, str]:
    """Return a state of the page's chips and its label, which describes the statement, never the file."""
    if found.holds is None:
        return "cold", "no statement read"
    if not found.holds:
        return "failed", "changed since"
    return ("done", "signed here") if found.ours else ("waiting", "signer unknown")
