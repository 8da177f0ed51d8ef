"""The view of jobs on every tab: job card, result player, and list of outputs.

The page only observes: jobs run in the server. The browser stores the id of its job in local storage, and the server looks it
up. A timer polls while a job of the tab is active, and is off otherwise, so that an idle page sends no requests.

Answers may arrive in any order: the answer to a poll may come after another job was chosen, and would show the wrong stop
button. Each drawing therefore names its job, when it was drawn and whether the job was chosen with it; `inFront` in page.js
ignores outdated ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from studio.errors import InvalidInput, NotFound
from studio.jobs.model import ACTIVE, Job, JobState
from studio.library.model import LibraryOutput
from studio.services import Services
from tabs.common.html import html_piece, newest
from tabs.common.jobs.job_card import job_bar, job_card
from tabs.common.jobs.outputs_list import outputs_list
from tabs.common.jobs.page_state import PageState
from tabs.common.jobs.player import Playable, build_player, player
from tabs.common.notices.undo import deleted_output
from tabs.common.presses import on_news
from tabs.common.wiring import QUIET, Updates, clicked, output_url, signed_url, with_error_toast

RECENT = 24
TICK_SECONDS = 0.5


class JobView:
    """The right-hand side of a tab.

    Args:
        kinds: the kinds of job of this tab; others are not shown.
        storage_key: name in the browser's local storage; must not change.
        secret: of this installation, so that the stored id remains readable after a restart of the server.
        detail: draws more of the job in focus (such as a narration's sentences), from the job and a page number or None.
        prefix: of the element ids, which have to be unique. bar: the short form of the card beside the tab's buttons
            (`build_job_bar`).
    """

    def __init__(
        self,
        studio: Services,
        kinds: Sequence[str],
        *,
        storage_key: str,
        secret: str,
        bar: gr.HTML,
        detail: Callable[[Job, int | None], str] | None = None,
        prefix: str = "",
    ) -> None:
        self._studio = studio
        self._kinds = tuple(kinds)
        self._detail = detail or (lambda job, page: "")
        self.current = gr.BrowserState("", storage_key=storage_key, secret=secret)
        self.page = gr.State(None)
        self.seen = gr.State(None)
        self.timer = gr.Timer(TICK_SECONDS, active=False)
        self.card = html_piece(
            elem_id=f"{prefix}card",
            value=_in_front(prefix, "card"),
            on_load=(
                "greenroom.hear(element, trigger, 'jobs', 'outputs', 'pronunciations'); "
                f"greenroom.showsJobs('{prefix}', trigger); "
            ),
        )
        self.player = build_player(f"{prefix}player", value=_in_front(prefix, "player"))
        self.detail = html_piece(
            elem_id=f"{prefix}detail",
            on_draw="greenroom.paintAuditions(); greenroom.keepFolds(element); greenroom.keepEdits(element)",
            value=_in_front(prefix, "detail"),
        )
        self.bar = bar
        self.outputs = html_piece(
            elem_id=f"{prefix}outputs",
            on_draw="greenroom.paintAuditions(); greenroom.keepFolds(element)",
            value=newest(f"{prefix}outputs"),
        )

    @property
    def painted(self) -> list[Any]:
        """The outputs of every handler that ends with `paint`."""
        return [self.card, self.bar, self.player, self.detail, self.outputs, self.seen, self.timer]

    @property
    def looked_at(self) -> list[Any]:
        """The inputs of `paint`."""
        return [self.current, self.seen, self.page]

    def wire(self) -> None:
        """Connect the events: the tab is shown, jobs or outputs have changed, the timer ticks, a button of a drawn piece is
        pressed."""
        self.timer.tick(self.paint, self.looked_at, self.painted, **QUIET)
        on_news(self.card, self._asked_for_news, self.looked_at, self.painted)
        self.card.click(self._card_clicked, self.looked_at, [self.current, *self.painted], **QUIET)
        self.outputs.click(self._output_clicked, self.looked_at, [self.current, *self.painted], **QUIET)

    def submit(self, kind: str, spec: dict[str, Any]) -> Job:
        """Submit a job; show it with `focus`."""
        return self._studio.jobs.submit(kind, spec)

    @property
    def shown(self) -> list[Any]:
        """The outputs of every handler that ends with `focus` or `turn`."""
        return [self.current, self.page, *self.painted]

    def focus(self, job: Job) -> Updates:
        """Return updates that show this job."""
        return {self.current: job.id, **self.turn(job.id, None, None)}

    def turn(self, current: str, seen: PageState | None, page: int | None) -> Updates:
        """Return updates that show another page of the job in front."""
        painted = self.paint(current, seen, page, chosen=True)
        return {self.page: page, **dict(zip(self.painted, painted, strict=True))}

    @with_error_toast
    def stop(self, current: str, seen: PageState | None, page: int | None) -> list[Any]:
        """Cancel the job that is shown, and return updates for [current, *painted].

        Raises:
            InvalidInput: it has ended.
        """
        active = self._studio.jobs.list(states=tuple(ACTIVE), kinds=self._kinds, limit=20)
        job = self._front(current, active)
        if job is None or job.state.ended:
            raise InvalidInput("job.none-in-front", other=active[0].title) if active else InvalidInput("job.none-running")
        self._studio.jobs.cancel(job.id)
        return [job.id, *self.paint(job.id, _stale(seen), page, chosen=True)]

    def _front(self, current: str, active: Sequence[Job]) -> Job | None:
        """Return the job that the card shows: the chosen one, else a running one, else the latest."""
        return self.job(current) or next(iter(active), None) or self._latest()

    def paint(self, current: str, seen: PageState | None, page: int | None, *, chosen: bool = False) -> list[Any]:
        """Return updates for `painted`, all of them skips if nothing has changed since `seen`.

        Args:
            chosen: this job and page have just been chosen; earlier answers are then outdated.
        """
        seen = seen if isinstance(seen, PageState) else PageState()
        with seen.drawing():
            return self._drawn(current, seen, page, chosen)

    def _drawn(self, current: str, seen: PageState, page: int | None, chosen: bool) -> list[Any]:
        counter = self._studio.jobs.change_counter()
        if (seen.counter, seen.job, seen.page) == (counter, current, page):
            return [*[gr.skip()] * (len(self.painted) - 1), gr.Timer(active=False) if seen.quiet else gr.skip()]
        active = self._studio.jobs.list(states=tuple(ACTIVE), kinds=self._kinds, limit=20)
        job = self._front(current, active)
        others = [other for other in active if job is None or other.id != job.id]
        seen.counter, seen.job, seen.page, seen.quiet = counter, current, page, not active
        kept = self._studio.library.list(limit=None)
        shows = f"{current}/{page}"
        return [
            seen.in_front("card", job_card(job, others), shows, chosen=chosen),
            seen.in_front("bar", job_bar(job), shows, chosen=chosen),
            seen.in_front("player", player(self._playable(job)), shows, chosen=chosen),
            seen.in_front("detail", "" if job is None else self._detail(job, page), shows, chosen=chosen),
            seen.news("outputs", outputs_list(kept, RECENT)),
            seen,
            gr.Timer(active=True) if active else gr.skip(),
        ]

    def job(self, job_id: object) -> Job | None:
        """Return the job of that id if it belongs to this tab, else None."""
        try:
            job = self._studio.jobs.get(job_id) if isinstance(job_id, str) and job_id else None
        except NotFound:
            return None
        return job if job is not None and job.kind in self._kinds else None

    def _latest(self) -> Job | None:
        return next(iter(self._studio.jobs.list(kinds=self._kinds, limit=1)), None)

    def _playable(self, job: Job | None) -> Playable | None:
        """Return the result of the job in focus, if any."""
        if job is None or job.state is not JobState.DONE:
            return None
        for made in job.outputs:
            if made.kind == "audio":
                try:
                    return as_playable(self._studio.library.get(made.id))
                except NotFound:
                    return None
        return None

    def _card_clicked(self, current: str, seen: PageState | None, page: int | None, event: gr.EventData) -> list[Any]:
        return self._acted(clicked(event), current, seen, page)

    def _output_clicked(self, current: str, seen: PageState | None, page: int | None, event: gr.EventData) -> list[Any]:
        return self._acted(clicked(event), current, seen, page)

    def _asked_for_news(self, current: str, seen: PageState | None, page: int | None) -> list[Any]:
        return self.paint(current, _stale(seen), page)

    @with_error_toast
    def _acted(self, data: dict[str, str], current: str, seen: PageState | None, page: int | None) -> list[Any]:
        """Handle a press of a drawn button: buttons of jobs have `job`, those of outputs `output`.

        Only a button that chooses a job changes the one in front, because a job may have been submitted since the press.
        """
        act, chosen = data.get("act"), data.get("act") in ("retry", "focus", "open")
        if act == "cancel":
            self._studio.jobs.cancel(data.get("job", ""))
        elif act == "retry":
            current = self._studio.jobs.retry(data.get("job", "")).id
        elif act == "focus":
            current = self._studio.jobs.get(data.get("job", "")).id
        elif act == "open":
            current = self._studio.library.get(data.get("output", "")).job or current
        elif act == "delete":
            gone = self._studio.library.delete(data.get("output", ""))
            deleted_output(gone.id, gone.title or gone.id)
        else:
            return [gr.skip()] * (1 + len(self.painted))
        return [current if chosen else gr.skip(), *self.paint(current, _stale(seen), page, chosen=chosen)]


def build_job_bar(prefix: str = "") -> gr.HTML:
    """Draw the empty short form of a tab's job card."""
    return html_piece(elem_id=f"{prefix}bar", value=_in_front(prefix, "bar"), on_draw="greenroom.announce(element)")


def _in_front(view: str, piece: str) -> str:
    """Return the JavaScript expression for a piece's value."""
    return f"greenroom.inFront('{view}', '{piece}', value)"


def _stale(seen: PageState | None) -> PageState:
    """Return `seen` such that the page polls again; unchanged pieces are still not sent."""
    fresh = seen if isinstance(seen, PageState) else PageState()
    fresh.counter = -1
    return fresh


def as_playable(output: LibraryOutput) -> Playable:
    """Return the values of the player for an audio output."""
    parts = [path.suffix[1:] for path in output.companions if path.suffix in (".srt", ".vtt")]
    downloads = [(output.path.suffix[1:].upper(), output_url(output.id, download=True))]
    downloads += [(f"Subtitles {part.upper()}", output_url(output.id, part, download=True)) for part in parts]
    downloads.append(("Signed copy", signed_url(output.id)))
    return Playable(
        title=output.title or output.id,
        url=output_url(output.id),
        duration=output.duration or 0.0,
        peaks=output.peaks,
        captions_url=output_url(output.id, "vtt") if "vtt" in parts else "",
        downloads=tuple(downloads),
        facts=output.facts,
    )
