"""Lines of small print under a form: what will be made, or one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tabs.common.templating import render


@dataclass(frozen=True)
class Figure:
    """A part of the line whose figure stands out, as in "about **5 s** long"."""

    figure: str
    after: str = ""
    before: str = ""


def counts_line(parts: Sequence[Figure | str], problem: str = "") -> str:
    """HTML of the line.

    Args:
        parts: figures and sentences; commands in a sentence stand between backticks.
        problem: what is wrong with the form.
    """
    return render("common/counts.html", parts=parts, problem=problem)


def note(sentence: str, *, urgent: bool = False) -> str:
    """HTML of one sentence, in a soft colour unless it is urgent."""
    return render("common/note.html", sentence=sentence, style="note" if urgent else "soft")
