"""The sentences of a narration, in pages: each can be played when it is ready, rendered again, or edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from capabilities.voiceover.segments import SegmentState, SegmentView, TakeView
from studio.voices.designed import is_designed
from tabs.common.templating import render
from tabs.common.wiring import segment_url

PAGE_SIZE = 40


def page_of(index: int) -> int:
    return index // PAGE_SIZE


def first_unfinished_page(views: Sequence[SegmentView]) -> int:
    """Return the page with the first unfinished sentence, which is shown while the job runs."""
    missing = next((view.index for view in views if view.state is SegmentState.MISSING), None)
    return 0 if missing is None else page_of(missing)


def segments_list(
    views: Sequence[SegmentView], page: int, *, editable: bool, job: str = "", voices: Sequence[SegmentView] = ()
) -> str:
    """Return the HTML of one page of sentences.

    Args:
        page: counted from 0; limited to existing pages.
        editable: whether sentences can be rendered again or edited now (not while their job runs).
        job: the id of their job, which the forms of the rows contain.
        voices: the anchor sentences of invented voices.
    """
    if not views:
        return ""
    pages = page_of(len(views) - 1) + 1
    page = min(max(0, page), pages - 1)
    ready = sum(view.state not in (SegmentState.MISSING, SegmentState.FAILED) for view in views)
    rows = [_row(view) for view in views[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]]
    return render(
        "voiceover/segments_list.html",
        rows=rows,
        ready=ready,
        outdated=sum(view.outdated for view in views),
        total=len(views),
        page=page,
        pages=pages,
        editable=editable,
        job=job,
        voices=[_voice(voice) for voice in voices],
    )


class _SentenceRow(NamedTuple):
    """One sentence as the list shows it; `url` is "" until it is rendered, `doubt` is None without doubts, `failure` is the
    reason why it could not be rendered.
    """

    id: str
    number: int
    url: str
    speaker: str
    text: str
    spoken: str
    pending: bool
    doubt: str | None
    failure: str
    designed: bool
    takes: list[_TakeRow]
    outdated: bool


class _Voice(NamedTuple):
    """A generated voice; `url` is "" until its anchor is rendered."""

    id: str
    url: str
    whose: str
    text: str
    doubt: str


def _voice(view: SegmentView) -> _Voice:
    whose = f"The voice of {view.speaker}" if view.speaker else "The narrator's voice"
    return _Voice(view.id, "" if view.path is None else segment_url(view.path.stem), whose, view.text, view.note)


@dataclass(frozen=True)
class _TakeRow:
    """One take of a sentence; `url` is "" if it is the take in use."""

    name: str
    url: str
    facts: str
    why: str
    seed: int


def _row(view: SegmentView) -> _SentenceRow:
    missing, doubtful = view.state is SegmentState.MISSING, view.state is SegmentState.DOUBTFUL
    url = "" if view.path is None else segment_url(view.path.stem)
    designed = view.path is not None and is_designed(view.voice) and not view.held
    takes = [_take(view, number, take) for number, take in enumerate(view.takes, 1)]
    doubt = view.note if doubtful else None
    failure = view.note if view.state is SegmentState.FAILED else ""
    return _SentenceRow(
        view.id,
        view.index + 1,
        url,
        view.speaker,
        view.text,
        view.spoken,
        missing,
        doubt,
        failure,
        designed,
        takes,
        view.outdated,
    )


def _take(view: SegmentView, number: int, take: TakeView) -> _TakeRow:
    found = take.review
    facts = ["in use" if take.used else "", f"score {found.score:.2f}"]
    if found.error_rate is not None:
        facts.append(f"{found.error_rate:.0%} of the words differ")
    if found.likeness is not None:
        facts.append(f"{found.likeness:.2f} like the reference")
    if not found.listener:
        facts.append("no recogniser is ready for this language")
    return _TakeRow(
        name=f"take {number} of sentence {view.index + 1}",
        url="" if take.used or not take.path.exists() else segment_url(take.path.stem),
        facts=" · ".join(filter(None, facts)),
        why=" ".join(found.sentences) or ("Nothing to mend." if found.listener else ""),
        seed=take.seed,
    )
