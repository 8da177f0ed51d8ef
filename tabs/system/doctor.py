"""The System tab's doctor: one button that tries everything, and what the last examination found."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from capabilities.setup.doctor import last_report
from studio.errors import InvalidInput
from studio.jobs.model import ACTIVE, Job
from studio.services import Services
from tabs.common.formats import ago
from tabs.common.html import button, chip, html_piece, piece, prose
from tabs.common.wiring import clicked

_CHIPS = {"ok": "done", "warning": "waiting", "failed": "failed", "skipped": "cold"}


class DoctorSection:
    """One drawn piece; the tab draws it and sends it the clicks on its buttons."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.piece = html_piece(elem_id="doctor", on_draw="greenroom.keepFolds(element)")
        self.asked: list[Any] = []

    def draw(self) -> list[str]:
        running = next(iter(self._studio.jobs.list(tuple(ACTIVE), ["doctor"], limit=1)), None)
        return [doctor_panel(last_report(self._studio.paths.root), running)]

    def clicked(self, event: gr.EventData) -> None:
        """
        Raises:
            GreenroomError: the examination cannot be started.
        """
        data = clicked(event)
        if data.get("act") == "examine":
            if not self._studio.jobs.list(tuple(ACTIVE), ["doctor"], limit=1):
                self._studio.jobs.submit("doctor", {})
        elif data.get("act") == "cancel":
            self._studio.jobs.cancel(data.get("job", ""))
        else:
            raise InvalidInput("This button is not known.")


def doctor_panel(report: Mapping[str, Any] | None, running: Job | None = None, now: float | None = None) -> str:
    """The whole section; a report as Report.as_dict makes it."""
    if running is not None:
        said = f"Examining: {running.note or 'waiting for its turn'} ({100 * running.progress:.0f} %)"
        press = button("cancel", "Stop", show=True, job=running.id)
    else:
        said = "Tries what the studio needs of this machine, and names a repair for what does not work. Takes a minute or two."
        press = button("examine", "Examine this machine", show=True, style="")
    head = f'<div class="row spread wrap"><small class="grow" role="status">{escape(said)}</small>{press}</div>'
    found = (
        '<div class="empty">This machine was not examined yet.</div>' if report is None else _report(report, now or time.time())
    )
    return piece(f'<section class="panel" aria-label="Doctor">{head}{found}</section>')


def _report(report: Mapping[str, Any], now: float) -> str:
    findings: Sequence[Mapping[str, Any]] = report["findings"]
    groups = dict.fromkeys(str(finding["group"]) for finding in findings)
    parts = [f"<p><b>{escape(str(report['sentence']))}</b> <small>{ago(now - float(report['started']))}</small></p>"]
    for group in groups:
        rows = "".join(_row(finding) for finding in findings if finding["group"] == group)
        parts.append(f'<h4>{escape(group)}</h4><div class="scroll"><table><tbody>{rows}</tbody></table></div>')
    facts = " · ".join(f"{name} {value}" for name, value in report["machine"].items())
    rows = "".join(
        f"<tr><td><b>{escape(row['package'])}</b></td><td>{escape(row['here'])}</td><td>{escape(row['instead'])}</td></tr>"
        for row in report["platform"]
    )
    parts.append(
        '<details class="fold" data-fold="platform"><summary>What there is for this kind of machine</summary>'
        f"<small>{escape(facts)}</small><table><thead><tr><th>Package</th><th>Here</th><th>The studio</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )
    return "".join(parts)


def _row(finding: Mapping[str, Any]) -> str:
    outcome = str(finding["outcome"])
    told = prose(str(finding["sentence"]))
    times = ", ".join(f"{name} {float(value):.1f} ms" for name, value in finding["milliseconds"].items())
    if times:
        told += f" <small>{escape(times)}</small>"
    if finding["repair"] and outcome in ("failed", "warning"):
        told += f'<div class="said"><b>Do this:</b> {prose(str(finding["repair"]))}</div>'
    state, name = chip(_CHIPS.get(outcome, "cold"), outcome), escape(str(finding["name"]))
    return f'<tr><td style="width:7.5rem">{state}</td><td style="width:14rem"><b>{name}</b></td><td>{told}</td></tr>'
