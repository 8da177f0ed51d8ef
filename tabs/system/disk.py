"""The disk section of the System tab: sizes, quotas, and buttons to free space."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import gradio as gr

from studio.errors import InvalidInput
from studio.library.model import Removal
from studio.maintenance.disk_usage import DiskReport, DiskUsage, StorageArea
from studio.services import Services
from tabs.common.formats import size
from tabs.common.html import html_piece, newest
from tabs.common.notices.notices import notice
from tabs.common.templating import render
from tabs.common.wiring import clicked

REMOVALS_SHOWN = 5


class DiskSection:
    """One drawn piece, whose clicks the tab passes on."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._disk: DiskUsage = studio.disk
        self.piece = html_piece(elem_id="disk", value=newest("disk"))
        self.asked: list[Any] = []
        self.drawn: list[Any] = [self.piece]

    def draw(self) -> list[str]:
        return [disk_panel(self._disk.report(), self._studio.library.recent_removals(REMOVALS_SHOWN))]

    def clicked(self, event: gr.EventData) -> None:
        """Free the space of an area.

        Raises:
            GreenroomError: it is in use, or unknown.
        """
        data = clicked(event)
        if data.get("act") == "measure":
            self._disk.report(fresh=True)
        elif data.get("act") == "clear":
            notice(f"{size(self._disk.clear(data.get('what', '')))} are free again.")
        else:
            raise InvalidInput("page.button-unknown")


def disk_panel(report: DiskReport, removed: Sequence[Removal] = (), now: float | None = None) -> str:
    moment = now or time.time()
    used = report.total - report.free
    own = sum(area.bytes for area in report.rooms)
    shares = (("m1", used - own), ("m3", own))
    return render(
        "system/disk.html",
        said=f"{size(report.free)} of {size(report.total)} free; the studio takes {size(own)}",
        age=moment - report.at,
        stretches=[(colour, f"{100 * max(0, part) / max(1, report.total):.2f}") for colour, part in shares],
        parts=[_part(area) for area in sorted(report.rooms, key=lambda one: -one.bytes)],
        disposable=report.disposable,
        removed=removed,
        now=moment,
    )


def _part(area: StorageArea) -> tuple[str, int, str, str, bool]:
    """Return the cells of a row, and whether it exceeds its quota."""
    full = area.bytes / area.quota if area.quota else 0.0
    quota = f"{full:.0%} of {size(area.quota)}" if area.quota else "–"
    return area.title, area.bytes, f"{area.files:,}", quota, full > 1
