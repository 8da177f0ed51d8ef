"""The log section of the System tab: records by level and words, and the support bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.doctor.log_viewer import STUDIO, LogRecord, log_names, read_log
from studio.services import Services
from tabs.common.html import html_piece, newest
from tabs.common.templating import render

RECORDS_SHOWN = 200
BUNDLE_URL = "media/support-bundle"
_CHIPS = {"WARNING": "waiting", "ERROR": "failed", "CRITICAL": "failed"}
_LEVELS = (("Everything", ""), ("Warnings and errors", "WARNING"), ("Errors", "ERROR"))


class LogSection:
    """The filters and the drawn records."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        with gr.Row(elem_classes="filters"):
            self.name = gr.Dropdown(self._choices(), value=STUDIO, label="Log", elem_id="log-name", min_width=130)
            self.level = gr.Dropdown(list(_LEVELS), value="", label="Level", elem_id="log-level", min_width=130)
            self.search = gr.Textbox(label="Search", placeholder="words", elem_id="log-search", max_lines=1, min_width=160)
        self.piece = html_piece(elem_id="log", on_draw="greenroom.keepFolds(element)", value=newest("log"))
        self.asked: list[Any] = [self.name, self.level, self.search]
        self.drawn: list[Any] = [self.piece]

    def draw(self, name: str, level: str, search: str) -> list[str]:
        folder = self._studio.paths.logs
        return [log_panel(read_log(folder, name or STUDIO, level or "", search or "", RECORDS_SHOWN))]

    def choices(self) -> Any:
        """Return the existing logs."""
        return gr.update(choices=self._choices())

    def clicked(self, event: gr.EventData) -> None:
        """Does nothing: the section has no buttons."""

    def _choices(self) -> list[tuple[str, str]]:
        names = log_names(self._studio.paths.logs) or [STUDIO]
        return [("The studio" if name == STUDIO else f"Worker: {name}", name) for name in names]


def log_panel(records: Sequence[LogRecord]) -> str:
    return render("system/log.html", rows=[_row(record) for record in records], bundle=BUNDLE_URL)


@dataclass(frozen=True)
class _LogRow:
    """One record: the first line of its text, and the rest folded; `state` of its chip, "" for none."""

    record: LogRecord
    state: str
    first: str
    rest: str
    fold: str


def _row(record: LogRecord) -> _LogRow:
    first, _, rest = record.text.partition("\n")
    return _LogRow(record, _CHIPS.get(record.level, ""), first, rest, f"log:{record.at}:{first[:40]}")
