"""The list of recent outputs on every tab: play, download, use settings, keep, delete."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from studio.library.model import LibraryOutput
from tabs.common.formats import clock, size
from tabs.common.templating import render
from tabs.common.wiring import output_url

FAMILY = 3
"""Outputs of one job are grouped from this number on."""

MOST_FOLDED = 300


@dataclass(frozen=True)
class _OutputRow:
    """One row of the list. Addresses are relative to the page; `folded` are those of the `others` that are listed under it."""

    output: LibraryOutput
    title: str
    facts: str
    url: str
    download: str
    folded: tuple[_OutputRow, ...] = ()
    others: int = 0


def outputs_list(outputs: Sequence[LibraryOutput], limit: int = 24, now: float | None = None) -> str:
    """Return the HTML of the newest outputs. They are files in the library, so a file deleted by hand is not listed.

    Many outputs of one job, such as a batch, are one row with the others folded under it.

    Args:
        outputs: newest first. limit: of rows.
    """
    rows = [_row(first, others) for first, others in grouped(outputs)[:limit]]
    return render("common/jobs/outputs_list.html", rows=rows, now=now or time.time())


def grouped(outputs: Sequence[LibraryOutput]) -> list[tuple[LibraryOutput, tuple[LibraryOutput, ...]]]:
    """Return each output with those folded under it: of a job with several, the archive or else the newest comes first."""
    of_job: dict[str, list[LibraryOutput]] = {}
    for output in outputs:
        of_job.setdefault(output.job or output.id, []).append(output)
    groups: list[tuple[LibraryOutput, tuple[LibraryOutput, ...]]] = []
    for family in of_job.values():
        if len(family) < FAMILY:
            groups += [(one, ()) for one in family]
            continue
        first = next((one for one in family if one.kind == "archive"), family[0])
        groups.append((first, tuple(one for one in reversed(family) if one is not first)))
    return sorted(groups, key=lambda group: -group[0].created)


def _row(output: LibraryOutput, others: Sequence[LibraryOutput] = ()) -> _OutputRow:
    facts = [output.path.suffix[1:].upper(), size(output.size)]
    if output.duration:
        facts.insert(0, clock(output.duration))
    if output.terms.restriction:
        facts.append(output.terms.restriction)
    url, download = output_url(output.id), output_url(output.id, download=True)
    folded = tuple(_row(one) for one in others[:MOST_FOLDED])
    return _OutputRow(output, output.title or output.id, " · ".join(facts), url, download, folded, len(others))
