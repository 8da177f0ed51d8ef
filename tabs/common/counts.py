"""Lines of small text under a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tabs.common.templating import render


@dataclass(frozen=True)
class Figure:
    """A part of the line with an emphasised number, as in "about **5 s** long"."""

    figure: str
    after: str = ""
    before: str = ""


def counts_line(parts: Sequence[Figure | str], problem: str = "") -> str:
    """Return the HTML of the line.

    Args:
        parts: figures and sentences; commands in a sentence are in backticks.
        problem: what is wrong with the form.
    """
    return render("common/counts.html", parts=parts, problem=problem)


def note(sentence: str, *, urgent: bool = False) -> str:
    """Return the HTML of one sentence, in a muted colour unless it is urgent."""
    return render("common/note.html", sentence=sentence, style="note" if urgent else "soft")
