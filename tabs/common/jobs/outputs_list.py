"""Recent outputs: play, download, use their settings again, keep, delete. The same on every tab."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from studio.library.model import LibraryOutput
from tabs.common.formats import clock, size
from tabs.common.templating import render
from tabs.common.wiring import output_url


@dataclass(frozen=True)
class _Row:
    """One output as the list shows it; the addresses are relative to the page."""

    output: LibraryOutput
    title: str
    facts: str
    url: str
    download: str


def outputs_list(outputs: Sequence[LibraryOutput], now: float | None = None) -> str:
    """HTML of the newest outputs; they are files in the library, so a file deleted by hand is not here any more."""
    moment = now or time.time()
    return render("common/outputs_list.html", rows=[_row(output) for output in outputs], now=moment)


def _row(output: LibraryOutput) -> _Row:
    facts = [output.path.suffix[1:].upper(), size(output.size)]
    if output.duration:
        facts.insert(0, clock(output.duration))
    if output.terms.restriction:
        facts.append(output.terms.restriction)
    return _Row(output, output.title or output.id, " · ".join(facts), output_url(output.id), output_url(output.id, download=True))
