"""The System tab's disk: what lies where, the quotas, and what can go, with a button each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from studio.errors import InvalidInput
from studio.library.model import Removal
from studio.maintenance.disk_usage import DiskReport, DiskUsage, ReclaimableSpace
from studio.services import Services
from tabs.common.formats import ago
from tabs.common.html import button, html_piece, piece, size
from tabs.common.notices import notice
from tabs.common.wiring import clicked

REMOVALS_SHOWN = 5


class DiskSection:
    """One drawn piece; the tab draws it and sends it the clicks on its buttons."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._disk: DiskUsage = studio.disk
        self.piece = html_piece(elem_id="disk")
        self.asked: list[Any] = []
        self.drawn: list[Any] = [self.piece]

    def draw(self) -> list[str]:
        return [disk_panel(self._disk.report(), self._studio.library.recent_removals(REMOVALS_SHOWN))]

    def clicked(self, event: gr.EventData) -> None:
        """
        Raises:
            GreenroomError: it is in use, or not known.
        """
        data = clicked(event)
        if data.get("act") == "measure":
            self._disk.report(fresh=True)
        elif data.get("act") == "clear":
            notice(f"{size(self._disk.clear(data.get('what', '')))} are free again.")
        else:
            raise InvalidInput("This button is not known.")


def disk_panel(report: DiskReport, removed: Sequence[Removal] = (), now: float | None = None) -> str:
    moment = now or time.time()
    used = report.total - report.free
    own = sum(room.bytes for room in report.rooms)
    said = f"{size(report.free)} of {size(report.total)} free; the studio takes {size(own)}"
    parts = [("var(--g-m1)", used - own), ("var(--g-m3)", own)]
    bar = "".join(
        f'<i style="width:{100 * max(0, part) / max(1, report.total):.2f}%;background:{colour}"></i>' for colour, part in parts
    )
    rooms = "".join(
        f'<tr><td><b>{escape(room.title)}</b></td><td class="num">{size(room.bytes)}</td><td class="num">{room.files:,}</td>'
        f'<td class="num">{_quota(room.bytes, room.quota)}</td></tr>'
        for room in sorted(report.rooms, key=lambda one: -one.bytes)
    )
    again = button("measure", "Measure again", "again")
    return piece(
        '<section class="panel" aria-label="Disk"><div class="row spread wrap"><h3>What lies where</h3>'
        f"<small>{escape(said)}, measured {ago(moment - report.at)} {again}</small></div>"
        f'<div class="membar" role="img" aria-label="{escape(said)}"><div class="stretches">{bar}</div></div>'
        f"{_table(('Part', 'Takes', 'Files', 'Quota'), rows=rooms)}</section>{_can_go(report)}{_gone(removed, moment)}"
    )


def _quota(taken: int, quota: int) -> str:
    if not quota:
        return "–"
    full = taken / quota
    said = f"{full:.0%} of {size(quota)}"
    return f'<span class="problem">{said}</span>' if full > 1 else said


def _can_go(report: DiskReport) -> str:
    rows = "".join(
        f"<tr><td><b>{escape(one.title)}</b><br><small>{escape(one.loss)}</small></td>"
        f'<td class="num">{size(one.bytes)}</td><td><div class="actions">{_clear_button(one)}</div></td></tr>'
        for one in report.disposable
    )
    note = '<p class="soft">Weights and model environments are removed under Models, single results in the lists of outputs.</p>'
    return (
        '<section class="panel below" aria-label="What can go"><h3>What can go</h3>'
        f"{_table(('What', 'Gives back', ''), rows=rows)}{note}</section>"
    )


def _clear_button(one: ReclaimableSpace) -> str:
    if not one.bytes:
        return "<small>nothing</small>"
    sure = f"Remove {one.title.lower()}, {size(one.bytes)}? {one.loss}"
    return button("clear", f"Remove {one.title.lower()}", "trash", what=one.name, confirm=sure)


def _gone(removed: Sequence[Removal], now: float) -> str:
    if not removed:
        return ""
    rows = "".join(
        f"<tr><td><b>{escape(one.title)}</b><br><small>{escape(one.reason)}</small></td>"
        f'<td class="num">{size(one.size)}</td><td class="num"><small>{ago(now - one.at)}</small></td></tr>'
        for one in removed
    )
    return (
        '<section class="panel below" aria-label="Removed by the quota"><h3>Removed by the quota</h3>'
        f"{_table(('Result', 'Size', 'When'), rows=rows)}</section>"
    )


def _table(headings: Sequence[str], *, rows: str) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
