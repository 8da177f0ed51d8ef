"""The sentences of a narration: heard as soon as each is ready, rendered again or edited alone. Long ones in pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from capabilities.voiceover.segments import SegmentState, SegmentView, TakeView
from studio.voices.designed import is_designed
from tabs.common.html import audition, button, chip, icon, piece
from tabs.common.wiring import segment_url

PAGE_SIZE = 40


def page_of(index: int) -> int:
    return index // PAGE_SIZE


def first_unfinished_page(views: Sequence[SegmentView]) -> int:
    """The page where work goes on: a person who follows along sees it without turning pages."""
    missing = next((view.index for view in views if view.state is SegmentState.MISSING), None)
    return 0 if missing is None else page_of(missing)


def segments_list(views: Sequence[SegmentView], page: int, *, editable: bool) -> str:
    """HTML of one page of sentences.

    Args:
        page: counted from 0; clamped to what there is.
        editable: whether sentences can be rendered again or edited now (not while their job runs).
    """
    if not views:
        return ""
    pages = page_of(len(views) - 1) + 1
    page = min(max(0, page), pages - 1)
    ready = sum(view.state is not SegmentState.MISSING for view in views)
    rows = "".join(_row(view, editable) for view in views[page * PAGE_SIZE : (page + 1) * PAGE_SIZE])
    pager = _pager(page, pages) if pages > 1 else ""
    return piece(
        '<section class="panel" aria-label="Sentences"><div class="row spread"><h3>Sentences</h3>'
        f"<small>{ready} of {len(views)} ready</small></div>"
        f'<div class="list" role="list">{rows}</div>{pager}</section>'
    )


def _row(view: SegmentView, editable: bool) -> str:
    number = view.index + 1
    if view.path is None:
        hear = f'<span class="act round plain" aria-hidden="true">{icon("text")}</span>'
    else:
        hear = audition(segment_url(view.path.stem), f"Play sentence {number}", chain=True)
    who = f'<span class="who">{escape(view.speaker)}</span>' if view.speaker else ""
    doubt = (
        f" {chip('doubtful', 'listen to this one')} <small>{escape(view.note)}</small>"
        if view.state is SegmentState.DOUBTFUL
        else ""
    )
    actions = ""
    if editable:
        actions = button("again", f"Render sentence {number} again", "again", segment=view.id) + button(
            "edit", f"Edit sentence {number}", "edit", segment=view.id, opens="#edit-text textarea"
        )
        if view.path is not None and is_designed(view.voice):
            actions += button(
                "save-voice",
                f"Save the voice of sentence {number}",
                "lamp",
                segment=view.id,
                opens="#keep-name :is(input, textarea)",
            )
    pending = " pending" if view.state is SegmentState.MISSING else ""
    return (
        f'<div class="item" role="listitem">{hear}<div class="text{pending}">{who}{escape(view.text)}{doubt}'
        f"{_takes(view, editable)}</div>"
        f'<div class="actions">{actions}</div></div>'
    )


def _takes(view: SegmentView, editable: bool) -> str:
    """What was heard in each take and how it was judged, folded; the other takes can be heard and used instead."""
    if not view.takes:
        return ""
    label = "Heard back" if len(view.takes) == 1 else f"{len(view.takes)} takes"
    rows = "".join(_take(view, number, take, editable) for number, take in enumerate(view.takes, 1))
    fold = f' data-fold="takes:{escape(view.id)}"'  # stays open while the list is drawn anew under it
    return f'<details class="takes"{fold}><summary>{label}</summary><ol>{rows}</ol></details>'


def _take(view: SegmentView, number: int, take: TakeView, editable: bool) -> str:
    found = take.review
    facts = ["in use" if take.used else "", f"score {found.score:.2f}"]
    if found.error_rate is not None:
        facts.append(f"{found.error_rate:.0%} of the words differ")
    if found.likeness is not None:
        facts.append(f"{found.likeness:.2f} like the reference")
    if not found.listener:
        facts.append("no recogniser is ready for this language")
    why = " ".join(found.problems) or ("Nothing to mend." if found.listener else "")
    what = f"take {number} of sentence {view.index + 1}"
    hear = "" if take.used or not take.path.exists() else audition(segment_url(take.path.stem), f"Play {what}")
    use = ""
    if hear and editable:
        use = button("take", "Use this take", show=True, style="", segment=view.id, seed=take.seed)
    return f"<li>{hear}<span>{escape(' · '.join(filter(None, facts)))}<br>{escape(why)}</span>{use}</li>"


def _pager(page: int, pages: int) -> str:
    earlier = button("page", "Earlier sentences", show=True, style="", page=page - 1) if page else ""
    later = button("page", "Later sentences", show=True, style="", page=page + 1) if page + 1 < pages else ""
    return f'<nav class="pager" aria-label="Pages of sentences">{earlier}<small>page {page + 1} of {pages}</small>{later}</nav>'
