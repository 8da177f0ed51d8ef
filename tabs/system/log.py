"""The System tab's log: records by level and words, and the support bundle."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from studio.doctor.log_viewer import STUDIO, LogRecord, log_names, read_log
from studio.services import Services
from tabs.common.html import chip, html_piece, link, piece

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
        self.piece = html_piece(elem_id="log", on_draw="greenroom.keepFolds(element)")
        self.asked: list[Any] = [self.name, self.level, self.search]
        self.drawn: list[Any] = [self.piece]

    def draw(self, name: str, level: str, search: str) -> list[str]:
        folder = self._studio.paths.logs
        return [log_panel(read_log(folder, name or STUDIO, level or "", search or "", RECORDS_SHOWN))]

    def choices(self) -> Any:
        """The logs there are now."""
        return gr.update(choices=self._choices())

    def clicked(self, event: gr.EventData) -> None:
        """There is nothing to press but a link."""

    def _choices(self) -> list[tuple[str, str]]:
        names = log_names(self._studio.paths.logs) or [STUDIO]
        return [("The studio" if name == STUDIO else f"Worker: {name}", name) for name in names]


def log_panel(records: Sequence[LogRecord]) -> str:
    bundle = link(BUNDLE_URL, "Support bundle")
    said = (
        "Secrets and home folders are taken out. The bundle holds the log, settings, versions, machine facts and the last jobs "
        "without anything you wrote, named or recorded."
    )
    rows = "".join(map(_row, records)) or '<div class="empty">No record is like that.</div>'
    return piece(
        f'<section class="panel" aria-label="Log"><div class="row spread wrap"><small class="grow">{said}</small>{bundle}</div>'
        f'<div class="log" tabindex="0" role="log" aria-label="Records, newest first">{rows}</div></section>'
    )


def _row(record: LogRecord) -> str:
    first, _, rest = record.text.partition("\n")
    level = chip(_CHIPS.get(record.level, "cold"), record.level.lower()) if record.level in _CHIPS else ""
    more = ""
    if rest:
        key = f"log:{record.at}:{first[:40]}"
        more = f'<details class="fold" data-fold="{escape(key)}"><summary>Details</summary><pre>{escape(rest)}</pre></details>'
    return (
        f"<div><small>{escape(record.at)} {escape(record.source)}</small> {level}"
        f'<div class="said">{escape(first)}</div>{more}</div>'
    )
