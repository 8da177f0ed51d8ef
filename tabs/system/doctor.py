"""The doctor section of the System tab: a button, and the last report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from capabilities.setup.doctor import last_report
from studio.errors import InvalidInput
from studio.jobs.model import ACTIVE, Job
from studio.services import Services
from tabs.common.html import html_piece, newest
from tabs.common.templating import render
from tabs.common.wiring import clicked

_CHIPS = {"ok": "done", "warning": "waiting", "failed": "failed", "skipped": "cold"}


class DoctorSection:
    """One drawn piece, whose clicks the tab passes on."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.piece = html_piece(elem_id="doctor", on_draw="greenroom.keepFolds(element)", value=newest("doctor"), together=True)
        self.asked: list[Any] = []

    def draw(self) -> list[str]:
        running = next(iter(self._studio.jobs.list(tuple(ACTIVE), ["doctor"], limit=1)), None)
        return [doctor_panel(last_report(self._studio.paths.root), running)]

    def clicked(self, event: gr.EventData) -> None:
        """Start the examination, or a repair.

        Raises:
            GreenroomError: it cannot be started.
        """
        data = clicked(event)
        if data.get("act") == "examine":
            if not self._studio.jobs.list(tuple(ACTIVE), ["doctor"], limit=1):
                self._studio.jobs.submit("doctor", {})
        elif data.get("act") == "cancel":
            self._studio.jobs.cancel(data.get("job", ""))
        else:
            raise InvalidInput("page.button-unknown")


def doctor_panel(report: Mapping[str, Any] | None, running: Job | None = None, now: float | None = None) -> str:
    """Return the HTML of the section; `report` is a result of Report.as_dict."""
    if running is not None:
        said = f"Examining: {running.note or 'waiting for its turn'} ({100 * running.progress:.0f} %)"
    else:
        said = "Tries what the studio needs of this machine, and names a repair for what does not work. Takes a minute or two."
    if report is None:
        return render("system/doctor.html", said=said, running=running, report=None)
    findings: Sequence[Mapping[str, Any]] = report["findings"]
    names = dict.fromkeys(str(finding["group"]) for finding in findings)
    groups = [(name, [_finding(finding) for finding in findings if finding["group"] == name]) for name in names]
    return render(
        "system/doctor.html",
        said=said,
        running=running,
        report=report,
        age=(now or time.time()) - float(report["started"]),
        groups=groups,
        facts=" · ".join(f"{name} {value}" for name, value in report["machine"].items()),
    )


@dataclass(frozen=True)
class _Finding:
    """One finding in the table; `repair` is "" if there is nothing to do."""

    chip: str
    outcome: str
    name: str
    sentence: str
    times: str
    repair: str


def _finding(finding: Mapping[str, Any]) -> _Finding:
    outcome = str(finding["outcome"])
    needed = finding["repair"] and outcome in ("failed", "warning")
    return _Finding(
        chip=_CHIPS.get(outcome, "cold"),
        outcome=outcome,
        name=str(finding["name"]),
        sentence=str(finding["sentence"]),
        times=", ".join(f"{name} {float(value):.1f} ms" for name, value in finding["milliseconds"].items()),
        repair=str(finding["repair"]) if needed else "",
    )
