"""The contents and the result of a book, as HTML."""

from __future__ import annotations

from itertools import groupby

from capabilities.audiobook.importing import Book
from studio.errors import GreenroomError, NotFound
from studio.jobs.estimate import JobEstimate
from studio.jobs.model import Job, JobState
from studio.services import Services
from tabs.common.fit import time_in_words
from tabs.common.formats import about
from tabs.common.templating import render
from tabs.common.wiring import output_url

_MOST_CHAPTERS = 200
_MOST_LEFT_OUT = 100
_LONGEST_SHOWN = 300


def drawn_book(book: Book | None, estimate: JobEstimate | GreenroomError | None) -> str:
    """Return the HTML of chapters, coverage, parts that are not spoken, and estimated time; a hint without a book."""
    if book is None:
        return render("director/no_book.html")
    coverage, document = book.document.coverage, book.document
    by_kind = groupby(sorted(document.removed, key=lambda one: one.kind), key=lambda one: one.kind)
    left_out = [(kind, [one.text[:_LONGEST_SHOWN] for one in pieces]) for kind, pieces in by_kind]
    counted = max(1, coverage.source)
    return render(
        "director/book.html",
        format=document.format,
        words=f"{document.words:,}",
        chapters=[
            (chapter.title, f"{sum(map(book.words_of, chapter.paragraphs)):,}") for chapter in book.chapters[:_MOST_CHAPTERS]
        ],
        more=max(0, len(book.chapters) - _MOST_CHAPTERS),
        covered="100 %" if coverage.complete else f"{coverage.covered * 100:.1f} %",
        complete=coverage.complete,
        missing=coverage.missing,
        left_out=[
            (kind, len(texts), f"{coverage.removed.get(kind, 0) / counted * 100:.1f} %", texts[:_MOST_LEFT_OUT])
            for kind, texts in left_out
        ],
        spoken=f"{coverage.kept / counted * 100:.1f} %",
        warnings=[warning.reason() for warning in document.warnings],
        review=[(line.who, line.text[:_LONGEST_SHOWN], line.other) for line in book.review[:_MOST_LEFT_OUT]],
        unsure=len(book.review),
        length=about(estimate.seconds) if isinstance(estimate, JobEstimate) else "",
        time=time_in_words(estimate.time) if isinstance(estimate, JobEstimate) else "",
        memory=estimate.memory if isinstance(estimate, JobEstimate) else "",
        refused=str(estimate) if isinstance(estimate, GreenroomError) else "",
    )


def book_result(studio: Services, job: Job) -> str:
    """Return the HTML of the files of a finished book, or ""."""
    if job.state is not JobState.DONE:
        return ""
    made = {output.kind: output.id for output in job.outputs if output.kind in ("audio", "archive")}
    try:
        output = studio.library.get(made["audio"])
    except (NotFound, KeyError):
        return ""
    return render(
        "director/book_result.html",
        title=output.title,
        whole=output_url(output.id, download=True),
        archive=output_url(made["archive"], download=True) if "archive" in made else "",
        chapters=[(one["title"], about(float(one["seconds"]))) for one in output.recipe.get("chapters", ())][:_MOST_CHAPTERS],
        facts=output.facts,
    )
