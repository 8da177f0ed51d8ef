"""The line above the tabs while the first start downloads its models: name, source, size, and a button to skip them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from capabilities.setup.first_models import FirstModels
from studio.changes.stamps import Topic
from studio.jobs.model import Job, JobState
from studio.services import Services
from tabs.common.html import html_piece
from tabs.common.lists.live_lists import LiveList
from tabs.common.notices.notices import notice
from tabs.common.templating import render
from tabs.common.wiring import QUIET, clicked, with_error_toast


class FirstModelsLine:
    """Visible during the download and after a failure; hidden when the models are installed or after *Not now*."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self.piece = html_piece(self._told, elem_id="first-models", live=True)

    def wire(self) -> None:
        """Connect its buttons."""
        self.piece.click(self._clicked, None, self.piece, **QUIET)

    @property
    def live(self) -> LiveList:
        """The line as a list that follows the job."""
        return LiveList((Topic.JOBS,), (), (self.piece,), lambda values: {self.piece: self._told()})

    def _job(self) -> Job | None:
        return next(iter(self._studio.jobs.list((), (FirstModels.kind,), limit=1)), None)

    def _told(self) -> str:
        job = self._job()
        failed = job is not None and job.state is JobState.FAILED and bool(self._studio.weights.first_models())
        shown = job if job is not None and (failed or not job.state.ended) else None
        return render("common/readiness/first_models.html", job=shown, failed=failed)

    @with_error_toast
    def _clicked(self, event: gr.EventData) -> Any:
        act, job = clicked(event).get("act"), self._job()
        if act == "not-now" and job is not None and not job.state.ended:
            self._studio.jobs.cancel(job.id)
            notice("Nothing more is fetched. ./launch.sh models, or Set up beside an engine, fetches them later.")
        if act == "fetch-first-models":
            self._studio.jobs.submit(FirstModels.kind, {})
        return self._told()
